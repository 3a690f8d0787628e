internal import CMoonKernels

extension Tensor {
  /// The matrix product, as `torch.matmul`: of two vectors a number, of a matrix and a vector a vector, of stacks of
  /// matrices a stack, whose leading dimensions broadcast.
  ///
  /// - Parameter other: The right factor; its last dimension but one (its only one, for a vector) has the size of this
  ///   tensor's last.
  /// - Returns: `[..., rows, columns]`, without the dimension that a vector lacks.
  /// - Throws: `TensorError.badArgument`, `.notBroadcastable`, `.badShape`, `.outOfBudget`,
  ///   `.interrupted`.
  public func matmul(_ other: Tensor) throws(TensorError) -> Tensor {
    guard rank > 0, other.rank > 0 else {
      throw .badArgument(operation: "matmul", argument: 1, detail: "a factor has no dimensions")
    }
    let left = rank == 1 ? try unsqueezed(0) : self
    let right = other.rank == 1 ? try other.unsqueezed(1) : other
    guard left.shape.last == right.shape[right.rank - 2] else {
      throw .badArgument(
        operation: "matmul", argument: 1,
        detail: "rows of \(left.shape.last ?? 0) elements do not fit columns of \(right.shape[right.rank - 2])")
    }
    let product = try MatrixStack.product(left, right)
    var wanted = product.shape
    if other.rank == 1 { wanted.removeLast() }
    if rank == 1 { wanted.remove(at: wanted.count - (other.rank == 1 ? 1 : 2)) }
    return try product.reshaped(to: wanted)
  }
}

/// A tensor as a stack of matrices, its last two dimensions, that BLAS can read where they lie.
private struct MatrixStack {
  private let tensor: Tensor
  private let rows: Int
  private let columns: Int
  /// Whether the matrices lie column by column.
  private let isTransposed: Bool
  /// Distance of two rows, or of two columns of a transposed matrix.
  private let lead: Int

  /// `tensor`, copied unless one of its last two dimensions is dense and the other's stride steps over it: BLAS would
  /// read beyond the memory of an expanded matrix.
  init(_ tensor: Tensor, allowsTransposed: Bool) throws(TensorError) {
    rows = tensor.shape[tensor.rank - 2]
    columns = tensor.shape[tensor.rank - 1]
    let (rowStride, columnStride) = (tensor.strides[tensor.rank - 2], tensor.strides[tensor.rank - 1])
    if Self.liesByRows(tensor) {
      (self.tensor, isTransposed, lead) = (tensor, false, rows <= 1 ? columns : rowStride)
    } else if allowsTransposed, Self.liesByColumns(tensor) {
      (self.tensor, isTransposed, lead) = (tensor, true, columns <= 1 ? rows : columnStride)
    } else {
      (self.tensor, isTransposed, lead) = (try tensor.copied(), false, columns)
    }
  }

  private static func liesByRows(_ tensor: Tensor) -> Bool {
    let (rows, columns) = (tensor.shape[tensor.rank - 2], tensor.shape[tensor.rank - 1])
    return tensor.dtype == .float32 && (columns <= 1 || tensor.strides[tensor.rank - 1] == 1)
      && (rows <= 1 || tensor.strides[tensor.rank - 2] >= max(columns, 1))
  }

  private static func liesByColumns(_ tensor: Tensor) -> Bool {
    let (rows, columns) = (tensor.shape[tensor.rank - 2], tensor.shape[tensor.rank - 1])
    return tensor.dtype == .float32 && (rows <= 1 || tensor.strides[tensor.rank - 2] == 1)
      && (columns <= 1 || tensor.strides[tensor.rank - 1] >= max(rows, 1))
  }

