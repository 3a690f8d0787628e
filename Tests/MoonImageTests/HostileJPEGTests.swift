import Foundation
import MoonImage
import MoonTestSupport
import Testing

@Suite("Hostile JPEG files") struct HostileJPEGTests {
  /// A marker and its data.
  static func segment(_ marker: UInt8, _ data: [UInt8]) -> [UInt8] {
    [0xFF, marker] + bigEndian(UInt32(data.count + 2)).suffix(2) + data
  }

  /// A frame header: 8 bits, three components without subsampling unless told otherwise.
  static func frame(
    width: UInt32, height: UInt32, bits: UInt8 = 8, components: UInt8 = 3, factors: UInt8 = 0x11, marker: UInt8 = 0xC0
  ) -> [UInt8] {
    var data = [bits] + bigEndian(height).suffix(2) + bigEndian(width).suffix(2) + [components]
    for number in 0..<components { data += [number + 1, factors, 0] }
    return segment(marker, data)
  }

  /// The start of a scan of all components.
  static func scan(components: UInt8 = 3) -> [UInt8] {
    segment(0xDA, [components] + (0..<components).flatMap { [$0 + 1, 0] } + [0, 63, 0])
  }

  static let sizes = "images have 1 to 16384 pixels a side and at most 100000000 in all"

  static let refused: [(bytes: [UInt8], message: String)] = [
    ([], "is not a valid JPEG file: it is empty"),
    ([0xFF, 0xD8], "is not a valid JPEG file: it does not begin like one"),
    (Array("hello".utf8), "is not a valid JPEG file: it does not begin like one"),
    ([0xFF, 0xD8, 0xFF], "is not a valid JPEG file: it ends too early"),
    ([0xFF, 0xD8, 0xFF, 0xD9], "is not a valid JPEG file: JPEG datastream contains no image"),
    ([0xFF, 0xD8] + segment(0xE1, Array("Exif\0\0MM\0*".utf8)), "is not a valid JPEG file: it ends too early"),
    ([0xFF, 0xD8, 0xFF, 0xE1, 0, 0], "is not a valid JPEG file: it ends too early"),
    (
      [0xFF, 0xD8] + frame(width: 65000, height: 65000) + scan(),
      "is 65000 x 65000 pixels; \(sizes)"
    ),
    ([0xFF, 0xD8] + frame(width: 16385, height: 1) + scan(), "is 16385 x 1 pixels; \(sizes)"),
    ([0xFF, 0xD8] + frame(width: 10001, height: 10000) + scan(), "is 10001 x 10000 pixels; \(sizes)"),
    (
      [0xFF, 0xD8] + frame(width: 0, height: 4) + scan(),
      "is not a valid JPEG file: Empty JPEG image (DNL not supported)"
    ),
    (
      [0xFF, 0xD8] + frame(width: 4, height: 4, bits: 12) + scan(),
      "is not a valid JPEG file: Unsupported JPEG data precision 12"
    ),
    (
      [0xFF, 0xD8] + frame(width: 4, height: 4, marker: 0xC3) + scan(),
      "is not a valid JPEG file: Unsupported JPEG process: SOF type 0xc3"
    ),
    (
      [0xFF, 0xD8] + frame(width: 4, height: 4, factors: 0x51) + scan(),
      "is not a valid JPEG file: Bogus sampling factors"
    ),
    (
      [0xFF, 0xD8] + frame(width: 4, height: 4) + scan(),
      "is not a valid JPEG file: Quantization table 0x00 was not defined"
    ),
    (
      [0xFF, 0xD8] + frame(width: 4, height: 4) + frame(width: 4, height: 4),
      "is not a valid JPEG file: Invalid JPEG file structure: two SOF markers"
    ),
    (
      [0xFF, 0xD8] + frame(width: 4, height: 4, components: 2) + scan(components: 2),
      "is not a valid JPEG file: Unsupported color conversion request"
    ),
  ]

  @Test("are refused in one sentence", arguments: refused.indices)
  func refusal(index: Int) {
    let (bytes, message) = Self.refused[index]
    #expect(imageMessage { try JPEG.decode(bytes, name: "x.jpg") } == "x.jpg \(message)")
  }

  @Test("that are cut anywhere are refused", arguments: ["420.jpg", "progressive.jpg", "cmyk.jpg", "grey.jpg"])
  func truncation(name: String) throws {
    let whole = try ImageFixtures.bytes(name)
    for count in 0..<whole.count {
      let bytes = Array(whole.prefix(count))
      #expect(throws: ImageError.self) { try JPEG.decode(bytes) }
    }
    #expect(try JPEG.decode(whole + [1, 2, 3]) == JPEG.decode(whole))
  }

  @Test("with a scan for each bit of time that they can take are refused")
  func scans() throws {
    let whole = try ImageFixtures.bytes("progressive.jpg")
    let start = try #require(whole.lastRange(of: [0xFF, 0xDA] as [UInt8]))
    let lastScan = whole[start.lowerBound..<whole.count - 2]
    func file(_ count: Int) -> [UInt8] {
      var bytes = Array(whole.dropLast(2))
      for _ in 0..<count { bytes += lastScan }
      return bytes + [0xFF, 0xD9]
    }
    // Repeating a scan that refines is damage, which warns and shows a picture.
    #expect(try JPEG.decode(file(100)).width == 37)
    #expect(
      imageMessage { try JPEG.decode(file(300), name: "x") } == "x is not a valid JPEG file: it has too many scans")
  }

  @Test(
    "stay safe under random damage",
    arguments: ["420.jpg", "progressive.jpg", "cmyk.jpg", "restarts.jpg", "orientation_little_endian.jpg"])
  func damage(name: String) throws {
    let whole = try ImageFixtures.bytes(name)
    var generator = SeededGenerator(seed: 34)
    var (refused, read) = (0, 0)
    for _ in 0..<1500 {
      let bytes = damaged(whole, using: &generator)
      do {
        let image = try RGBImage(file: bytes)
        #expect(image.pixels.count == image.width * image.height * 3)
        read += 1
      } catch {
        refused += 1
      }
    }
    // Most damage hits the packed pixels, which then look different.
    #expect(refused > 200)
    #expect(read > 200)
  }

  @Test("whose metadata lead nowhere are shown as they are stored")
  func metadata() throws {
    let whole = try ImageFixtures.bytes("orientation_1.jpg")
    let upright = try JPEG.decode(whole)
    let place = try #require(whole.firstRange(of: Array("Exif\0\0".utf8))).upperBound
    // Each byte of the directory of 38 bytes, made as large and as small as it can be.
    for offset in 0..<38 {
      for value: UInt8 in [0, 0xFF] {
        var bytes = whole
        bytes[place + offset] = value
        let image = try RGBImage(file: bytes)
        #expect(image.pixels.count == upright.pixels.count)
      }
    }
    var bytes = whole
    bytes.replaceSubrange(place + 4..<place + 8, with: [0xFF, 0xFF, 0xFF, 0xFF])
    #expect(try RGBImage(file: bytes) == upright)
  }
}
