internal import Synchronization

/// How much memory layers may spend on keeping their weights between calls in the form that the kernels read: widened,
/// packed or transformed.
///
/// One cache serves all layers of a model, whichever asks first; results are the same with and without.
package final class WeightCache: Sendable {
  /// Bytes that may be kept.
  package let limit: Int
  private let state = Mutex(State())

  /// Large pieces of memory that are cut up from the front: many small ones would cost a page fault for every few
  /// kilobytes, the large ones get large pages.
  private struct State {
    var kept = 0
    var pieces: [Piece] = []
    var used = 0
  }

  /// Memory of the cache's own.
  @safe private struct Piece: @unchecked Sendable {
    let base: UnsafeMutableRawPointer
    let byteCount: Int
  }
  private static let pieceSize = 32 << 20

  /// A cache of `limit` bytes.
  package init(limit: Int) { self.limit = limit }

  deinit {
    for piece in state.withLock({ $0.pieces }) { unsafe MemoryPool.shared.give(piece.base, piece.byteCount) }
  }

  /// Bytes kept now.
  package var keptByteCount: Int { state.withLock { $0.kept } }

  /// Memory for `count` floats from a 64-byte boundary on, if that much is left of the limit; it lasts as long as the
  /// cache.
  func reserve(_ count: Int) -> Floats? {
    let byteCount = (count * 4 + 63) & ~63
    return state.withLock { state -> Floats? in
      if byteCount > limit - state.kept { return nil }
      let room = state.pieces.last.map { $0.byteCount - state.used } ?? 0
      if byteCount > room {
        // What is left at the end of the piece before is not counted: it is never touched.
        let size = max(byteCount, min(Self.pieceSize, limit - state.kept))
        state.pieces.append(unsafe Piece(base: MemoryPool.shared.take(size), byteCount: size))
        state.used = 0
      }
      guard let piece = state.pieces.last else { return nil }
      defer {
        state.used += byteCount
        state.kept += byteCount
      }
      return unsafe Floats(base: (piece.base + state.used).bindMemory(to: Float.self, capacity: count))
    }
  }

  /// Floats that somebody keeps.
  @safe struct Floats: @unchecked Sendable {
    let base: UnsafeMutablePointer<Float>
  }
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

  /// Memory that is written once before anybody else sees it, and the cache that it belongs to.
  private struct Block: Sendable {
    let floats: WeightCache.Floats
    let cache: WeightCache
    /// Whether the weights are there; they are not where their making was stopped.
    var isMade = false
  }
  private let blocks = Mutex<[Form: Block]>([:])

  /// The weights in `form`, made by `prepare` when they are not there yet, or nil where none may be kept.
  ///
  /// - Parameters:
  ///   - form: The form.
  ///   - count: Floats of the form.
  ///   - prepare: Writes them.
  /// - Returns: An address that lasts as long as this object.
  /// - Throws: What `prepare` throws; the next call makes the weights again.
  func floats(
    _ form: Form, count: Int, prepare: (UnsafeMutablePointer<Float>) throws(TensorError) -> Void
  ) throws(TensorError) -> UnsafeMutablePointer<Float>? {
    guard let cache = TensorEnvironment.current.weightCache else { return nil }
    // The lock is held while weights are made: a second run that wants them waits instead of making them again.
    let block = try blocks.withLock { blocks throws(TensorError) -> Block? in
      if let block = blocks[form], block.isMade { return block }
      guard var block = blocks[form] ?? cache.reserve(count).map({ Block(floats: $0, cache: cache) }) else {
        return nil
      }
      // Kept also where its making is stopped: the next call goes on with the same memory.
      blocks[form] = block
      try unsafe prepare(block.floats.base)
      block.isMade = true
      blocks[form] = block
      return block
    }
    return unsafe block?.floats.base
  }
}
