/// The layout of several operands of one shape for the C loops: neighbouring dimensions that are dense in every operand
/// are merged, dimensions of size 1 dropped, so that most walks have one dimension.
struct TensorWalk {
  /// The rank (at least 1), the sizes, then the strides of each operand, as `walk.h` describes.
  let layout: [Int]
  /// Elements of the shape.
  let count: Int

  /// A walk over `shape`; `strides` holds one list an operand, each as long as `shape`.
  init(shape: [Int], strides: [[Int]]) {
    var sizes: [Int] = []
    var merged = [[Int]](repeating: [], count: strides.count)
    var count = 1
    for dimension in shape.indices {
      let size = shape[dimension]
      count &*= size
      if size == 1 { continue }
      let last = sizes.count - 1
      if last >= 0, strides.indices.allSatisfy({ merged[$0][last] == strides[$0][dimension] &* size }) {
        sizes[last] &*= size
        for operand in strides.indices { merged[operand][last] = strides[operand][dimension] }
      } else {
        sizes.append(size)
        for operand in strides.indices { merged[operand].append(strides[operand][dimension]) }
      }
    }
    if sizes.isEmpty {
      sizes = [1]
      for operand in merged.indices { merged[operand] = [0] }
    }
    layout = [sizes.count] + sizes + merged.joined()
    self.count = count
  }

  /// Dimensions left after merging.
  var rank: Int { layout[0] }

  /// Size of merged dimension `dimension`.
  func size(_ dimension: Int) -> Int { layout[1 + dimension] }

  /// Stride of `operand` in merged dimension `dimension`.
  func stride(_ operand: Int, _ dimension: Int) -> Int { layout[1 + rank * (operand + 1) + dimension] }
}

extension Tensor {
  /// Strides of this tensor as seen from `shape`, to which it broadcasts: 0 in every repeated dimension.
  func broadcastStrides(to shape: [Int]) -> [Int] {
    if shape == self.shape { return strides }
    var result = [Int](repeating: 0, count: shape.count)
    let lead = shape.count - rank
    for dimension in self.shape.indices where self.shape[dimension] != 1 {
      result[lead + dimension] = strides[dimension]
    }
    return result
  }

  /// This tensor when it is float32, else a float32 copy.
  func widened() throws(TensorError) -> Tensor { dtype == .float32 ? self : try copied() }
}
