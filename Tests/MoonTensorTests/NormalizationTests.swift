import MoonTensor
import Testing

@Suite("Normalisation") struct NormalizationTests {
  @Test(
    "of groups equals a plain loop",
    arguments: [[0, 3, 3, 4], [1, 1, 4], [2, 5, 7, 12], [1, 300, 64], [3, 1, 1, 32], [2, 64, 33, 20]],
    [Activation.none, .silu])
  func groups(shape: [Int], activation: Activation) throws {
    var numbers = TestNumbers(seed: 1)
    let channels = shape[shape.count - 1]
    let x = try numbers.tensor(shape)
    let weight = try numbers.tensor([channels], dtype: .float16)
    let bias = try numbers.tensor([channels], dtype: .bfloat16)
    // A group of one value has no variance: 0 is left, times the rounding of 316 x - 316 x.
    for groups in [1, 2, channels] where shape.dropFirst().reduce(1, *) > groups {
      // Scale and shift are folded into one product and one sum of float32.
      try expectNear(
        x.groupNormalized(groups: groups, weight: weight, bias: bias, epsilon: 1e-5, activation: activation),
        ReferenceLoops.groupNorm(x, groups: groups, weight, bias, epsilon: 1e-5, activation), shape: shape,
        tolerance: 2e-6, "\(groups) groups")
    }
  }

  @Test("of groups keeps its digits when the mean is large")
  func largeMean() throws {
    var numbers = TestNumbers(seed: 2)
    let values = (0..<4096 * 8).map { _ in 4096 + numbers.next() }
    let x = try Tensor(values, shape: [1, 4096, 8])
    let ones = try Tensor(repeating: 1, shape: [8])
    let zeros = try Tensor(repeating: 0, shape: [8])
    // A value near 4096 is known to 2^-12 and its scale is near 2.
    try expectNear(
      x.groupNormalized(groups: 2, weight: ones, bias: zeros, epsilon: 1e-6),
      ReferenceLoops.groupNorm(x, groups: 2, ones, zeros, epsilon: 1e-6, .none), shape: [1, 4096, 8], tolerance: 1e-3)
  }

  @Test(
    "of rows equals a plain loop", arguments: [[0, 3], [1, 1], [4, 5], [2, 77, 64], [9, 1280], [3, 37], [2, 16]])
  func rows(shape: [Int]) throws {
    var numbers = TestNumbers(seed: 3)
    let width = shape[shape.count - 1]
    let x = try numbers.tensor(shape, scale: 3)
    let weight = try numbers.tensor([width], dtype: .bfloat16)
    let bias = try numbers.tensor([width])
    for (scale, shift) in [(weight, bias), (weight, nil), (nil, nil)] as [(Tensor?, Tensor?)] {
      try expectNear(
        x.layerNormalized(weight: scale, bias: shift, epsilon: 1e-5),
        ReferenceLoops.layerNorm(x, scale, shift, epsilon: 1e-5), shape: shape,
        tolerance: 2e-6)  // float32 sums of up to 1280 values
    }
  }

  @Test("of rows keeps its digits when the mean is large")
  func largeRowMean() throws {
    var numbers = TestNumbers(seed: 4)
    let x = try Tensor((0..<2000).map { _ in 1000 + numbers.next() }, shape: [2, 1000])
    try expectNear(
      x.layerNormalized(weight: nil, bias: nil, epsilon: 1e-5),
      ReferenceLoops.layerNorm(x, nil, nil, epsilon: 1e-5), shape: [2, 1000],
      tolerance: 2e-4)  // the mean of values near 1000 is rounded to 2^-14
  }

  @Test("is the same bit for bit with one thread and two")
  func threads() throws {
    var numbers = TestNumbers(seed: 5)
    let x = try numbers.tensor([2, 50, 50, 96])
    let weight = try numbers.tensor([96])
    let results = try [1, 2].map { threads in
      try TensorEnvironment.$current.withValue(TensorEnvironment(threads: threads)) {
        try x.groupNormalized(groups: 32, weight: weight, bias: weight, epsilon: 1e-5, activation: .silu)
          .layerNormalized(weight: weight, bias: nil, epsilon: 1e-5).floats()
      }
    }
    #expect(results[0] == results[1])
  }

  @Test("refuses shapes that do not fit")
  func refusals() throws {
    let x = try Tensor(repeating: 1, shape: [1, 2, 6])
    let six = try Tensor(repeating: 1, shape: [6])
    #expect(throws: TensorError.badShape([1, 2, 6], reason: "the last size is not a multiple of 4 groups")) {
      try x.groupNormalized(groups: 4, weight: six, bias: six, epsilon: 1e-5)
    }
    #expect(throws: TensorError.shapeMismatch(operation: "group norm", found: [2], wanted: [6])) {
      try x.groupNormalized(groups: 2, weight: Tensor(repeating: 1, shape: [2]), bias: six, epsilon: 1e-5)
    }
    #expect(throws: TensorError.shapeMismatch(operation: "layer norm", found: [2], wanted: [6])) {
      try x.layerNormalized(weight: six, bias: Tensor(repeating: 1, shape: [2]), epsilon: 1e-5)
    }
  }
}