  /// Products of all pairs of matrices, the stacks broadcast.
  static func product(_ left: Tensor, _ right: Tensor) throws(TensorError) -> Tensor {
    let (depth, columns) = (right.shape[right.rank - 2], right.shape[right.rank - 1])
    if right.rank == 2 && left.rank > 2 && left.isContiguous {
      // One matrix on the right: the stack on the left is one tall matrix.
      let rows = left.shape.dropLast().reduce(1, &*)
      let flat = try product(left.reshaped(to: [rows, depth]), right)
      return try flat.reshaped(to: left.shape.dropLast() + [columns])
    }
    if !liesByRows(left), liesByColumns(left), liesByColumns(right) || right.count < left.count {
      // (a b)^T = b^T a^T: the larger factor is not copied.
      return try product(right.transposed(-1, -2), left.transposed(-1, -2)).transposed(-1, -2)
    }
    let rows = left.shape[left.rank - 2]
    let stack = try Shape.broadcast(Array(left.shape.dropLast(2)), Array(right.shape.dropLast(2)))
    let result = try Tensor(uninitialized: stack + [rows, columns])
    if result.count == 0 { return result }
    if depth == 0 { return try Tensor.zeros(result.shape) }
    if rows == 1 && columns == 1 {
      try dots(left, right, stack: stack, into: result)
    } else {
      let a = try MatrixStack(left, allowsTransposed: false)
      let b = try MatrixStack(right, allowsTransposed: true)
      try multiply(a, b, stack: stack, into: result)
    }
    return result
  }

  /// Distance between neighbours of each dimension of `stack`, for the matrices of `tensor`.
  private static func stackStrides(of tensor: Tensor, stack: [Int]) -> [Int] {
    let outer = Tensor(
      shape: Array(tensor.shape.dropLast(2)), strides: Array(tensor.strides.dropLast(2)), offset: 0,
      dtype: tensor.dtype, storage: tensor.storage)
    return outer.broadcastStrides(to: stack)
  }

  /// Rows times columns: sums in double precision.
  private static func dots(
    _ left: Tensor, _ right: Tensor, stack: [Int], into result: Tensor
  ) throws(TensorError) {
    let (left, right) = (try left.widened(), try right.widened())
    let depth = left.shape[left.rank - 1]
    let walk = TensorWalk(
      shape: stack, strides: [stackStrides(of: left, stack: stack), stackStrides(of: right, stack: stack)])
    let (leftStride, rightStride) = (left.strides[left.rank - 1], right.strides[right.rank - 2])
    let chunk = Parallel.elementsPerRange
    let chunkCount = (depth - 1) / chunk + 1
    guard let destination = unsafe result.mutableFloats.baseAddress else { return }
    let (from, with) = unsafe (left.floatPointer, right.floatPointer)
    let environment = TensorEnvironment.current
    let grain = max(1, chunk / depth)
    if chunkCount == 1 {
      try Parallel.forEachRange(of: walk.count, grain: grain, asking: environment) { range in
        for index in range {
          let (leftStart, rightStart) = walk.offsets(at: index)
          unsafe destination[index] = Float(
            moon_dot_run(from + leftStart, leftStride, with + rightStart, rightStride, depth))
        }
      }
    } else {
      for index in 0..<walk.count {
        let (leftStart, rightStart) = walk.offsets(at: index)
        unsafe destination[index] = Float(
          try dot(from + leftStart, leftStride, with + rightStart, rightStride, depth, environment))
      }
    }
    extendLifetime((left, right))
  }

  /// A long sum of products, in pieces that depend on its length alone.
  private static func dot(
    _ left: UnsafePointer<Float>, _ leftStride: Int, _ right: UnsafePointer<Float>, _ rightStride: Int, _ count: Int,
    _ environment: TensorEnvironment
  ) throws(TensorError) -> Double {
    let chunk = Parallel.elementsPerRange
    var pieces = [Double](repeating: 0, count: (count - 1) / chunk + 1)
    try unsafe pieces.withUnsafeMutableBufferPointer { (pieces) throws(TensorError) in
      nonisolated(unsafe) let pieces = unsafe pieces
      try unsafe Parallel.forEachRange(of: pieces.count, grain: 1, asking: environment) { range in
        for piece in range {
          let start = piece * chunk
          unsafe pieces[piece] = moon_dot_run(
            left + start * leftStride, leftStride, right + start * rightStride, rightStride,
            min(chunk, count - start))
        }
      }
    }
    return pieces.reduce(0, +)
  }

  /// The most terms that one call of BLAS adds up: a call ends within milliseconds, and more are added by the next.
  private static let deepest = 4096

