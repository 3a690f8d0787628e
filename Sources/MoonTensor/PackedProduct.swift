internal import CMoonKernels

/// A product of `rows` rows with packed columns, cut into pieces for the threads: the driver behind linear layers and
/// direct convolutions.
///
/// Columns are packed (and widened) into a shared buffer of bounded size, then rows and columns are shared out in
/// blocks that fit the second cache. No sum depends on how they are shared out.
struct PackedProduct {
  let rows: Int
  let columns: Int
  /// Runs that a row of the left side consists of, and floats of one run.
  let taps: Int
  let depth: Int

  static let panel = Int(MOON_PANEL)
  /// Floats of packed columns at a time: a few megabytes.
  private static let packedAtATime = 1 << 21
  /// Rows of the left side in one piece.
  private static let rowsAtATime = 192

  /// The places of the left side's rows: run `tap` of the i-th of `count` rows is at index `tap * count + i`.
  typealias RowPointers = UnsafeMutablePointer<UnsafePointer<Float>?>

  /// Runs the product into `c`, whose rows are `columns` floats apart.
  ///
  /// - Parameters:
  ///   - c: The first float of the result.
  ///   - pack: Packs a range of columns, which begins at a panel, to the address given.
  ///   - point: Writes where the runs of a range of rows lie.
  ///   - finish: Called when a range of rows and columns is complete.
  /// - Throws: `TensorError.interrupted`.
  func run(
    into c: UnsafeMutablePointer<Float>, pack: (Range<Int>, UnsafeMutablePointer<Float>) -> Void,
    point: (Range<Int>, RowPointers) -> Void, finish: (Range<Int>, Range<Int>) -> Void
  ) throws(TensorError) {
    let panelSize = taps * depth * Self.panel
    let panels = (columns + Self.panel - 1) / Self.panel
    let shared = max(1, min(panels, Self.packedAtATime / max(panelSize, 1)))
    let packed = unsafe MemoryPool.shared.takeFloats(shared * panelSize)
    defer { unsafe MemoryPool.shared.giveFloats(packed, shared * panelSize) }
    let blocks = (rows + Self.rowsAtATime - 1) / Self.rowsAtATime
    for first in stride(from: 0, to: panels, by: shared) {
      let here = min(shared, panels - first)
      try Parallel.forEachPiece(of: here) { piece in
        let start = (first + piece) * Self.panel
        unsafe pack(start..<min(columns, start + Self.panel), packed + piece * panelSize)
      }
      // Enough pieces for the threads, each with as many columns as possible for one reading of its rows.
      let wanted = 4 * TensorEnvironment.current.threads
      let groups = max(min(here, (wanted + blocks - 1) / blocks), (here + 15) / 16)
      try unsafe Parallel.forEachPiece(of: blocks * groups, scratch: taps * Self.rowsAtATime * 2) { piece, scratch in
        let (block, group) = piece.quotientAndRemainder(dividingBy: groups)
        let rowRange = rows * block / blocks..<rows * (block + 1) / blocks
        let (panel, end) = (here * group / groups, here * (group + 1) / groups)
        let columnRange = (first + panel) * Self.panel..<min(columns, (first + end) * Self.panel)
        unsafe scratch.withMemoryRebound(to: UnsafePointer<Float>?.self, capacity: taps * Self.rowsAtATime) {
          pointers in
          unsafe point(rowRange, pointers)
          unsafe moon_product(
            c + rowRange.lowerBound * columns + columnRange.lowerBound, columns, pointers, rowRange.count, taps, depth,
            packed + panel * panelSize, columnRange.count, 0)
        }
        finish(rowRange, columnRange)
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
