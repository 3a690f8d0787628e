internal import Foundation
import Synchronization

/// Large blocks of memory that tensors gave back, kept for the next ones: fresh memory costs a page fault every few
/// kilobytes, and a network asks for the same sizes step after step.
///
/// This is a layer of the allocator and as invisible as that: what a block holds is never read before it is written.
@safe package final class MemoryPool: Sendable {
  /// The pool of the process.
  package static let shared = MemoryPool()

  /// Blocks below this size come from the system each time.
  static let smallestBlock = 1 << 17
  /// The most bytes kept while nobody uses them.
  static let mostKept = 256 << 20
  private static let hugePage = 1 << 21

  /// Memory nobody uses: whoever takes it out of the list owns it.
  @safe private struct Block: @unchecked Sendable {
    let base: UnsafeMutableRawPointer
    let byteCount: Int
  }
  /// Kept blocks, the one given back last at the end.
  private let kept = Mutex<[Block]>([])

  /// Bytes kept now.
  package var keptByteCount: Int { kept.withLock { $0.reduce(0) { $0 + $1.byteCount } } }

  /// Memory for `byteCount` bytes from a 64-byte boundary on; `give` it back with the same count.
  func take(_ byteCount: Int) -> UnsafeMutableRawPointer {
    let size = Self.blockSize(for: byteCount)
    if size < Self.smallestBlock { return .allocate(byteCount: size, alignment: 64) }
    let found: Block? = kept.withLock { blocks in
      guard let place = blocks.lastIndex(where: { $0.byteCount == size }) else { return nil }
      return blocks.remove(at: place)
    }
    if let found = found { return unsafe found.base }
    let isHuge = size >= 2 * Self.hugePage
    let base = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: isHuge ? Self.hugePage : 64)
    #if os(Linux)
      // Large pages where the system has them: fewer faults and fewer misses in the table of pages.
      if isHuge { unsafe madvise(base, size, MADV_HUGEPAGE) }
    #endif
    return unsafe base
  }

  /// Takes a block back.
  func give(_ base: UnsafeMutableRawPointer, _ byteCount: Int) {
    let size = Self.blockSize(for: byteCount)
    var freed = [unsafe Block(base: base, byteCount: size)]
    if size >= Self.smallestBlock {
      kept.withLock { blocks in
        blocks.append(contentsOf: freed)
        freed.removeAll()
        var sum = blocks.reduce(0) { $0 + $1.byteCount }
        while sum > Self.mostKept {
          let oldest = blocks.removeFirst()
          sum -= oldest.byteCount
          freed.append(oldest)
        }
      }
    }
    for block in freed { unsafe block.base.deallocate() }
  }

  /// Gives all kept blocks back to the system.
  package func trim() {
    let blocks = kept.withLock { blocks in
      let all = blocks
      blocks.removeAll()
      return all
    }
    for block in blocks { unsafe block.base.deallocate() }
  }

  /// `byteCount` rounded up to a quarter of a power of two, so that sizes that are nearly the same share blocks.
  static func blockSize(for byteCount: Int) -> Int {
    if byteCount <= 256 { return max(byteCount, 1) }
    let step = 1 << (Int.bitWidth - byteCount.leadingZeroBitCount - 3)
    return (byteCount + step - 1) & ~(step - 1)
  }
}
