import MoonTensor
import Testing

/// Sizes around and beside the blocks that kernels work in.
struct LinearCase: Sendable, CustomTestStringConvertible {
  let shape: [Int]
  let outputs: Int
  var testDescription: String { "\(shape) -> \(outputs)" }
}

@Suite("Linear layer") struct LinearLayerTests {
  static let cases: [LinearCase] = [
    LinearCase(shape: [0, 5], outputs: 3), LinearCase(shape: [1, 1], outputs: 1),
    LinearCase(shape: [2, 3], outputs: 0), LinearCase(shape: [3, 7], outputs: 5),
    LinearCase(shape: [1, 320], outputs: 129), LinearCase(shape: [2, 77, 33], outputs: 65),
    LinearCase(shape: [5, 1], outputs: 17), LinearCase(shape: [6, 16], outputs: 16),
    LinearCase(shape: [7, 600], outputs: 31), LinearCase(shape: [1030, 9], outputs: 140),
    LinearCase(shape: [13, 257], outputs: 100), LinearCase(shape: [64, 64], outputs: 64),
    LinearCase(shape: [4, 1030], outputs: 70), LinearCase(shape: [100, 700], outputs: 24),
  ]

  @Test("equals a plain loop with every storage of the weights", arguments: cases, DType.allCases)
  func plainLoop(_ sizes: LinearCase, dtype: DType) throws {
    var numbers = TestNumbers(seed: 1)
    let depth = sizes.shape.last ?? 0
    let x = try numbers.tensor(sizes.shape)
    let weight = try numbers.tensor([sizes.outputs, depth], dtype: dtype)
    let bias = try numbers.tensor([sizes.outputs], dtype: dtype)
    let outputShape: [Int] = sizes.shape.dropLast() + [sizes.outputs]
    let layer = try LinearLayer(weight: weight, bias: bias)
    try expectNear(
      layer(x), ReferenceLoops.linear(x, weight, bias, nil, .none), shape: outputShape,
      tolerance: 2e-6)  // float32 sums of up to 600 products
  }

  @Test("adds a residual before the activation", arguments: Activation.allCases, [1, 37, 300])
  func fused(activation: Activation, rows: Int) throws {
    var numbers = TestNumbers(seed: 2)
    let x = try numbers.tensor([rows, 24], scale: 3)
    let weight = try numbers.tensor([19, 24])
    let residual = try numbers.tensor([rows, 19])
    let layer = try LinearLayer(weight: weight, bias: nil)
    try expectNear(
      layer(x, activation: activation, adding: residual),
      ReferenceLoops.linear(x, weight, nil, residual, activation), shape: [rows, 19],
      tolerance: 2e-6)  // float32 sums of 24 products
  }

