import MoonTensor
import MoonTestSupport
import Testing

@Suite("Linear combination") struct LinearCombinationTests {
  private let weights: [Float] = [0.5, -1.25, 3, 1e-3, -7]

  @Test(
    "equals a plain loop",
    arguments: [[], [0], [1], [2, 0, 3], [3, 5, 7], [2048], [2049], [2, 4, 64, 65], [70_001]], 1...5)
  func plainLoop(shape: [Int], terms: Int) throws {
    var generator = Generator(seed: 1)
    let tensors = try (0..<terms).map { _ in try generator.normal(shape: shape) }
    let found = try Tensor.linearCombination(Array(zip(weights, tensors)))
    let values = try tensors.map { try $0.floats() }
    var wanted = values[0].map { weights[0] * $0 }
    for term in values.indices.dropFirst() {
      for index in wanted.indices { wanted[index] += weights[term] * values[term][index] }
    }
    expectExact(found, try Tensor(wanted, shape: shape))
  }

  @Test("reads strided and repeated elements")
  func strided() throws {
    let dense = try Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3])
    let turned = Tensor(shape: [3, 2], strides: [1, 3], offset: 0, dtype: .float32, storage: dense.storage)
    let repeated = Tensor(shape: [3, 2], strides: [0, 0], offset: 4, dtype: .float32, storage: dense.storage)
    let found = try Tensor.linearCombination([(10, turned), (1, repeated)])
    expectExact(found, try Tensor([15, 45, 25, 55, 35, 65], shape: [3, 2]))
  }

  @Test("reads half-precision tensors")
  func halfPrecision() throws {
    let half = try Tensor([1, 2.5, -3], shape: [3]).converted(to: .float16)
    let full = try Tensor([10, 20, 30], shape: [3])
    expectExact(try Tensor.linearCombination([(2, half), (0.5, full)]), try Tensor([7, 15, 9], shape: [3]))
  }

  @Test("refuses shapes that differ")
  func shapes() throws {
    let left = try Tensor(repeating: 1, shape: [2, 3])
    let right = try Tensor(repeating: 1, shape: [3, 2])
    let error = #expect(throws: TensorError.self) { try Tensor.linearCombination([(1, left), (1, right)]) }
    #expect(error?.description == "linear combination: the shape is [3, 2], wanted [2, 3]")
  }
}
