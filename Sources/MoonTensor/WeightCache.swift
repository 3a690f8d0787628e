internal import Synchronization

/// How much memory layers may spend on keeping their weights between calls in the form that the kernels read: widened,
/// packed or transformed.
///
/// One cache serves all layers of a model, whichever asks first; results are the same with and without.
package final class WeightCache: Sendable {
  /// Bytes that may be kept.
  package let limit: Int
  private let kept = Atomic<Int>(0)

  /// A cache of `limit` bytes.
  package init(limit: Int) { self.limit = limit }

  /// Bytes kept now.
  package var keptByteCount: Int { kept.load(ordering: .relaxed) }

  /// Takes `byteCount` bytes of the limit, if that many are left.
  func reserve(_ byteCount: Int) -> Bool {
    var seen = kept.load(ordering: .relaxed)
    while true {
      let (sum, overflows) = seen.addingReportingOverflow(byteCount)
      if overflows || sum > limit { return false }
      let result = kept.compareExchange(expected: seen, desired: sum, ordering: .relaxed)
      if result.exchanged { return true }
      seen = result.original
    }
  }

  /// Gives bytes of the limit back.
  func giveBack(_ byteCount: Int) { kept.subtract(byteCount, ordering: .relaxed) }
}

/// The weights of one layer as they are kept between calls, in each form that was asked for.
@safe final class PreparedWeights: Sendable {
  /// A form of the weights.
  enum Form: Hashable {
    /// Packed columns, `sets` of them side by side.
    case panels(sets: Int)
    /// Winograd's transforms.
    case transforms
  }

  /// Memory that is written once, before anybody else sees it.
  @safe private struct Block: @unchecked Sendable {
    let base: UnsafeMutablePointer<Float>
    let count: Int
    let cache: WeightCache
    /// Bytes of the cache's limit.
    var byteCount: Int { MemoryPool.blockSize(for: count * 4) }
  }
  private let blocks = Mutex<[Form: Block]>([:])

  deinit {
    let all = blocks.withLock { Array($0.values) }
    for block in all {
      block.cache.giveBack(block.byteCount)
      unsafe MemoryPool.shared.giveFloats(block.base, block.count)
    }
  }

  /// The weights in `form`, made by `prepare` when they are not there yet, or nil where none may be kept.
  ///
  /// - Parameters:
  ///   - form: The form.
  ///   - count: Floats of the form.
  ///   - prepare: Writes them.
  /// - Returns: An address that lives as long as this object.
  /// - Throws: What `prepare` throws; nothing is kept then.
  func floats(
    _ form: Form, count: Int, prepare: (UnsafeMutablePointer<Float>) throws(TensorError) -> Void
  ) throws(TensorError) -> UnsafeMutablePointer<Float>? {
    guard let cache = TensorEnvironment.current.weightCache else { return nil }
    // The lock is held while weights are made: a second run that wants them waits instead of making them again.
    let block = try blocks.withLock { blocks throws(TensorError) -> Block? in
      if let block = blocks[form] { return block }
      if !cache.reserve(MemoryPool.blockSize(for: count * 4)) { return nil }
      let made = unsafe Block(base: MemoryPool.shared.takeFloats(count), count: count, cache: cache)
      do throws(TensorError) {
        try unsafe prepare(made.base)
      } catch {
        cache.giveBack(made.byteCount)
        unsafe MemoryPool.shared.giveFloats(made.base, count)
        throw error
      }
      blocks[form] = made
      return made
    }
    return unsafe block?.base
  }
}