  @Test("gates the first half of its outputs by the second", arguments: [[1, 5], [7, 16], [200, 33], [0, 3]])
  func gated(shape: [Int]) throws {
    var numbers = TestNumbers(seed: 8)
    let x = try numbers.tensor(shape)
    let weight = try numbers.tensor([2 * 37, shape[1]], dtype: .float16)
    let bias = try numbers.tensor([2 * 37])
    for shift in [bias, nil] {
      let layer = try LinearLayer(weight: weight, bias: shift)
      let both = try ReferenceLoops.linear(x, weight, shift, nil, .none)
      let wanted = (0..<shape[0] * 37).map { place in
        let start = place / 37 * 74 + place % 37
        return both[start] * ReferenceLoops.activation(.gelu, both[start + 37])
      }
      try expectNear(
        layer.gatedGELU(x), wanted, shape: [shape[0], 37],
        tolerance: 2e-6)  // products of two float32 sums of 33 products
    }
    let odd = try LinearLayer(weight: numbers.tensor([3, 2]), bias: nil)
    #expect(throws: TensorError.badShape([3, 2], reason: "a gated GELU needs an even last size")) {
      try odd.gatedGELU(numbers.tensor([1, 2]))
    }
  }

  @Test("copies rows that would crowd each other out of the cache", arguments: [512, 1024, 1536])
  func crowded(depth: Int) throws {
    var numbers = TestNumbers(seed: 9)
    let x = try numbers.tensor([50, depth])
    let weight = try numbers.tensor([21, depth], scale: 0.1)
    try expectNear(
      LinearLayer(weight: weight, bias: nil)(x), ReferenceLoops.linear(x, weight, nil, nil, .none), shape: [50, 21],
      tolerance: 5e-6)  // float32 sums of up to 1536 products
  }

  @Test("takes strided and expanded inputs")
  func strided() throws {
    var numbers = TestNumbers(seed: 3)
    let base = try numbers.tensor([8, 6])
    let weight = try numbers.tensor([6, 10])
    let turned = Tensor(shape: [6, 8], strides: [1, 6], offset: 0, dtype: .float32, storage: base.storage)
    let expanded = Tensor(shape: [3, 6], strides: [0, 1], offset: 6, dtype: .float32, storage: base.storage)
    let narrow = Tensor(shape: [5, 8], strides: [10, 1], offset: 1, dtype: .float32, storage: weight.storage)
    for (x, w) in [(turned, narrow), (expanded, try numbers.tensor([4, 6]))] {
      let layer = try LinearLayer(weight: w, bias: nil)
      try expectNear(
        layer(x), ReferenceLoops.linear(x, w, nil, nil, .none), shape: [x.shape[0], w.shape[0]],
        tolerance: 1e-6)  // float32 sums of 8 products
    }
  }

  @Test("is the same bit for bit with one thread and two", arguments: [1, 77, 1000])
  func threads(rows: Int) throws {
    var numbers = TestNumbers(seed: 4)
    let x = try numbers.tensor([rows, 130])
    let layer = try LinearLayer(
      weight: numbers.tensor([270, 130], dtype: .float16), bias: numbers.tensor([270]))
    let results = try [1, 2].map { threads in
      try TensorEnvironment.$current.withValue(TensorEnvironment(threads: threads)) {
        try layer(x, activation: .gelu).floats()
      }
    }
    #expect(results[0] == results[1])
  }

  @Test("ends at once when asked to stop")
  func stops() throws {
    var numbers = TestNumbers(seed: 5)
    let x = try numbers.tensor([64, 64])
    let layer = try LinearLayer(weight: numbers.tensor([64, 64]), bias: nil)
    #expect(throws: TensorError.interrupted) {
      try TensorEnvironment.$current.withValue(TensorEnvironment(threads: 2, shouldStop: { true })) { try layer(x) }
    }
  }

  @Test("refuses shapes that do not fit")
  func refusals() throws {
    let layer = try LinearLayer(weight: Tensor(repeating: 0, shape: [3, 4]), bias: nil)
    #expect(throws: TensorError.shapeMismatch(operation: "linear layer", found: [2, 5], wanted: [4])) {
      try layer(Tensor(repeating: 0, shape: [2, 5]))
    }
    #expect(throws: TensorError.shapeMismatch(operation: "linear layer", found: [2], wanted: [3])) {
      try LinearLayer(weight: Tensor(repeating: 0, shape: [3, 4]), bias: Tensor(repeating: 0, shape: [2]))
    }
    #expect(throws: TensorError.shapeMismatch(operation: "linear layer", found: [2, 4], wanted: [2, 3])) {
      try layer(Tensor(repeating: 0, shape: [2, 4]), adding: Tensor(repeating: 0, shape: [2, 4]))
    }
  }
}

@Suite("Matrix product") struct MatrixProductTests {
  @Test(
    "equals a plain loop, whichever way the matrices lie",
    arguments: [[1, 1, 1], [3, 5, 7], [70, 33, 130], [2, 0, 3]],
    DType.allCases)
  func plainLoop(sizes: [Int], dtype: DType) throws {
    let (m, k, n) = (sizes[0], sizes[1], sizes[2])
    var numbers = TestNumbers(seed: 6)
    let left = try numbers.tensor([2, m, k], dtype: dtype)
    let right = try numbers.tensor([2, k, n], dtype: dtype)
    let turnedLeft = try turned(left)
    let turnedRight = try turned(right)
    let (a, b) = try (ReferenceLoops.doubles(left), ReferenceLoops.doubles(right))
    var wanted: [Double] = []
    for item in 0..<2 {
      for row in 0..<m {
        for column in 0..<n {
          wanted.append((0..<k).reduce(0) { $0 + a[(item * m + row) * k + $1] * b[(item * k + $1) * n + column] })
        }
      }
    }
    for (x, y) in [(left, right), (turnedLeft, right), (left, turnedRight), (turnedLeft, turnedRight)] {
      try expectNear(
        MatrixProduct.batched(x, y), wanted, shape: [2, m, n], tolerance: 1e-6)  // float32 sums of 33 products
    }
  }

  @Test("repeats a broadcast batch")
  func broadcast() throws {
    var numbers = TestNumbers(seed: 7)
    let left = try numbers.tensor([3, 4, 5])
    let right = try numbers.tensor([1, 5, 6])
    let repeated = Tensor(shape: [3, 5, 6], strides: [0, 6, 1], offset: 0, dtype: .float32, storage: right.storage)
    #expect(
      try MatrixProduct.batched(left, repeated).floats() == MatrixProduct.batched(left, repeated.copied()).floats())
  }

  /// The same matrices stored column by column.
  private func turned(_ tensor: Tensor) throws -> Tensor {
    let (rows, columns) = (tensor.shape[1], tensor.shape[2])
    let copy = try Tensor(
      shape: [2, columns, rows], strides: [rows * columns, 1, columns], offset: 0, dtype: tensor.dtype,
      storage: tensor.storage
    ).copied().converted(to: tensor.dtype)
    return Tensor(
      shape: [2, rows, columns], strides: [rows * columns, 1, rows], offset: 0, dtype: copy.dtype,
      storage: copy.storage)
  }
}
