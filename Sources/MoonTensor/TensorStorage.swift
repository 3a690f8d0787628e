/// Owned or borrowed memory behind tensors.
///
/// `@unchecked Sendable`: the bytes are written only while the storage is uniquely referenced (a tensor being made, or
/// one mutated after the copy-on-write check), and read-only from then on.
@safe package final class TensorStorage: @unchecked Sendable {
  /// First byte; 64-byte aligned when the storage owns it.
  package let base: UnsafeMutableRawPointer
  /// Bytes behind `base`.
  package let byteCount: Int
  /// Whether the bytes may be written when the storage is uniquely referenced; false for mapped files.
  package let isWritable: Bool
  private let budget: TensorBudget?
  private let owner: AnyObject?

  /// Allocates `byteCount` bytes, not initialised, charged to the environment's budget.
  package init(byteCount: Int) throws(TensorError) {
    let budget = TensorEnvironment.current.budget
    try budget?.charge(byteCount)
    unsafe base = MemoryPool.shared.take(byteCount)
    self.byteCount = byteCount
    self.budget = budget
    isWritable = true
    owner = nil
  }

  /// Borrows memory that `owner` keeps alive, for example a mapped file.
  package init(borrowing base: UnsafeMutableRawPointer, byteCount: Int, owner: AnyObject) {
    unsafe self.base = base
    self.byteCount = byteCount
    self.owner = owner
    budget = nil
    isWritable = false
  }

  /// Whether the memory of the bytes can be given back while the bytes stay readable.
  var canReleasePages: Bool { owner is any MappedMemory }

  /// Gives the memory of whole pages within `range` back, if they can be read again from a file.
  func releasePages(in range: Range<Int>) {
    unsafe (owner as? any MappedMemory)?.releasePages(from: base + range.lowerBound, byteCount: range.count)
  }

  /// Whether `budget` counts these bytes.
  package func isCharged(to budget: TensorBudget) -> Bool { self.budget === budget }

  deinit {
    guard owner == nil else { return }
    unsafe MemoryPool.shared.give(base, byteCount)
    budget?.credit(byteCount)
  }
}

/// Who keeps bytes of a mapped file.
package protocol MappedMemory: AnyObject {
  /// Gives the memory of the whole pages within the range back; the next touch of a byte brings its page again.
  func releasePages(from start: UnsafeMutableRawPointer, byteCount: Int)
}

extension Tensor {
  /// Gives the memory of a tensor in a mapped file back until its bytes are read again; others are left as they are.
  func releasePages() {
    guard isContiguous else { return }
    let start = offset * dtype.byteCount
    storage.releasePages(in: start..<start + count * dtype.byteCount)
  }
}
