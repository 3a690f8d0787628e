/// Memory that nobody uses: whoever takes it out of a list owns it.
@safe struct MemoryBlock: @unchecked Sendable {
  let base: UnsafeMutableRawPointer
  let byteCount: Int
}

/// Blocks that wait for the next of their size, however many: each size has a line of its own.
struct KeptBlocks: Sendable {
  /// The blocks of one size with their numbers, in the order in which they came; those before `first` are gone.
  private struct Line {
    var blocks: [(block: MemoryBlock, number: UInt64)] = []
    var first = 0
  }

  private var lines: [Int: Line] = [:]
  private var nextNumber: UInt64 = 0
  /// Bytes of all blocks.
  private(set) var byteCount = 0

  /// Takes a block in.
  mutating func add(_ block: MemoryBlock) {
    lines[block.byteCount, default: Line()].blocks.append((block, nextNumber))
    nextNumber += 1
    byteCount += block.byteCount
  }

  /// The block of this size that came last.
  mutating func take(_ size: Int) -> MemoryBlock? {
    guard let block = lines[size]?.blocks.popLast()?.block else { return nil }
    if let line = lines[size], line.blocks.count == line.first { lines[size] = nil }
    byteCount -= size
    return block
  }

  /// The block that came first, of any size.
  mutating func takeOldest() -> MemoryBlock? {
    func number(_ line: Line) -> UInt64 { line.blocks[line.first].number }
    // Out of the table while it changes, so that it is not copied.
    guard let size = lines.min(by: { number($0.value) < number($1.value) })?.key,
      var line = lines.removeValue(forKey: size)
    else { return nil }
    let block = line.blocks[line.first].block
    line.first += 1
    if 2 * line.first > line.blocks.count {
      line.blocks.removeFirst(line.first)
      line.first = 0
    }
    if !line.blocks.isEmpty { lines[size] = line }
    byteCount -= size
    return block
  }

  /// All blocks.
  mutating func takeAll() -> [MemoryBlock] {
    let all = lines.values.flatMap { line in line.blocks[line.first...].map(\.block) }
    (lines, byteCount) = ([:], 0)
    return all
  }
}
