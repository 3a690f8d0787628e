internal import CMoonKernels

/// A product of `rows` rows with packed columns, cut into pieces for the threads: the driver behind linear layers,
/// direct convolutions and large products of two tensors.
///
/// Columns are packed (and widened) into a shared buffer of bounded size, or kept packed between calls, then rows and
/// columns are shared out in blocks that fit the second cache. No sum depends on how they are shared out.
struct PackedProduct {
  /// The columns, one after the other, set after set: contiguous, of any element type.
  let weight: Tensor
  let rows: Int
  /// Columns of one set.
  let columns: Int
  /// Runs that a row of the left side consists of, and floats of one run.
  let taps: Int
  let depth: Int
  /// Sets of columns that are computed side by side.
  var sets = 1
  /// Elements between neighbours of a column where columns lie side by side: one set, one tap, never kept.
  var columnStride: Int?

  static let panel = Int(MOON_PANEL)
  /// Floats of packed columns at a time: a few megabytes.
  private static let packedAtATime = 1 << 21
  /// Rows of the left side in one piece, at most: a multiple of the rows that the kernel takes at a time.
  private static let rowsAtATime = 96
  private static let rowsOfTile = 8
  /// Up to here each piece widens the panels that it reads; for more rows they are widened once for all pieces.
  private static let mostRowsToWidenFor = 2 * rowsAtATime
  /// Panels of each set in one piece, at most: as many as the second cache holds beside the rows.
  private static let panelsAtATime = 16
  /// Panels that are packed together where columns lie side by side, so that whole lines of the cache are read.
  private static let panelsPackedTogether = 4

  /// The places of the left side's rows: run `tap` of the i-th of `count` rows is at index `tap * count + i`.
  typealias RowPointers = UnsafeMutablePointer<UnsafePointer<Float>?>

  /// One piece of the product: ranges of rows and columns, and what computes them.
  @safe struct Piece {
    let rows: Range<Int>
    let columns: Range<Int>
    fileprivate let taps: Int
    fileprivate let depth: Int
    fileprivate let pointers: RowPointers
    fileprivate let panels: Panels
    fileprivate let setStride: Int
    fileprivate let widened: UnsafeMutablePointer<Float>

    /// Writes the product with one set of columns to `c`, whose rows are `stride` floats apart.
    func multiply(set: Int = 0, into c: UnsafeMutablePointer<Float>, stride: Int) {
      unsafe moon_product(
        c, stride, pointers, rows.count, taps, depth, panels.address(set * setStride),
        panels.kind.kernelKind, widened, columns.count, 0)
    }
  }

  /// Packed columns: floats, or 16-bit elements that are widened block by block.
  @safe fileprivate struct Panels {
    let base: UnsafeRawPointer
    let kind: DType

    func address(_ elements: Int) -> UnsafeRawPointer { unsafe base + elements * kind.byteCount }
    func advanced(by elements: Int) -> Panels { unsafe Panels(base: address(elements), kind: kind) }
  }

  /// Runs the product.
  ///
  /// - Parameters:
  ///   - room: Floats that `body` needs for one row of one panel.
  ///   - prepared: Where the packed columns are kept, if they may be.
  ///   - point: Writes where the runs of a range of rows lie.
  ///   - body: Computes one piece and does something with it; the address has `room` for each row and panel.
  /// - Throws: `TensorError.interrupted`.
  func run(
    room: Int = 0, keeping prepared: PreparedWeights? = nil, point: (Range<Int>, RowPointers) -> Void,
    _ body: (Piece, UnsafeMutablePointer<Float>) -> Void
  ) throws(TensorError) {
    let panels = (columns + Self.panel - 1) / Self.panel
    let kept = try prepared.flatMap { prepared throws(TensorError) in try keptPanels(in: prepared, panels: panels) }
    if let kept, kept.kind == .float32 || rows <= Self.mostRowsToWidenFor {
      return try unsafe multiply(0..<panels, packed: kept, room: room, point: point, body)
    }
    let shared = max(1, min(panels, Self.packedAtATime / max(panelSize * sets, 1)))
    let packed = unsafe MemoryPool.shared.takeFloats(sets * shared * panelSize)
    defer { unsafe MemoryPool.shared.giveFloats(packed, sets * shared * panelSize) }
    for first in stride(from: 0, to: panels, by: shared) {
      let here = min(shared, panels - first)
      if let kept {
        try unsafe widen(kept, of: panels, from: first, count: here, to: packed)
      } else {
        try unsafe packColumns(from: first, count: here, to: packed)
      }
      try unsafe multiply(
        first..<first + here, packed: Panels(base: packed, kind: .float32), room: room, point: point, body)
    }
  }

  /// Floats of one panel.
  private var panelSize: Int { taps * depth * Self.panel }

  /// All panels as they are kept between calls: as floats while there is memory for that, else as the weight's own
  /// 16-bit elements, which take no more than the weight does.
  private func keptPanels(in prepared: PreparedWeights, panels: Int) throws(TensorError) -> Panels? {
    let count = sets * panels * panelSize
    let floats = try unsafe prepared.floats(.panels(sets: sets), count: count, of: weight) {
      all throws(TensorError) in try unsafe packColumns(from: 0, count: panels, to: all)
    }
    if let floats = unsafe floats { return unsafe Panels(base: floats, kind: .float32) }
    if weight.dtype == .float32 { return nil }
    let halves = try unsafe prepared.halves(.halfPanels(sets: sets), count: count, of: weight) {
      all throws(TensorError) in
      try unsafe forEachPanel(from: 0, count: panels) { index, start, columns in
        unsafe moon_pack_half_columns(
          all + index * panelSize, start.assumingMemoryBound(to: UInt16.self), taps * depth, columns, taps * depth, taps
        )
      }
    }
    return unsafe halves.map { unsafe Panels(base: $0, kind: weight.dtype) }
  }

