internal import CMoonKernels

/// One reduction: which dimensions go, which stay, and how the work is cut.
///
/// The cut depends on the shape alone, never on the number of threads, so that sums come out the same everywhere. Where
/// one result takes more than one piece, the pieces' results are put together in order afterwards.
struct Reduction {
  /// The shape of the result.
  let resultShape: [Int]
  /// Elements that become one.
  let reducedCount: Int
  private let source: Tensor
  private let kept: TensorWalk
  private let reduced: TensorWalk
  /// Results of one piece of work, and elements of each of them.
  private let block: Int
  private let chunk: Int
  /// Pieces a result is made of.
  private let chunkCount: Int

  /// A reduction of `source` over `dimensions`, nil and none for all of them.
  init(_ source: Tensor, along dimensions: [Int]?, keepDimensions: Bool, operation: String) throws(TensorError) {
    self.source = try source.widened()
    let shape = source.shape
    let isReduced = try Self.marks(dimensions, rank: shape.count, operation: operation)
    resultShape =
      keepDimensions
      ? shape.indices.map { isReduced[$0] ? 1 : shape[$0] }
      : shape.indices.filter { !isReduced[$0] }.map { shape[$0] }
    kept = Self.walk(self.source, shape.indices.filter { !isReduced[$0] })
    reduced = Self.walk(self.source, shape.indices.filter { isReduced[$0] })
    reducedCount = reduced.count
    (block, chunk) = Self.cut(kept, reduced)
    chunkCount = reducedCount == 0 ? 1 : (reducedCount - 1) / chunk + 1
  }

  /// Results and elements of one piece. Where rows of the source go into rows of results, a piece takes long parts of
  /// them, as memory likes it, and few rows rather than few columns.
  private static func cut(_ kept: TensorWalk, _ reduced: TensorWalk) -> (block: Int, chunk: Int) {
    let size = Parallel.elementsPerRange
    let count = max(reduced.count, 1)
    let few = max(1, min(4096, size / count))
    let row = kept.size(kept.rank - 1)
    if kept.stride(0, kept.rank - 1) < reduced.stride(0, reduced.rank - 1) && row >= 4 {
      let block = max(few, min(4096, row))
      return (block, block * count <= 4 * size ? count : max(16, 4 * size / block))
    }
    if count <= 4096 { return (few, count) }
    let block = min(256, max(row, 1))
    return (block, max(4096, size / block))
  }

  private static func walk(_ source: Tensor, _ dimensions: [Int]) -> TensorWalk {
    TensorWalk(shape: dimensions.map { source.shape[$0] }, strides: [dimensions.map { source.strides[$0] }])
  }

  /// Which of `rank` dimensions are reduced.
  private static func marks(_ dimensions: [Int]?, rank: Int, operation: String) throws(TensorError) -> [Bool] {
    guard let dimensions, !dimensions.isEmpty else { return [Bool](repeating: true, count: rank) }
    var marks = [Bool](repeating: false, count: max(rank, 1))
    for given in dimensions {
      let dimension = try Shape.normalized(given, rank: rank, operation: operation)
      if marks[dimension] {
        throw .badArgument(operation: operation, argument: 1, detail: "dimension \(given) appears twice")
      }
      marks[dimension] = true
    }
    return Array(marks.prefix(rank))
  }

  /// Reduces by `kind` and hands each result through `finish`.
  func run(
    _ kind: moon_reduction, power: Double = 0, finish: (Double) -> Float
  ) throws(TensorError) -> Tensor {
    try run(kinds: [kind], power: power) { values in finish(values) }
  }

  /// The sum of squared distances from the mean, handed through `finish`.
  func runSpread(finish: (Double) -> Float) throws(TensorError) -> Tensor {
    try run(kinds: [.sum, .spread], power: 0, finish: finish)
  }

