/// Walks several operands of one shape row by row: the innermost run is handed to a vector loop, the outer dimensions
/// are counted here. Neighbouring dimensions that are contiguous in every operand are merged first.
package struct StridedRows {
  /// Elements of one row.
  package let innerCount: Int
  /// Stride of each operand inside a row.
  package let innerStrides: [Int]
  private let outerShape: [Int]
  private let outerStrides: [[Int]]
  private var index: [Int]
  private var starts: [Int]
  private var isDone: Bool
  private var sinceCheck = 0

  /// A walk over `shape`; `strides` holds one list an operand, each as long as `shape`.
  package init(shape: [Int], strides: [[Int]]) {
    var mergedShape: [Int] = []
    var mergedStrides = [[Int]](repeating: [], count: strides.count)
    for dimension in shape.indices where shape[dimension] != 1 {
      let size = shape[dimension]
      if let last = mergedShape.indices.last,
        strides.indices.allSatisfy({ mergedStrides[$0][last] == strides[$0][dimension] &* size })
      {
        mergedShape[last] &*= size
        for operand in strides.indices { mergedStrides[operand][last] = strides[operand][dimension] }
      } else {
        mergedShape.append(size)
        for operand in strides.indices { mergedStrides[operand].append(strides[operand][dimension]) }
      }
    }
    innerCount = mergedShape.last ?? 1
    innerStrides = mergedStrides.map { $0.last ?? 1 }
    outerShape = Array(mergedShape.dropLast())
    outerStrides = mergedStrides.map { Array($0.dropLast()) }
    index = [Int](repeating: 0, count: outerShape.count)
    starts = [Int](repeating: 0, count: strides.count)
    isDone = shape.contains(0)
  }

  /// True about once every 2^18 elements: the moment to ask whether to stop.
  package var isCheckpoint: Bool { sinceCheck == 0 }

  /// The first element of the next row in each operand, in elements from the operand's own start.
  package mutating func next() -> [Int]? {
    if isDone { return nil }
    let current = starts
    sinceCheck &+= innerCount
    if sinceCheck >= 1 << 18 { sinceCheck = 0 }
    var dimension = outerShape.count - 1
    while dimension >= 0 {
      index[dimension] += 1
      if index[dimension] < outerShape[dimension] {
        for operand in starts.indices { starts[operand] &+= outerStrides[operand][dimension] }
        return current
      }
      for operand in starts.indices {
        starts[operand] &-= outerStrides[operand][dimension] &* (outerShape[dimension] - 1)
      }
      index[dimension] = 0
      dimension -= 1
    }
    isDone = true
    return current
  }
}