  /// Sizes from which on it pays to pack the right side for all rows.
  private static let leastPackedRows = 192, leastPackedColumns = 64, leastPackedDepth = 64

  /// Whether each product is large enough to be packed.
  private static func isPacked(_ a: MatrixStack, _ b: MatrixStack) -> Bool {
    a.rows >= leastPackedRows && b.columns >= leastPackedColumns && leastPackedDepth...deepest ~= b.rows
      && (!b.isTransposed || b.lead == b.rows)
  }

  /// One product after the other, each by all threads.
  private static func multiplyPacked(
    _ a: MatrixStack, _ b: MatrixStack, _ walk: TensorWalk, into result: Tensor
  ) throws(TensorError) {
    guard let destination = unsafe result.mutableFloats.baseAddress else { return }
    let from = unsafe a.tensor.floatPointer
    let (rows, columns) = (a.rows, b.columns)
    for index in 0..<walk.count {
      let (leftStart, rightStart) = walk.offsets(at: index)
      let right = Tensor(
        shape: [columns, b.rows], strides: [b.rows, 1], offset: b.tensor.offset + rightStart, dtype: .float32,
        storage: b.tensor.storage)
      try unsafe PackedProduct(
        weight: right, rows: rows, columns: columns, taps: 1, depth: b.rows,
        columnStride: b.isTransposed ? nil : b.lead
      ).run(
        point: { range, pointers in
          for (place, row) in range.enumerated() { unsafe pointers[place] = from + leftStart + row * a.lead }
        },
        { piece, _ in
          unsafe piece.multiply(
            into: destination + (index * rows + piece.rows.lowerBound) * columns + piece.columns.lowerBound,
            stride: columns)
        })
    }
    extendLifetime(a.tensor)
  }

  private static func multiply(
    _ a: MatrixStack, _ b: MatrixStack, stack: [Int], into result: Tensor
  ) throws(TensorError) {
    let (rows, columns, depth) = (a.rows, b.columns, b.rows)
    let walk = TensorWalk(
      shape: stack, strides: [stackStrides(of: a.tensor, stack: stack), stackStrides(of: b.tensor, stack: stack)])
    if isPacked(a, b) { return try multiplyPacked(a, b, walk, into: result) }
    guard let destination = unsafe result.mutableFloats.baseAddress else { return }
    let (from, with) = unsafe (a.tensor.floatPointer, b.tensor.floatPointer)
    let environment = TensorEnvironment.current
    let tile = MatrixProduct.Tile(m: rows, n: columns, k: min(depth, deepest))
    let work = min(rows, tile.m) * min(columns, tile.n) * min(depth, deepest)
    let grain = max(1, (1 << 18) / max(work, 1))
    for first in stride(from: 0, to: depth, by: deepest) {
      let terms = min(deepest, depth - first)
      try Parallel.forEachRange(of: walk.count * tile.count, grain: grain, asking: environment) { range in
        for piece in range {
          let (index, part) = piece.quotientAndRemainder(dividingBy: tile.count)
          let (rowRange, columnRange) = tile[part]
          let (leftStart, rightStart) = walk.offsets(at: index)
          let (row, column) = (rowRange.lowerBound, columnRange.lowerBound)
          let inRight = b.isTransposed ? column * b.lead + first : first * b.lead + column
          unsafe MatrixProduct.block(
            from + leftStart + row * a.lead + first, stride: a.lead, with + rightStart + inRight, stride: b.lead,
            isTransposed: b.isTransposed, into: destination + (index * rows + row) * columns + column,
            stride: columns, m: rowRange.count, n: columnRange.count, k: terms, beta: first == 0 ? 0 : 1)
        }
      }
    }
    extendLifetime((a.tensor, b.tensor))
  }
}

extension TensorWalk {
  /// Where the first two operands stand at row-major position `position`.
  fileprivate func offsets(at position: Int) -> (Int, Int) {
    var (rest, first, second) = (position, 0, 0)
    for dimension in (0..<rank).reversed() {
      let index = rest % size(dimension)
      rest /= size(dimension)
      first += index * stride(0, dimension)
      second += index * stride(1, dimension)
    }
    return (first, second)
  }
}