  /// Reduces by each of `kinds` in turn; what comes out, divided by the count, is the centre of the next.
  private func run(
    kinds: [moon_reduction], power: Double, finish: (Double) -> Float
  ) throws(TensorError) -> Tensor {
    if reducedCount == 0 { return try Tensor.full(resultShape, value: finish(0)) }
    let result = try Tensor(uninitialized: resultShape)
    let count = result.count
    guard count > 0, let results = unsafe result.mutableFloats.baseAddress else { return result }
    let environment = TensorEnvironment.current
    nonisolated(unsafe) let finish = finish
    if chunkCount == 1 {
      let blocks = (count - 1) / block + 1
      try Parallel.forEachRange(of: blocks, grain: 1, asking: environment) { range in
        for index in range {
          let outputs = index * block..<min(count, index * block + block)
          let values = values(of: kinds, outputs: outputs, power: power)
          for (offset, value) in values.enumerated() { unsafe results[outputs.lowerBound + offset] = finish(value) }
        }
      }
      return result
    }
    var centre: [Double] = []
    for kind in kinds {
      let values = try combined(kind, count: count, centre: centre, power: power, environment: environment)
      if kind == kinds.last {
        for index in 0..<count { unsafe results[index] = finish(values[index]) }
      } else {
        centre = values.map { $0 / Double(reducedCount) }
      }
    }
    return result
  }

  /// The results `outputs`, each made in one piece.
  private func values(of kinds: [moon_reduction], outputs: Range<Int>, power: Double) -> [Double] {
    var values: [Double] = []
    for kind in kinds {
      let centre = values.map { $0 / Double(reducedCount) }
      values = piece(kind, outputs: outputs, elements: 0..<reducedCount, centre: centre, power: power)
    }
    return values
  }

  /// Results made of several pieces.
  private func combined(
    _ kind: moon_reduction, count: Int, centre: [Double], power: Double, environment: TensorEnvironment
  ) throws(TensorError) -> [Double] {
    let blocks = (count - 1) / block + 1
    // From the pool: the system would clear pages for this much memory each time.
    let byteCount = count * chunkCount * MemoryLayout<Double>.size
    let memory = unsafe MemoryPool.shared.take(byteCount)
    defer { unsafe MemoryPool.shared.give(memory, byteCount) }
    let pieces = unsafe memory.bindMemory(to: Double.self, capacity: count * chunkCount)
    try Parallel.forEachRange(of: blocks * chunkCount, grain: 1, asking: environment) { range in
      for index in range {
        let (blockIndex, chunkIndex) = (index / chunkCount, index % chunkCount)
        let outputs = blockIndex * block..<min(count, blockIndex * block + block)
        let elements = chunkIndex * chunk..<min(reducedCount, chunkIndex * chunk + chunk)
        unsafe piece(
          kind, outputs: outputs, elements: elements, centre: centre.isEmpty ? [] : Array(centre[outputs]),
          power: power, into: pieces + chunkIndex * count + outputs.lowerBound)
      }
    }
    return unsafe [Double](unsafeUninitializedCapacity: count) { values, written in
      guard let values = values.baseAddress else { return }
      unsafe values.initialize(from: pieces, count: count)
      for chunkIndex in 1..<chunkCount { unsafe moon_reduce_pairs(kind, values, pieces + chunkIndex * count, count) }
      written = count
    }
  }

  /// `kind` over `elements` of the reduced positions, for each of `outputs`.
  private func piece(
    _ kind: moon_reduction, outputs: Range<Int>, elements: Range<Int>, centre: [Double], power: Double
  ) -> [Double] {
    unsafe [Double](unsafeUninitializedCapacity: outputs.count) { buffer, written in
      if let values = buffer.baseAddress {
        unsafe piece(kind, outputs: outputs, elements: elements, centre: centre, power: power, into: values)
        written = outputs.count
      }
    }
  }

  /// The same, written to `values`.
  private func piece(
    _ kind: moon_reduction, outputs: Range<Int>, elements: Range<Int>, centre: [Double], power: Double,
    into values: UnsafeMutablePointer<Double>
  ) {
    unsafe moon_reduce_walk(
      kind, values, source.floatPointer, kept.layout, outputs.lowerBound, outputs.upperBound, reduced.layout,
      elements.lowerBound, elements.upperBound, centre.isEmpty ? nil : centre, power)
  }
}
