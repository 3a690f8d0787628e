/// Changes PNG files chunk by chunk and mends their sums, so that what is read behind a sum is tried too.
enum PictureMutation {
  /// The file with one to three chunks changed.
  static func png(_ bytes: [UInt8], _ random: inout Randomness) -> [UInt8] {
    if random.chance(25) { return random.damage(bytes) }
    var chunks = chunks(of: bytes)
    for _ in 0..<random.number(1...3) where !chunks.isEmpty {
      let index = random.number(0...chunks.count - 1)
      switch random.number(1...8) {
      case 1: chunks.remove(at: index)
      case 2: chunks.insert(chunks[index], at: random.number(0...chunks.count))
      case 3: chunks.swapAt(index, random.number(0...chunks.count - 1))
      case 4:
        let name = random.word(
          "IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP tEXt zTXt iTXt eXIf bKGD pHYs sBIT hIST tIME abcd ABCD")
        chunks.insert(
          (Array(name.utf8), (0..<random.number(0...40)).map { _ in UInt8(random.number(0...255)) }), at: index)
      case 5 where !chunks[0].data.isEmpty:
        let place = random.number(0...chunks[0].data.count - 1)
        chunks[0].data[place] = UInt8(random.pick([0, 1, 2, 3, 4, 6, 8, 16, 127, 128, 255], else: 0))
      default: chunks[index].data = random.damage(chunks[index].data)
      }
    }
    return Array(bytes.prefix(8))
      + chunks.flatMap { chunk in
        big(UInt32(chunk.data.count)) + chunk.name + chunk.data + big(sum(chunk.name + chunk.data))
      }
  }

  private static func chunks(of bytes: [UInt8]) -> [(name: [UInt8], data: [UInt8])] {
    var chunks: [(name: [UInt8], data: [UInt8])] = []
    var place = 8
    while place + 12 <= bytes.count {
      let length = bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
      guard place + 12 + length <= bytes.count else { break }
      chunks.append((Array(bytes[place + 4..<place + 8]), Array(bytes[place + 8..<place + 8 + length])))
      place += 12 + length
    }
    return chunks
  }

  private static func big(_ number: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
  }

  /// CRC-32, as PNG has it.
  private static func sum(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~0) { sum, byte in
      (0..<8).reduce(sum ^ UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
    }
  }
}
