internal import Foundation
internal import MoonTensor

/// A file mapped into memory, read-only, until the last reference goes.
///
/// The pages come from the disk when they are touched, so a file that another program cuts short while it is mapped ends
/// the process; a file that is replaced by renaming, as this package and the hub's tools do, keeps its old bytes.
///
/// `@unchecked Sendable`: the mapping never changes and its bytes are only read.
@safe final class MappedFile: MappedMemory, @unchecked Sendable {
  /// First byte, at the start of a page.
  let base: UnsafeMutableRawPointer
  /// Bytes of the file, at least one.
  let byteCount: Int

  /// Maps the file at `url`; an empty one is an error.
  init(contentsOf url: URL) throws(FileError) {
    let (file, byteCount) = try SystemFile.open(reading: url)
    if byteCount == 0 { throw .unreadable(file: url.shownPath, reason: "it is empty") }
    let address = unsafe withExtendedLifetime(file) {
      unsafe mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, $0.descriptor, 0)
    }
    guard let address = unsafe address, unsafe address != MAP_FAILED else {
      throw .unreadable(file: url.shownPath, reason: SystemFile.systemReason())
    }
    unsafe base = address
    self.byteCount = byteCount
  }

  deinit { unsafe munmap(base, byteCount) }

  /// Gives the memory of the pages back; the next touch of a byte brings its page from the disk's cache again.
  func releasePages() { _ = unsafe madvise(base, byteCount, MADV_DONTNEED) }

  /// Gives the memory of the whole pages within the range back.
  func releasePages(from start: UnsafeMutableRawPointer, byteCount: Int) {
    let page = Int(sysconf(CInt(_SC_PAGESIZE)))
    let first = unsafe (start - base + page - 1) / page * page
    let end = unsafe (start - base + byteCount) / page * page
    if first < end { _ = unsafe madvise(base + first, end - first, MADV_DONTNEED) }
  }

  /// A copy of the bytes in `range`, which lies inside the file.
  func bytes(in range: Range<Int>) -> [UInt8] {
    precondition(range.lowerBound >= 0 && range.upperBound <= byteCount, "the range is inside the file")
    return unsafe Array(UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count))
  }
}
