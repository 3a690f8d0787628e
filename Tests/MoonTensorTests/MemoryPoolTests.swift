import MoonTensor
import Testing

@Suite("Memory pool") struct MemoryPoolTests {
  @Test("hands a large block that was given back to the next tensor of nearly that size")
  func reuse() throws {
    // A size that no other test asks for.
    let shape = [3, 1_234_567]
    var first = try Optional(Tensor(repeating: 1, shape: shape))
    let address = first.map { unsafe UInt(bitPattern: $0.floatPointer) }
    let second = try Tensor(repeating: 2, shape: shape)
    #expect(unsafe UInt(bitPattern: second.floatPointer) != address)
    first = nil
    let third = try Tensor(repeating: 3, shape: [3_700_000])
    #expect(unsafe UInt(bitPattern: third.floatPointer) == address)
    #expect(try second.floats().allSatisfy { $0 == 2 })
  }

  @Test("cuts blocks below two large pages from one region, each for one tensor at a time")
  func region() throws {
    let sizes = (0..<60).map { 40_000 + 10_007 * $0 }
    for round in 0..<3 {
      let tensors = try sizes.enumerated().map { number, size in
        try Tensor(repeating: Float(1000 * round + number), shape: [size])
      }
      for (number, tensor) in tensors.enumerated() {
        let wanted = Float(1000 * round + number)
        #expect(try tensor.floats().allSatisfy { $0 == wanted })
      }
      MemoryPool.shared.trim()
    }
  }

  @Test("charges a budget for what tensors ask, whatever the pool keeps")
  func budget() throws {
    let budget = TensorBudget(limit: 1 << 22)
    try TensorEnvironment.$current.withValue(TensorEnvironment(budget: budget)) {
      for _ in 0..<8 { _ = try Tensor(repeating: 0, shape: [1 << 19]) }
      #expect(budget.used == 0)
      #expect(budget.highest == 1 << 21)
      #expect(throws: TensorError.outOfBudget(requested: 1 << 23, limit: 1 << 22)) {
        try Tensor(repeating: 0, shape: [1 << 21])
      }
    }
  }
}
