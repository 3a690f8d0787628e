import MoonTensor
import Testing

struct ConvolutionCase: Sendable, CustomTestStringConvertible {
  let picture: [Int]
  let outputs: Int
  let kernel: [Int]
  var stride = 1
  var padding = Padding(1)
  var testDescription: String { "\(picture) -> \(outputs), \(kernel), stride \(stride), \(padding)" }
}

@Suite("Convolution layer") struct ConvolutionLayerTests {
  static let cases: [ConvolutionCase] = [
    ConvolutionCase(picture: [0, 4, 4, 3], outputs: 2, kernel: [3, 3]),
    ConvolutionCase(picture: [1, 1, 1, 1], outputs: 1, kernel: [3, 3]),
    ConvolutionCase(picture: [1, 5, 7, 4], outputs: 37, kernel: [3, 3]),
    ConvolutionCase(picture: [2, 8, 8, 16], outputs: 16, kernel: [3, 3]),
    ConvolutionCase(picture: [1, 17, 13, 37], outputs: 20, kernel: [3, 3]),
    ConvolutionCase(picture: [1, 32, 32, 8], outputs: 24, kernel: [3, 3]),
    ConvolutionCase(picture: [3, 9, 6, 5], outputs: 7, kernel: [3, 3], padding: Padding(0)),
    ConvolutionCase(picture: [2, 7, 9, 6], outputs: 5, kernel: [3, 3], stride: 2),
    ConvolutionCase(
      picture: [1, 8, 8, 6], outputs: 9, kernel: [3, 3], stride: 2,
      padding: Padding(top: 0, left: 0, bottom: 1, right: 1)),
    ConvolutionCase(
      picture: [1, 6, 5, 3], outputs: 4, kernel: [3, 3], padding: Padding(top: 2, left: 0, bottom: 1, right: 3)),
    ConvolutionCase(picture: [2, 5, 4, 33], outputs: 12, kernel: [1, 1], padding: Padding(0)),
    ConvolutionCase(picture: [1, 6, 6, 5], outputs: 4, kernel: [1, 1], stride: 2, padding: Padding(1)),
    ConvolutionCase(picture: [1, 28, 28, 3], outputs: 10, kernel: [14, 14], stride: 14, padding: Padding(0)),
    ConvolutionCase(picture: [1, 5, 6, 2], outputs: 3, kernel: [2, 5], padding: Padding(2)),
    ConvolutionCase(picture: [1, 4, 4, 3], outputs: 0, kernel: [3, 3]),
    ConvolutionCase(picture: [1, 40, 44, 64], outputs: 32, kernel: [3, 3]),
    // Large weights and more tiles than are transformed at a time.
    ConvolutionCase(picture: [1, 50, 54, 1400], outputs: 9, kernel: [3, 3]),
    // Many tiles: weights are transformed first.
    ConvolutionCase(picture: [2, 41, 43, 21], outputs: 83, kernel: [3, 3]),
  ]

  @Test("equals a plain loop with every storage of the weights", arguments: cases, DType.allCases)
  func plainLoop(_ sizes: ConvolutionCase, dtype: DType) throws {
    var numbers = TestNumbers(seed: 1)
    let x = try numbers.tensor(sizes.picture)
    let depth = sizes.picture[3] * sizes.kernel[0] * sizes.kernel[1]
    let weight = try numbers.tensor(
      [sizes.outputs, sizes.picture[3]] + sizes.kernel, scale: 1 / Float(depth).squareRoot(), dtype: dtype)
    let bias = try numbers.tensor([sizes.outputs], dtype: dtype)
    let layer = try ConvolutionLayer(weight: weight, bias: bias, stride: sizes.stride, padding: sizes.padding)
    let wanted = try ReferenceLoops.convolution(x, weight, bias, stride: sizes.stride, padding: sizes.padding)
    // Winograd's transforms multiply rounding errors; direct sums stay ten times closer.
    try expectNear(layer(x), wanted.values, shape: wanted.shape, tolerance: 2e-5)
  }

