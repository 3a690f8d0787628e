@testable import MoonTensor
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

@Suite("Blocks that wait") struct KeptBlocksTests {
  /// A block of `size` bytes at a made-up address, which nobody touches.
  private func block(_ address: Int, _ size: Int) throws -> MemoryBlock {
    unsafe MemoryBlock(base: try #require(UnsafeMutableRawPointer(bitPattern: address)), byteCount: size)
  }

  private func address(_ block: MemoryBlock?) -> UInt? { block.map { unsafe UInt(bitPattern: $0.base) } }

  @Test("are taken by size, the last one first, and dropped by age")
  func order() throws {
    var kept = KeptBlocks()
    for (address, size) in [(1, 8), (2, 4), (3, 8), (4, 8), (5, 4)] { kept.add(try block(address, size)) }
    #expect(kept.byteCount == 32)
    #expect(address(kept.take(8)) == 4 && kept.take(16) == nil)
    #expect(address(kept.takeOldest()) == 1)
    #expect(address(kept.takeOldest()) == 2)
    kept.add(try block(6, 8))
    #expect(address(kept.takeOldest()) == 3)
    #expect(address(kept.take(8)) == 6 && kept.take(8) == nil)
    #expect(address(kept.takeOldest()) == 5 && kept.takeOldest() == nil)
    #expect(kept.byteCount == 0)
  }

  @Test("are given as they were, whatever is taken in between")
  func many() throws {
    var kept = KeptBlocks()
    var left: [(address: Int, size: Int)] = []
    var state: UInt64 = 1
    for step in 1...2000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let size = Int(state >> 33) % 5 + 1
      switch Int(state >> 40) % 4 {
      case 0:
        let wanted = left.lastIndex { $0.size == size }.map { left.remove(at: $0).address }
        #expect(address(kept.take(size)).map { Int($0) } == wanted)
      case 1:
        let wanted = left.isEmpty ? nil : left.removeFirst().address
        #expect(address(kept.takeOldest()).map { Int($0) } == wanted)
      default:
        kept.add(try block(step, size))
        left.append((step, size))
      }
      #expect(kept.byteCount == left.map(\.size).reduce(0, +))
    }
    #expect(Set(kept.takeAll().map { address($0) }) == Set(left.map { UInt($0.address) }))
    #expect(kept.byteCount == 0 && kept.takeOldest() == nil)
  }
}
