internal import Foundation
import Synchronization

/// Blocks of memory that tensors gave back, kept for the next ones: fresh memory costs a page fault every few kilobytes,
/// and a network asks for the same sizes step after step.
///
/// Blocks below two large pages are cut from a `LargePageRegion` while that has room.
///
/// This is a layer of the allocator and as invisible as that: what a block holds is never read before it is written.
@safe package final class MemoryPool: Sendable {
  /// The pool of the process.
  package static let shared = MemoryPool()

  /// Blocks below this size come from the system each time.
  static let smallestBlock = 1 << 12
  /// Bytes that may be kept whatever is needed.
  static let leastKept = 64 << 20
  /// Bytes of the region that are laid out at the start: what the tensors of a small model take.
  private static let prepared = 10 << 20

  private struct State {
    var kept = KeptBlocks()
    var region = LargePageRegion()
    /// Whether memory was asked for behind the region.
    var isPrepared = false
    /// Bytes of the large blocks in use, now and at most since the last trim.
    var usedCount = 0
    var mostUsed = 0

    /// Takes blocks out until what is held beside the blocks in use is no more than a quarter over the real need.
    mutating func dropOldest() -> [MemoryBlock] {
      let most = max(MemoryPool.leastKept, mostUsed + mostUsed / 4 - usedCount)
      var dropped: [MemoryBlock] = []
      while kept.byteCount > most, let block = kept.takeOldest() { dropped.append(block) }
      return dropped
    }
  }
  private let state = Mutex(State())

  /// Bytes kept now.
  package var keptByteCount: Int { state.withLock { $0.kept.byteCount } }

  /// Memory for `byteCount` bytes from a 64-byte boundary on; `give` it back with the same count.
  func take(_ byteCount: Int) -> UnsafeMutableRawPointer {
    let size = Self.blockSize(for: byteCount)
    if size < Self.smallestBlock { return unsafe MemoryExhaustion.allocate(size, alignment: 64) }
    let (found, dropped): (MemoryBlock?, [MemoryBlock]) = state.withLock { state in
      if let base = unsafe state.region.take(size) { return (unsafe MemoryBlock(base: base, byteCount: size), []) }
      state.usedCount += size
      state.mostUsed = max(state.mostUsed, state.usedCount)
      if let block = state.kept.take(size) { return (block, []) }
      return (nil, state.dropOldest())
    }
    for block in dropped { unsafe free(block.base) }
    if let found = found { return unsafe found.base }
    let isHuge = size >= LargePageRegion.limit
    let base = unsafe MemoryExhaustion.allocate(size, alignment: isHuge ? LargePageRegion.page : 64)
    #if os(Linux)
      // Large pages where the system has them: fewer faults and fewer misses in the table of pages.
      if isHuge { unsafe madvise(base, size, MADV_HUGEPAGE) }
    #endif
    return unsafe base
  }

  /// Takes a block back.
  func give(_ base: UnsafeMutableRawPointer, _ byteCount: Int) {
    let size = Self.blockSize(for: byteCount)
    if size < Self.smallestBlock { return unsafe free(base) }
    let block = unsafe MemoryBlock(base: base, byteCount: size)
    let dropped: [MemoryBlock] = state.withLock { state in
      if unsafe state.region.give(base, size) { return [] }
      state.kept.add(block)
      state.usedCount -= size
      return state.dropOldest()
    }
    for block in dropped { unsafe free(block.base) }
  }

  /// Has the system lay memory behind the first blocks now, while the caller reads a model: the first step would wait for
  /// it. Does nothing later on.
  package func prepare() {
    let range = unsafe state.withLock { state -> UnsafeMutableRawBufferPointer? in
      if state.isPrepared { return nil }
      state.isPrepared = true
      return unsafe state.region.untouched(Self.prepared)
    }
    if let range = unsafe range { unsafe Self.layOut(range) }
  }

  /// Has the system lay memory behind a range of addresses, on another thread. What is there stays as it is, and a range
  /// that is given back meanwhile does no harm. Does nothing where the system cannot.
  static func layOut(_ range: UnsafeMutableRawBufferPointer) {
    #if os(Linux)
      nonisolated(unsafe) let range = unsafe range
      let populateForWriting: CInt = 23  // MADV_POPULATE_WRITE; systems before Linux 5.14 refuse it
      Thread.detachNewThread { unsafe madvise(range.baseAddress, range.count, populateForWriting) }
    #endif
  }

  /// Gives all kept blocks back to the system, and forgets how much was needed.
  package func trim() {
    let blocks = state.withLock { state in
      state.mostUsed = state.usedCount
      return state.kept.takeAll()
    }
    for block in blocks { unsafe free(block.base) }
  }

  /// `byteCount` rounded up to a quarter of a power of two, so that sizes that are nearly the same share blocks.
  static func blockSize(for byteCount: Int) -> Int {
    if byteCount <= 256 { return max(byteCount, 1) }
    let step = 1 << (Int.bitWidth - byteCount.leadingZeroBitCount - 3)
    return (byteCount + step - 1) & ~(step - 1)
  }
}
