internal import CMoonKernels
internal import COpenBLAS

/// Products of matrices: every call into OpenBLAS is in this file.
///
/// OpenBLAS computes each block on the thread that asks; blocks are shared out over the environment's threads here. How
/// a product is cut depends on its sizes alone, never on the number of threads.
package enum MatrixProduct {
  /// OpenBLAS keeps to the calling thread, from the first time on that this is read: before the first work of any kind,
  /// and better at the start of the process, because its threads look out for work until then.
  package static let isSingleThreaded: Bool = {
    moon_keep_blas_to_caller()
    return true
  }()

  /// `c = a b + beta c` for row-major blocks; with `isTransposed`, b is stored `[n, k]`.
  static func block(
    _ a: UnsafePointer<Float>, stride aStride: Int, _ b: UnsafePointer<Float>, stride bStride: Int,
    isTransposed: Bool, into c: UnsafeMutablePointer<Float>, stride cStride: Int, m: Int, n: Int, k: Int,
    beta: Float = 0
  ) {
    precondition(isSingleThreaded)
    if m == 0 || n == 0 { return }
    unsafe cblas_sgemm(
      CblasRowMajor, CblasNoTrans, isTransposed ? CblasTrans : CblasNoTrans, CInt(m), CInt(n), CInt(k), 1, a,
      CInt(max(aStride, k, 1)), b, CInt(max(bStride, isTransposed ? k : n, 1)), beta, c, CInt(max(cStride, n, 1)))
  }

  /// Widens `rows` rows of `columns` elements of `weight` (contiguous but for the row stride) into `scratch`, or points
  /// to them when they are float32 already.
  static func widened(
    _ weight: Tensor, at offset: Int, rows: Int, columns: Int, stride: Int, into scratch: UnsafeMutablePointer<Float>
  ) -> (UnsafePointer<Float>, stride: Int) {
    let start = weight.offset + offset
    if weight.dtype == .float32 {
      return unsafe (UnsafePointer(weight.storage.base.assumingMemoryBound(to: Float.self) + start), stride)
    }
    let source = unsafe weight.storage.base.assumingMemoryBound(to: UInt16.self) + start
    for row in 0..<rows {
      if weight.dtype == .float16 {
        unsafe moon_widen_f16(scratch + row * columns, source + row * stride, columns)
      } else {
        unsafe moon_widen_bf16(scratch + row * columns, source + row * stride, columns)
      }
    }
    return unsafe (UnsafePointer(scratch), columns)
  }

  /// `[B, M, K] x [B, K, N] -> [B, M, N]`, strides and element types as they come; a broadcast batch has stride 0.
  package static func batched(_ left: Tensor, _ right: Tensor) throws(TensorError) -> Tensor {
    guard left.rank == 3, right.rank == 3, left.shape[0] == right.shape[0], left.shape[2] == right.shape[1] else {
      throw .shapeMismatch(operation: "matrix product", found: right.shape, wanted: left.shape)
    }
    let (batch, m, k, n) = (left.shape[0], left.shape[1], left.shape[2], right.shape[2])
    let result = try Tensor(uninitialized: [batch, m, n])
    if result.count == 0 { return result }
    if k == 0 { return try Tensor(repeating: 0, shape: [batch, m, n]) }
    let rows = try left.strides[2] == 1 || k == 1 ? left : left.contiguous()
    let isTransposed = right.strides[2] != 1 && n != 1 && (right.strides[1] == 1 || k == 1)
    let columns = try isTransposed || right.strides[2] == 1 || n == 1 ? right : right.contiguous()
    let a = rows.dtype == .float32 ? rows : try rows.contiguous()
    guard let c = unsafe result.mutableFloats.baseAddress else { return result }
    let tile = Tile(m: m, n: n, k: k)
    try unsafe Parallel.forEachPiece(of: batch * tile.count, scratch: columns.dtype == .float32 ? 0 : tile.n * k) {
      piece, scratch in
      let item = piece / tile.count
      let (rowRange, columnRange) = tile[piece % tile.count]
      let lead = isTransposed ? columns.strides[2] : columns.strides[1]
      let start = item * columns.strides[0] + columnRange.lowerBound * columns.strides[2]
      let (b, bStride) = unsafe widened(
        columns, at: start, rows: isTransposed ? columnRange.count : k, columns: isTransposed ? k : columnRange.count,
        stride: lead, into: scratch)
      unsafe block(
        a.floatPointer + item * a.strides[0] + rowRange.lowerBound * a.strides[1], stride: a.strides[1], b,
        stride: bStride, isTransposed: isTransposed,
        into: c + (item * m + rowRange.lowerBound) * n + columnRange.lowerBound, stride: n, m: rowRange.count,
        n: columnRange.count, k: k)
    }
    return result
  }

  /// How a product of `m x k` and `k x n` is cut into pieces of work.
  struct Tile {
    let rows: Int
    let columns: Int
    /// Rows and columns of one piece, but for the last ones.
    let m: Int
    let n: Int

    init(m rows: Int, n columns: Int, k: Int) {
      self.rows = rows
      self.columns = columns
      m = rows <= 768 ? max(rows, 1) : 512
      // Each piece packs its rows anew, which wide pieces do less often.
      n = min(max(columns, 1), rows <= 16 || k > 4096 ? 64 : columns < 512 || k > 2048 ? 128 : 256)
    }

    private var across: Int { (columns + n - 1) / n }
    var count: Int { (rows + m - 1) / m * across }

    subscript(piece: Int) -> (Range<Int>, Range<Int>) {
      let (row, column) = (piece / across * m, piece % across * n)
      return (row..<min(rows, row + m), column..<min(columns, column + n))
    }
  }
}
