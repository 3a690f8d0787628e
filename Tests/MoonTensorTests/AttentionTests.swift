import MoonTensor
import Testing

struct AttentionCase: Sendable, CustomTestStringConvertible {
  let batch: Int, queries: Int, keys: Int, heads: Int, size: Int
  var testDescription: String { "\(batch) x \(queries) over \(keys), \(heads) heads of \(size)" }
}

@Suite("Attention") struct AttentionTests {
  static let cases: [AttentionCase] = [
    AttentionCase(batch: 0, queries: 3, keys: 3, heads: 1, size: 2),
    AttentionCase(batch: 1, queries: 1, keys: 1, heads: 1, size: 1),
    AttentionCase(batch: 2, queries: 5, keys: 3, heads: 2, size: 4),
    AttentionCase(batch: 1, queries: 77, keys: 77, heads: 3, size: 16),
    AttentionCase(batch: 2, queries: 70, keys: 77, heads: 2, size: 40),
    AttentionCase(batch: 1, queries: 130, keys: 1100, heads: 1, size: 8),
    AttentionCase(batch: 1, queries: 33, keys: 600, heads: 2, size: 37),
    AttentionCase(batch: 1, queries: 20, keys: 200, heads: 1, size: 512),
    AttentionCase(batch: 1, queries: 64, keys: 512, heads: 1, size: 80),
  ]

  @Test("equals a plain loop", arguments: cases, [false, true])
  func plainLoop(_ sizes: AttentionCase, isCausal: Bool) throws {
    var numbers = TestNumbers(seed: 1)
    let width = sizes.heads * sizes.size
    let query = try numbers.tensor([sizes.batch, sizes.queries, width], scale: 2)
    let keys = try numbers.tensor([sizes.batch, sizes.keys, width], scale: 2)
    let values = try numbers.tensor([sizes.batch, sizes.keys, width])
    try expectNear(
      query.attention(keys: keys, values: values, heads: sizes.heads, isCausal: isCausal),
      ReferenceLoops.attention(
        query, keys, values, heads: sizes.heads, scale: 1 / Double(sizes.size).squareRoot(), isCausal: isCausal),
      shape: [sizes.batch, sizes.queries, width],
      tolerance: 1e-5)  // scores of size 8 are known to 1e-6, and weights follow them
  }

  @Test("holds where the exponentials of the scores would overflow", arguments: [Float(1), 40])
  func overflow(scale: Float) throws {
    var numbers = TestNumbers(seed: 2)
    let query = try numbers.tensor([1, 9, 16], scale: 16)
    let keys = try numbers.tensor([1, 1300, 16], scale: 16)
    let values = try numbers.tensor([1, 1300, 16])
    // Scores of up to 1e5 are known to 1e-2 only; the best key wins by far more than that or ties show.
    let integers = try Tensor(query.floats().map { $0.rounded() }, shape: [1, 9, 16])
    let integerKeys = try Tensor(keys.floats().map { $0.rounded() }, shape: [1, 1300, 16])
    try expectNear(
      integers.attention(keys: integerKeys, values: values, heads: 1, scale: scale),
      ReferenceLoops.attention(integers, integerKeys, values, heads: 1, scale: Double(scale), isCausal: false),
      shape: [1, 9, 16], tolerance: 1e-5)  // integer scores are exact
  }

  @Test("takes a negative scale and a scale of zero", arguments: [Float(-0.5), 0])
  func scales(scale: Float) throws {
    var numbers = TestNumbers(seed: 3)
    let query = try numbers.tensor([1, 7, 6])
    let keys = try numbers.tensor([1, 11, 6])
    try expectNear(
      query.attention(keys: keys, values: keys, heads: 2, scale: scale),
      ReferenceLoops.attention(query, keys, keys, heads: 2, scale: Double(scale), isCausal: false),
      shape: [1, 7, 6], tolerance: 2e-6)  // float32 sums of 11 products
  }

  @Test("takes expanded and strided keys")
  func strided() throws {
    var numbers = TestNumbers(seed: 4)
    let query = try numbers.tensor([3, 5, 8])
    let one = try numbers.tensor([1, 8, 6])
    let keys = Tensor(shape: [3, 6, 8], strides: [0, 1, 6], offset: 0, dtype: .float32, storage: one.storage)
    try expectNear(
      query.attention(keys: keys, values: keys, heads: 2),
      ReferenceLoops.attention(query, keys, keys, heads: 2, scale: 0.5, isCausal: false), shape: [3, 5, 8],
      tolerance: 2e-6)  // float32 sums of 8 products
  }

  @Test("is the same bit for bit with one thread and two")
  func threads() throws {
    var numbers = TestNumbers(seed: 5)
    let query = try numbers.tensor([2, 150, 80])
    let keys = try numbers.tensor([2, 700, 80])
    let results = try [1, 2].map { threads in
      try TensorEnvironment.$current.withValue(TensorEnvironment(threads: threads)) {
        try query.attention(keys: keys, values: keys, heads: 2).floats()
      }
    }
    #expect(results[0] == results[1])
  }

  @Test("refuses shapes that do not fit")
  func refusals() throws {
    let x = try Tensor(repeating: 1, shape: [1, 2, 6])
    #expect(
      throws: TensorError.badShape([1, 2, 6], reason: "queries are [batch, length, heads * size] with 4 heads")
    ) { try x.attention(keys: x, values: x, heads: 4) }
    #expect(throws: TensorError.shapeMismatch(operation: "attention keys", found: [2, 2, 6], wanted: [1, 2, 6])) {
      try x.attention(keys: Tensor(repeating: 1, shape: [2, 2, 6]), values: x, heads: 2)
    }
    #expect(throws: TensorError.shapeMismatch(operation: "attention values", found: [1, 3, 6], wanted: [1, 2, 6])) {
      try x.attention(keys: x, values: Tensor(repeating: 1, shape: [1, 3, 6]), heads: 2)
    }
  }
}
