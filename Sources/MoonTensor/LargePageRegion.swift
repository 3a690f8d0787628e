internal import Foundation

/// A range of addresses that blocks are cut from, one after the other, with large pages behind it where the system has
/// them: the first touch of memory is a page fault, and a small model would take thousands of small ones. Blocks that
/// are given back wait for the next of their size; the memory of the range, once written, stays with the process.
@safe struct LargePageRegion: @unchecked Sendable {
  /// Bytes of a large page.
  static let page = 1 << 21
  /// Blocks from this size on are not cut here.
  static let limit = 2 * page
  /// Bytes of the range.
  static let size = 64 << 20

  private var base: UnsafeMutableRawPointer?
  private var used = 0
  private var isRefused = false
  private var waiting: [Int: [UnsafeMutableRawPointer]] = unsafe [:]

  /// A block of `byteCount` bytes, which nobody else has, from a 64-byte boundary on; nil when there is no room for it.
  mutating func take(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    if byteCount >= Self.limit { return nil }
    if let block = unsafe waiting[byteCount]?.popLast() { return unsafe block }
    if unsafe base == nil && !isRefused { open() }
    let whole = (byteCount + 63) & ~63
    guard let base = unsafe base, whole <= Self.size - used else { return nil }
    defer { used += whole }
    return unsafe base + used
  }

  /// Takes back a block of `byteCount` bytes; false when it was not cut here.
  mutating func give(_ block: UnsafeMutableRawPointer, _ byteCount: Int) -> Bool {
    guard let base = unsafe base, unsafe block >= base, unsafe block < base + Self.size else { return false }
    unsafe waiting[byteCount, default: []].append(block)
    return true
  }

  /// The first `byteCount` bytes of the range, when nothing was cut from it yet.
  mutating func untouched(_ byteCount: Int) -> UnsafeMutableRawBufferPointer? {
    if unsafe base == nil && !isRefused { open() }
    guard let base = unsafe base, used == 0, byteCount <= Self.size else { return nil }
    return unsafe UnsafeMutableRawBufferPointer(start: base, count: byteCount)
  }

  private mutating func open() {
    #if os(Linux)
      let room = unsafe mmap(
        nil, Self.size + Self.page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
      if let room = unsafe room, unsafe room != MAP_FAILED {
        let start = unsafe room.alignedUp(toMultipleOf: Self.page)
        unsafe madvise(start, Self.size, MADV_HUGEPAGE)
        unsafe base = start
        return
      }
    #endif
    isRefused = true
  }
}
