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
    let (batch, length, width, seen) = (shape[0], shape[1], shape[2], keys.shape[1])
    let size = width / heads
    let result = try Tensor(uninitialized: shape)
    guard result.count > 0, let to = unsafe result.mutableFloats.baseAddress else { return result }
    let factor = scale ?? 1 / Float(size).squareRoot()
    let (query, key, value) = (try contiguous(), try keys.contiguous(), try values.contiguous())
    let queryBlock = 64
    let keyBlock = min(seen, 512)
    let blocks = (length + queryBlock - 1) / queryBlock
    try unsafe Parallel.forEachPiece(of: batch * heads * blocks, scratch: queryBlock * (keyBlock + size + 3)) {
      piece, scratch in
      let (item, block) = piece.quotientAndRemainder(dividingBy: blocks)
      let (row, head) = item.quotientAndRemainder(dividingBy: heads)
      let first = block * queryBlock
      let rows = min(queryBlock, length - first)
      let scores = unsafe scratch + queryBlock * size
      let maxima = unsafe scores + queryBlock * keyBlock
      let sums = unsafe maxima + queryBlock
      let factors = unsafe sums + queryBlock
      let place = (row * length + first) * width + head * size
      let output = unsafe to + place
      for line in 0..<rows {
        unsafe maxima[line] = -.infinity
        unsafe sums[line] = 0
        for column in 0..<size {
          unsafe scratch[line * size + column] = query.floatPointer[place + line * width + column] * factor
          unsafe output[line * width + column] = 0
        }
      }
      let last = isCausal ? min(seen, first + rows) : seen
      for start in stride(from: 0, to: last, by: keyBlock) {
        let columns = min(keyBlock, seen - start)
        let other = (row * seen + start) * width + head * size
        unsafe MatrixProduct.block(
          scratch, stride: size, key.floatPointer + other, stride: width, isTransposed: true, into: scores,
          stride: keyBlock, m: rows, n: columns, k: size)
        unsafe moon_softmax_block(
          scores, keyBlock, rows, columns, isCausal ? first - start + 1 : columns, isCausal ? 1 : 0, 1, maxima, sums,
          factors)
        unsafe moon_multiply_rows(output, width, rows, size, factors)
        unsafe MatrixProduct.block(
          scores, stride: keyBlock, value.floatPointer + other, stride: width, isTransposed: false, into: output,
          stride: width, m: rows, n: size, k: columns, beta: 1)
      }
      for line in 0..<rows { unsafe factors[line] = 1 / sums[line] }
      unsafe moon_multiply_rows(output, width, rows, size, factors)
    }
    return result
  }
}