  /// Packs `count` panels of each set as floats.
  private func packColumns(
    from first: Int, count: Int, to packed: UnsafeMutablePointer<Float>
  ) throws(TensorError) {
    if let columnStride {
      let together = Self.panelsPackedTogether
      return try Parallel.forEachPiece(of: (count + together - 1) / together) { piece in
        let panels = piece * together..<min(count, (piece + 1) * together)
        let start = (first + panels.lowerBound) * Self.panel
        unsafe moon_pack_rows(
          packed + panels.lowerBound * panelSize, weight.rawPointer(advancedBy: start), weight.dtype.kernelKind,
          columnStride, min(panels.count * Self.panel, columns - start), depth)
      }
    }
    try unsafe forEachPanel(from: first, count: count) { index, start, columns in
      unsafe moon_pack_columns(
        packed + index * panelSize, start, weight.dtype.kernelKind, taps * depth, columns, taps * depth, taps)
    }
  }

  /// Writes `count` of the `panels` panels of each set, which are kept as 16-bit elements, as floats.
  private func widen(
    _ kept: Panels, of panels: Int, from first: Int, count: Int, to packed: UnsafeMutablePointer<Float>
  ) throws(TensorError) {
    try Parallel.forEachPiece(of: sets * count) { piece in
      let (set, panel) = piece.quotientAndRemainder(dividingBy: count)
      let halves = unsafe kept.address((set * panels + first + panel) * panelSize)
        .assumingMemoryBound(to: UInt16.self)
      unsafe moon_widen_halves(packed + piece * panelSize, halves, kept.kind.kernelKind, panelSize)
    }
  }

  /// Calls `body` with the index of each panel, where its first column lies, and how many columns it has.
  private func forEachPanel(
    from first: Int, count: Int, _ body: (Int, UnsafeRawPointer, Int) -> Void
  ) throws(TensorError) {
    try Parallel.forEachPiece(of: sets * count) { piece in
      let (set, panel) = piece.quotientAndRemainder(dividingBy: count)
      let start = (first + panel) * Self.panel
      unsafe body(
        piece, weight.rawPointer(advancedBy: (set * columns + start) * taps * depth), min(Self.panel, columns - start))
    }
  }

  /// Runs the products with a range of panels, which lie at `packed`, set after set.
  private func multiply(
    _ panels: Range<Int>, packed: Panels, room: Int,
    point: (Range<Int>, RowPointers) -> Void, _ body: (Piece, UnsafeMutablePointer<Float>) -> Void
  ) throws(TensorError) {
    if rows == 0 || panels.isEmpty { return }
    let blocks = (rows + Self.rowsAtATime - 1) / Self.rowsAtATime
    let height = ((rows + blocks - 1) / blocks + Self.rowsOfTile - 1) / Self.rowsOfTile * Self.rowsOfTile
    let (first, here) = (panels.lowerBound, panels.count)
    // Enough pieces for the threads, each with as many columns as possible for one reading of its rows.
    let threads = TensorEnvironment.current.threads
    let widest = max(1, Self.panelsAtATime / sets)
    let wanted = max((4 * threads + blocks - 1) / blocks, (here + widest - 1) / widest)
    let groups = Parallel.groups(of: here, atLeast: wanted, rows: blocks, threads: threads)
    let pointerRoom = taps * Self.rowsAtATime * 2
    let widenedRoom = packed.kind == .float32 ? 0 : min(taps * depth, Int(MOON_DEPTH_BLOCK)) * Self.panel * widest
    let scratchCount = pointerRoom + widenedRoom + room * Self.rowsAtATime * widest
    try unsafe Parallel.forEachPiece(of: blocks * groups, scratch: scratchCount) { piece, scratch in
      let (block, group) = piece.quotientAndRemainder(dividingBy: groups)
      let rowRange = block * height..<min(rows, (block + 1) * height)
      let (panel, end) = (here * group / groups, here * (group + 1) / groups)
      let columnRange = (first + panel) * Self.panel..<min(columns, (first + end) * Self.panel)
      unsafe scratch.withMemoryRebound(to: UnsafePointer<Float>?.self, capacity: pointerRoom / 2) { pointers in
        unsafe point(rowRange, pointers)
        let part = unsafe Piece(
          rows: rowRange, columns: columnRange, taps: taps, depth: depth, pointers: pointers,
          panels: packed.advanced(by: panel * panelSize), setStride: here * panelSize, widened: scratch + pointerRoom)
        unsafe body(part, scratch + pointerRoom + widenedRoom)
      }
    }
  }
}

extension DType {
  /// The name of this storage in C.
  var kernelKind: Int32 {
    switch self {
    case .float32: Int32(moon_float32)
    case .float16: Int32(moon_float16)
    case .bfloat16: Int32(moon_bfloat16)
    }
  }
}

extension Tensor {
  /// The first element, whatever its storage, moved by `elements`.
  func rawPointer(advancedBy elements: Int = 0) -> UnsafeRawPointer {
    unsafe UnsafeRawPointer(storage.base + (offset + elements) * dtype.byteCount)
  }
}
