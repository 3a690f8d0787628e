internal import CMoonKernels

extension Tensor {
  /// Softmax attention of these queries over `keys` and `values`, head by head.
  ///
  /// Works through blocks of queries and keys with a running maximum: scores never take more than one block a thread.
  ///
  /// - Parameters:
  ///   - keys: `[B, S, heads * d]`.
  ///   - values: `[B, S, heads * d]`.
  ///   - heads: Heads, which lie one after the other in the last dimension.
  ///   - scale: Factor of the scores; by default 1 / sqrt(d).
  ///   - isCausal: Whether query i sees only the keys up to i.
  /// - Returns: `[B, L, heads * d]`, the shape of these queries.
  /// - Throws: `TensorError.shapeMismatch`, `.outOfBudget`, `.interrupted`.
  package func attention(
    keys: Tensor, values: Tensor, heads: Int, scale: Float? = nil, isCausal: Bool = false
  ) throws(TensorError) -> Tensor {
    guard rank == 3, heads > 0, shape[2].isMultiple(of: heads) else {
      throw .badShape(shape, reason: "queries are [batch, length, heads * size] with \(heads) heads")
    }
    guard keys.rank == 3, keys.shape[0] == shape[0], keys.shape[2] == shape[2], keys.shape[1] > 0 || count == 0 else {
      throw .shapeMismatch(operation: "attention keys", found: keys.shape, wanted: shape)
    }
    try values.requireShape(keys.shape, operation: "attention values")
    let result = try Tensor(uninitialized: shape)
    guard result.count > 0, let output = unsafe result.mutableFloats.baseAddress else { return result }
    let size = shape[2] / heads
    let call = try AttentionCall(
      query: contiguous(), keys: keys.contiguous(), values: values.contiguous(), heads: heads, size: size,
      scale: scale ?? 1 / Float(size).squareRoot(), isCausal: isCausal)
    let ranges = call.queryRanges(threads: TensorEnvironment.current.threads)
    let products = 4 * Double(count) * Double(keys.shape[1])
    try OperationProfile.measure(.attention, operations: products) { () throws(TensorError) in
      try unsafe Parallel.forEachPiece(of: shape[0] * heads * ranges, scratch: call.scratchCount) { piece, scratch in
        let (item, range) = piece.quotientAndRemainder(dividingBy: ranges)
        let length = shape[1]
        unsafe call.run(
          row: item / heads, head: item % heads, queries: length * range / ranges..<length * (range + 1) / ranges,
          into: output, scratch: scratch)
      }
    }
    return result
  }
}

/// The tensors and sizes of one attention, all checked and contiguous.
private struct AttentionCall {
  let query: Tensor
  let keys: Tensor
  let values: Tensor
  let heads: Int
  let size: Int
  let scale: Float
  let isCausal: Bool

  private static let panel = PackedProduct.panel
  /// Queries whose scores are held at a time.
  private static let queryBlock = 48
  /// 1 / ln 2: weights are computed as powers of two.
  private static let perLogarithm: Float = 1.442_695_04

  private var length: Int { query.shape[1] }
  private var seen: Int { keys.shape[1] }
  private var width: Int { heads * size }
  /// Keys of one block: packed keys and values and a block of scores stay in the second cache.
  private var keyBlock: Int { min(Self.padded(seen), max(64, min(512, 40_000 / size / 16 * 16))) }
  /// The most queries of one piece: their scaled copies stay in the second cache, too.
  private var mostQueries: Int { max(Self.queryBlock, 65_536 / size / Self.queryBlock * Self.queryBlock) }

  /// Floats between rows of scores: not a power of two, so that rows do not fall on the same places of the caches.
  private var scoreStride: Int { keyBlock + Self.panel }

  private static func padded(_ count: Int) -> Int { (count + panel - 1) / panel * panel }

  /// Pieces that the queries of one head are shared out in.
  func queryRanges(threads: Int) -> Int {
    let least = (length + mostQueries - 1) / mostQueries
    let wanted = (4 * threads + query.shape[0] * heads - 1) / (query.shape[0] * heads)
    return max(least, min(wanted, (length + Self.queryBlock - 1) / Self.queryBlock))
  }

  /// Floats that one piece works in.
  var scratchCount: Int {
    keyBlock * (size + Self.padded(size)) + Self.queryBlock * scoreStride + mostQueries * (size + 2) + 2
      * Self.queryBlock
  }

  /// Attention of one head for a range of queries.
  func run(
    row: Int, head: Int, queries: Range<Int>, into result: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>
  ) {
    let packedKeys = unsafe scratch
    let packedValues = unsafe packedKeys + keyBlock * size
    let scores = unsafe packedValues + keyBlock * Self.padded(size)
    let scaled = unsafe scores + Self.queryBlock * scoreStride
    let maxima = unsafe scaled + mostQueries * size
    let sums = unsafe maxima + mostQueries
    let pointers = unsafe sums + mostQueries
    let first = (row * length + queries.lowerBound) * width + head * size
    unsafe moon_scale_block(
      scaled, size, query.floatPointer + first, width, queries.count, size, scale * Self.perLogarithm)
    unsafe maxima.update(repeating: -.infinity, count: queries.count)
    unsafe sums.update(repeating: 0, count: queries.count)
    let last = isCausal ? min(seen, queries.upperBound) : seen
    for start in stride(from: 0, to: last, by: keyBlock) {
      let count = min(keyBlock, seen - start)
      let other = (row * seen + start) * width + head * size
      unsafe moon_pack_columns(
        packedKeys, keys.floatPointer + other, Int32(moon_float32), width, count, size, 1)
      unsafe moon_pack_rows(packedValues, values.floatPointer + other, Int32(moon_float32), width, size, count)
      for block in stride(from: 0, to: queries.count, by: Self.queryBlock) {
        let rows = min(Self.queryBlock, queries.count - block)
        let visible = isCausal ? queries.lowerBound + block - start + 1 : count
        let output = unsafe result + first + block * width
        unsafe pointers.withMemoryRebound(to: UnsafePointer<Float>?.self, capacity: rows) { pointers in
          for line in 0..<rows { unsafe pointers[line] = UnsafePointer(scaled + (block + line) * size) }
          // Whole panels: the columns past the last key are not looked at.
          unsafe moon_product(
            scores, scoreStride, pointers, rows, 1, size, packedKeys, Int32(moon_float32), nil, Self.padded(count), 0)
          unsafe moon_softmax_block(
            scores, scoreStride, rows, count, visible, isCausal ? 1 : 0, maxima + block, sums + block, output, width,
            start == 0 ? 0 : size)
          for line in 0..<rows { unsafe pointers[line] = UnsafePointer(scores + line * scoreStride) }
          unsafe moon_product(
            output, width, pointers, rows, 1, count, packedValues, Int32(moon_float32), nil, size, start == 0 ? 0 : 1)
        }
      }
    }
    unsafe moon_divide_rows(result + first, width, queries.count, size, sums)
  }
}
