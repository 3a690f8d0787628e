internal import Synchronization

/// How much memory layers may spend on keeping their weights between calls in the form that the kernels read: widened,
/// packed or transformed.
///
/// One cache serves all layers of a model, whichever asks first; results are the same with and without.
package final class WeightCache: Sendable {
  /// Bytes that may be kept.
  package let limit: Int
  /// Bytes that may be kept beside them in place of pages of mapped files, as large as what is kept and given back.
  package let exchangeLimit: Int
  private let state = Mutex(State())

  /// Large pieces of memory that are cut up from the front: many small ones would cost a page fault for every few
  /// kilobytes, the large ones get large pages.
  private struct State {
    var kept = 0
    var exchanged = 0
    var pieces: [Piece] = []
    var used = 0

    /// Begins a new piece.
    mutating func open(_ size: Int) -> Piece {
      let piece = unsafe Piece(base: MemoryPool.shared.take(size), byteCount: size)
      pieces.append(piece)
      used = 0
      return piece
    }
  }

  /// Memory of the cache's own.
  @safe private struct Piece: @unchecked Sendable {
    let base: UnsafeMutableRawPointer
    let byteCount: Int
  }
  private static let pieceSize = 32 << 20

  /// A cache of `limit` bytes, and of `exchangeLimit` in place of pages of mapped files.
  package init(limit: Int, exchangeLimit: Int = 0) {
    self.limit = limit
    self.exchangeLimit = exchangeLimit
  }

  deinit {
    for piece in state.withLock({ $0.pieces }) { unsafe MemoryPool.shared.give(piece.base, piece.byteCount) }
  }

  /// Has the system lay memory behind the first `byteCount` bytes now, while there is other work: the first call of a
  /// network would wait for it. Does nothing where all that is to be kept does not fit into one piece of memory.
  package func prepare(_ byteCount: Int) {
    let range = unsafe state.withLock { state -> UnsafeMutableRawBufferPointer? in
      let size = min(Self.pieceSize, limit)
      if !state.pieces.isEmpty || byteCount < 1 || byteCount > size { return nil }
      return unsafe UnsafeMutableRawBufferPointer(start: state.open(size).base, count: byteCount)
    }
    if let range = unsafe range { unsafe MemoryPool.layOut(range) }
  }

  /// Bytes kept now, those in place of pages among them.
  package var keptByteCount: Int { state.withLock { $0.kept + $0.exchanged } }

  /// Memory for `byteCount` bytes from a 64-byte boundary on, if that much is left of the limit, or of the one for what
  /// stands in place of pages of files with `isExchange`; it lasts as long as the cache.
  fileprivate func reserve(_ byteCount: Int, isExchange: Bool) -> Memory? {
    let byteCount = (byteCount + 63) & ~63
    return state.withLock { state -> Memory? in
      let left = limit - state.kept
      let isExchanged = byteCount > left && isExchange && byteCount <= exchangeLimit - state.exchanged
      if byteCount > left && !isExchanged { return nil }
      let room = state.pieces.last.map { $0.byteCount - state.used } ?? 0
      if byteCount > room {
        // What is left at the end of the piece before is not counted: it is never touched.
        let size = max(byteCount, min(Self.pieceSize, isExchanged ? exchangeLimit - state.exchanged : left))
        _ = state.open(size)
      }
      guard let piece = state.pieces.last else { return nil }
      defer {
        state.used += byteCount
        if isExchanged { state.exchanged += byteCount } else { state.kept += byteCount }
      }
      return unsafe Memory(base: piece.base + state.used)
    }
  }

  /// Memory that somebody keeps.
  @safe fileprivate struct Memory: @unchecked Sendable {
    let base: UnsafeMutableRawPointer
  }
}

/// The weights of one layer as they are kept between calls, in each form that was asked for.
@safe final class PreparedWeights: Sendable {
  /// A form of the weights.
  enum Form: Hashable {
    /// Packed columns, `sets` of them side by side.
    case panels(sets: Int)
    /// The same in the weight's own 16-bit elements.
    case halfPanels(sets: Int)
    /// Winograd's transforms.
    case transforms
  }

  /// Memory that is written once before anybody else sees it, and the cache that it belongs to.
  private struct Block: Sendable {
    let memory: WeightCache.Memory
    let cache: WeightCache
    /// Whether the weights are there; they are not where their making was stopped.
    var isMade = false
  }
  /// A list: a layer has few forms, and each call looks for one.
  private let blocks = Mutex<[(form: Form, block: Block)]>([])
  /// Pages of smaller forms are not worth the system's call, which all threads have to hear of.
  private static let leastReleased = 1 << 20

  /// The weights in `form` as floats, made by `prepare` when they are not there yet, or nil where none may be kept.
  ///
  /// - Parameters:
  ///   - form: The form.
  ///   - count: Floats of the form.
  ///   - weight: What they are made of; its pages are given back where it lies in a mapped file.
  ///   - prepare: Writes them.
  /// - Returns: An address that lasts as long as this object.
  /// - Throws: What `prepare` throws; the next call makes the weights again.
  func floats(
    _ form: Form, count: Int, of weight: Tensor,
    prepare: (UnsafeMutablePointer<Float>) throws(TensorError) -> Void
  ) throws(TensorError) -> UnsafeMutablePointer<Float>? {
    let isExchange = weight.dtype == .float32 && form != .transforms
    let base = try unsafe memory(form, byteCount: count * 4, of: weight, isExchange: isExchange) {
      base throws(TensorError) in try unsafe prepare(base.bindMemory(to: Float.self, capacity: count))
    }
    return unsafe base?.assumingMemoryBound(to: Float.self)
  }

  /// As `floats(_:count:of:prepare:)`, as 16-bit elements.
  func halves(
    _ form: Form, count: Int, of weight: Tensor,
    prepare: (UnsafeMutablePointer<UInt16>) throws(TensorError) -> Void
  ) throws(TensorError) -> UnsafeMutablePointer<UInt16>? {
    let base = try unsafe memory(form, byteCount: count * 2, of: weight, isExchange: true) {
      base throws(TensorError) in try unsafe prepare(base.bindMemory(to: UInt16.self, capacity: count))
    }
    return unsafe base?.assumingMemoryBound(to: UInt16.self)
  }

  /// Memory of a form; with `isExchange` the form is as large as the weight and may stand in place of its pages.
  private func memory(
    _ form: Form, byteCount: Int, of weight: Tensor, isExchange: Bool,
    prepare: (UnsafeMutableRawPointer) throws(TensorError) -> Void
  ) throws(TensorError) -> UnsafeMutableRawPointer? {
    guard let cache = TensorEnvironment.current.weightCache else { return nil }
    let isExchange = isExchange && weight.storage.canReleasePages
    // The lock is held while weights are made: a second run that wants them waits instead of making them again.
    let block = try blocks.withLock { blocks throws(TensorError) -> Block? in
      var place = blocks.firstIndex { $0.form == form }
      if let place, blocks[place].block.isMade { return blocks[place].block }
      if place == nil, let memory = cache.reserve(byteCount, isExchange: isExchange) {
        // Kept also where its making is stopped: the next call goes on with the same memory.
        place = blocks.count
        blocks.append((form, Block(memory: memory, cache: cache)))
      }
      guard let place else { return nil }
      try unsafe prepare(blocks[place].block.memory.base)
      blocks[place].block.isMade = true
      if byteCount >= Self.leastReleased { weight.releasePages() }
      return blocks[place].block
    }
    return unsafe block?.memory.base
  }
}