  @Test("adds a bias for each row of the batch and a residual", arguments: [3, 1], [5, 16])
  func fused(kernel: Int, channels: Int) throws {
    var numbers = TestNumbers(seed: 2)
    let x = try numbers.tensor([2, 16, 20, channels])
    let weight = try numbers.tensor([6, channels, kernel, kernel], scale: 0.2)
    let bias = try numbers.tensor([6])
    let rowBias = try numbers.tensor([2, 6])
    let residual = try numbers.tensor([2, 16, 20, 6])
    let padding = Padding(kernel / 2)
    let layer = try ConvolutionLayer(weight: weight, bias: bias, padding: padding)
    let wanted = try ReferenceLoops.convolution(
      x, weight, bias, stride: 1, padding: padding, rowBias: rowBias, residual: residual)
    try expectNear(
      layer(x, addingPerRow: rowBias, adding: residual), wanted.values, shape: wanted.shape,
      tolerance: 2e-5)  // as above
  }

  @Test("takes a picture stored channels first")
  func strided() throws {
    var numbers = TestNumbers(seed: 3)
    let base = try numbers.tensor([2, 6, 9, 10])
    let x = Tensor(
      shape: [2, 9, 10, 6], strides: [540, 10, 1, 90], offset: 0, dtype: .float32, storage: base.storage)
    let weight = try numbers.tensor([4, 6, 3, 3], scale: 0.2)
    let layer = try ConvolutionLayer(weight: weight, bias: nil, padding: Padding(1))
    let wanted = try ReferenceLoops.convolution(x, weight, nil, stride: 1, padding: Padding(1))
    try expectNear(layer(x), wanted.values, shape: wanted.shape, tolerance: 2e-5)  // as above
  }

  @Test("is the same bit for bit with one thread and two", arguments: [1, 2], [DType.float32, .bfloat16])
  func threads(stride: Int, dtype: DType) throws {
    var numbers = TestNumbers(seed: 4)
    let x = try numbers.tensor([2, 33, 31, 32])
    let layer = try ConvolutionLayer(
      weight: numbers.tensor([48, 32, 3, 3], dtype: dtype), bias: numbers.tensor([48]), stride: stride,
      padding: Padding(1))
    let results = try [1, 2].map { threads in
      try TensorEnvironment.$current.withValue(TensorEnvironment(threads: threads)) { try layer(x).floats() }
    }
    #expect(results[0] == results[1])
  }

  @Test("ends at once when asked to stop")
  func stops() throws {
    var numbers = TestNumbers(seed: 5)
    let x = try numbers.tensor([1, 24, 24, 16])
    let layer = try ConvolutionLayer(weight: numbers.tensor([16, 16, 3, 3]), bias: nil, padding: Padding(1))
    #expect(throws: TensorError.interrupted) {
      try TensorEnvironment.$current.withValue(TensorEnvironment(threads: 2, shouldStop: { true })) { try layer(x) }
    }
  }

  @Test("refuses shapes that do not fit")
  func refusals() throws {
    let layer = try ConvolutionLayer(
      weight: Tensor(repeating: 0, shape: [2, 3, 3, 3]), bias: nil, padding: Padding(0))
    #expect(throws: TensorError.shapeMismatch(operation: "convolution", found: [1, 4, 4, 2], wanted: [3])) {
      try layer(Tensor(repeating: 0, shape: [1, 4, 4, 2]))
    }
    #expect(
      throws: TensorError.badShape([1, 2, 4, 3], reason: "smaller than the convolution's window of 3 x 3")
    ) {
      try layer(Tensor(repeating: 0, shape: [1, 2, 4, 3]))
    }
    #expect(
      throws: TensorError.shapeMismatch(operation: "convolution row bias", found: [2, 2], wanted: [1, 2])
    ) {
      try layer(Tensor(repeating: 0, shape: [1, 4, 4, 3]), addingPerRow: Tensor(repeating: 0, shape: [2, 2]))
    }
    #expect(
      throws: TensorError.badArgument(operation: "convolution", argument: 3, detail: "stride 0 below 1")
    ) {
      try ConvolutionLayer(
        weight: Tensor(repeating: 0, shape: [2, 3, 3, 3]), bias: nil, stride: 0, padding: Padding(0))
    }
  }
}
