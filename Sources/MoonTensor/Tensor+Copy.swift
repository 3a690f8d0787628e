internal import CMoonKernels

extension Tensor {
  /// Writes the elements of `source`, which has this shape, to this contiguous float32 tensor, which is nobody else's.
  func write(_ source: Tensor) throws(TensorError) {
    guard let destination = unsafe mutableFloats.baseAddress else { return }
    try unsafe source.copyElements(to: destination, strides: strides)
  }

  /// Writes the elements to `destination`, spaced by `destinationStrides`; the caller has checked that all of them lie
  /// in memory that is its own.
  func copyElements(
    to destination: UnsafeMutablePointer<Float>, strides destinationStrides: [Int]
  ) throws(TensorError) {
    let walk = TensorWalk(shape: shape, strides: [destinationStrides, strides])
    if walk.count == 0 { return }
    defer { extendLifetime(storage) }
    if dtype != .float32 {
      let isHalf = dtype == .float16
      let from = unsafe storage.base.assumingMemoryBound(to: UInt16.self) + offset
      try Self.forEachElementRange(of: walk.count) { range in
        unsafe moon_widen_walk(destination, from, walk.layout, range.lowerBound, range.upperBound, isHalf)
      }
      return
    }
    let from = unsafe floatPointer
    if let transposition = Transposition(walk) {
      try Self.forEachShare(of: transposition.tileCount, grain: 1) { range in
        for tile in range { unsafe transposition.copyTile(tile, of: walk, from: from, to: destination) }
      }
    } else {
      try Self.forEachElementRange(of: walk.count) { range in
        unsafe moon_copy_walk(destination, from, walk.layout, range.lowerBound, range.upperBound)
      }
    }
  }
}

/// A copy whose destination is dense along the last dimension and whose source is dense along another one: it goes tile
/// by tile, or else each element would fetch its own line of the cache.
private struct Transposition {
  /// The dimension along which the source is dense.
  let dimension: Int
  /// Tiles of the whole copy.
  let tileCount: Int
  private let rowsPerTile = 64
  private let columnsPerTile = 1024
  private let rowTiles: Int
  private let columnTiles: Int

  /// The tiles of `walk` (destination, then source), or nil when the plain walk is as good.
  init?(_ walk: TensorWalk) {
    let last = walk.rank - 1
    guard walk.count >= 4096, walk.stride(0, last) == 1, walk.stride(1, last) >= 8, walk.size(last) >= 8,
      let dimension = (0..<last).last(where: { walk.stride(1, $0) == 1 && walk.size($0) >= 8 })
    else { return nil }
    self.dimension = dimension
    rowTiles = (walk.size(dimension) - 1) / rowsPerTile + 1
    columnTiles = (walk.size(last) - 1) / columnsPerTile + 1
    tileCount = walk.count / (walk.size(dimension) * walk.size(last)) * rowTiles * columnTiles
  }

  /// Copies tile `tile`.
  func copyTile(
    _ tile: Int, of walk: TensorWalk, from source: UnsafePointer<Float>, to destination: UnsafeMutablePointer<Float>
  ) {
    let last = walk.rank - 1
    var rest = tile
    let column = rest % columnTiles * columnsPerTile
    rest /= columnTiles
    let row = rest % rowTiles * rowsPerTile
    rest /= rowTiles
    var (to, from) = (column, column * walk.stride(1, last))
    for outer in (0..<last).reversed() where outer != dimension {
      let index = rest % walk.size(outer)
      rest /= walk.size(outer)
      to += index * walk.stride(0, outer)
      from += index * walk.stride(1, outer)
    }
    unsafe moon_copy_transposed(
      destination + to, walk.stride(0, dimension), source + from, walk.stride(1, last),
      min(columnsPerTile, walk.size(last) - column), row, min(row + rowsPerTile, walk.size(dimension)))
  }
}
