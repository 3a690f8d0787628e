import MoonTensor
import Testing

/// Every operation with every extreme argument: each call must return or throw, with memory inside the budget. A trap
/// ends the test process, which is the failure looked for.
@Suite("Hostile tensor arguments") struct HostileArgumentTests {
  static let integers = [
    Int.min, Int.min + 1, -(1 << 40), -9, -1, 0, 1, 2, 3, 9, 1 << 27, 1 << 40, Int.max - 1, Int.max,
  ]
  static let numbers = [
    Double.nan, .infinity, -.infinity, 1e308, -1e308, Double.leastNonzeroMagnitude, -1, -0.0, 0, 0.5, 1, 3, 65536, 1e15,
    9.3e18,
  ]

  /// Tensors of all the awkward kinds, built anew so that each test owns its own.
  static func tensors() throws -> [Tensor] {
    let matrix = try Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3])
    return [
      try Tensor(scalar: 2), matrix, try matrix.transposed(0, 1), try matrix.slice(1, by: 2),
      try matrix.unsqueezed(0).expanded(to: [1 << 20, 2, 3]), try Tensor.ones([1]).expanded(to: [1 << 24]),
      try Tensor.zeros([0]), try Tensor.zeros([0, 3]), try Tensor.zeros([3, 0, 2]),
      try Tensor.ones([1, 1, 1, 2, 1, 1, 2, 1]), try matrix.converted(to: .float16),
      try matrix.converted(to: .bfloat16),
      try Tensor([.nan, .infinity, -.infinity, 0], shape: [2, 2]),
    ]
  }

  /// Runs `body` with little memory and a stop that comes soon, and lets it throw what it likes to.
  private func attempt(_ budget: TensorBudget, _ body: () throws -> Void) {
    let start = ContinuousClock.now
    let environment = TensorEnvironment(
      threads: 2, budget: budget, shouldStop: { ContinuousClock.now - start > .milliseconds(5) })
    TensorEnvironment.$current.withValue(environment) {
      do { try body() } catch is TensorError {} catch { Issue.record("not a TensorError: \(error)") }
    }
  }

  @Test("integers end in a result or an error", arguments: integers) func integerArguments(first: Int) throws {
    let budget = TensorBudget(limit: 1 << 22)
    for tensor in try Self.tensors() {
      let one: [(Tensor, Int) throws -> Void] = [
        { _ = try $0.size(of: $1) }, { _ = try $0.squeezed($1) }, { _ = try $0.unsqueezed($1) },
        { _ = try $0.repeatedRows($1) }, { _ = try $0.sum(along: [$1]) }, { _ = try $0.maximum(along: [$1]) },
        { _ = try $0.variance(along: [$1]) }, { _ = try $0.quantile(0.5, along: $1) }, { _ = try $0.get([$1]) },
        { _ = try Tensor.stacked([$0, $0], along: $1) }, { _ = try Tensor.concatenated([$0, $0], along: $1) },
        { _ = try $0.rolled([$1]) }, { _ = try $0.flipped([$1]) }, { _ = try $0.permuted([$1]) },
        { _ = try $0.expanded(to: [$1]) }, { _ = try $0.reshaped(to: [$1]) },
        {
          _ = try Tensor.full([$1], value: 1); _ = $0
        },
        {
          var copy = $0
          try copy.set(1, at: [$1])
        },
      ]
      for run in one { attempt(budget) { try run(tensor, first) } }
      for second in Self.integers {
        let two: [(Tensor, Int, Int) throws -> Void] = [
          { _ = try $0.select($1, at: $2) }, { _ = try $0.transposed($1, $2) }, { _ = try $0.chunks($1, along: $2) },
          { _ = try $0.split($1, along: $2) }, { _ = try $0.split([$1, $2], along: 0) },
          { _ = try $0.rolled([$1], along: [$2]) }, { _ = try $0.rolled([$1, $2, $1], along: [0, -1, 0]) },
          { _ = try $0.rolled([$1, $2]) }, { _ = try $0.flipped([$1, $2]) },
          { _ = try $0.replacing($1, at: $2, with: $0.select(0, at: 0)) },
          { _ = try $0.replacing(-1, at: $1, with: $0.select(-1, at: $2)) },
          { _ = try $0.flattened(from: $1, to: $2) }, { _ = try $0.permuted([$1, $2]) },
          { _ = try $0.expanded(to: [$1, $2]) }, { _ = try $0.expanded(to: [2, $1, $2]) },
          { _ = try $0.reshaped(to: [$1, $2]) }, { _ = try $0.get([$1, $2]) }, { _ = try $0.sum(along: [$1, $2]) },
          { _ = try $0.resized(height: $1, width: $2, mode: .bilinear) },
          { _ = try $0.resized(height: $1, width: $2, mode: .nearest) },
          {
            _ = try Tensor.zeros([$1, $2]); _ = $0
          },
        ]
        for run in two { attempt(budget) { try run(tensor, first, second) } }
        for third in [Int.min, -1, 0, 1, 2, 1 << 40, Int.max] {
          attempt(budget) { _ = try tensor.narrow(first, start: second, length: third) }
          attempt(budget) { _ = try tensor.slice(0, from: first, to: second, by: third) }
          attempt(budget) { _ = try tensor.slice(-1, from: third, to: first, by: second) }
          attempt(budget) {
            let part = try tensor.slice(-1, from: third, to: first, by: second)
            _ = try tensor.replacing(-1, from: third, to: first, by: second, with: part)
          }
        }
      }
    }
    #expect(budget.highest <= budget.limit)
    #expect(budget.used == 0)
  }

  @Test("numbers end in a result or an error", arguments: numbers) func numberArguments(first: Double) throws {
    let budget = TensorBudget(limit: 1 << 22)
    let narrow = Float(first)
    for tensor in try Self.tensors() {
      let one: [(Tensor) throws -> Void] = [
        { _ = try $0 + narrow }, { _ = try narrow / $0 }, { _ = try $0.raised(to: narrow) },
        { _ = try Tensor.power(narrow, $0) }, { _ = try $0.clamped(minimum: narrow, maximum: nil) },
        { _ = try $0.lerp(to: $0, weight: narrow) }, { _ = try $0.quantile(first) },
        { _ = try $0.quantile([first], along: 0) },
        { _ = try $0.norm(order: first) }, { _ = try $0.norm(order: first, along: [-1]) },
        { _ = try $0.blurred(sigma: first) },
        { _ = try $0.variance(correction: first) }, { _ = try $0 .< narrow }, { _ = try $0.exp() },
        { _ = try $0.larger(of: narrow) }, { _ = try $0.smaller(of: narrow).round() }, { _ = try $0.log() },
        { _ = try $0.sin() }, { _ = try $0.acos() }, { _ = try $0.fft2() }, { _ = try $0.ifft2() },
        {
          var copy = $0
          try copy.fill(narrow)
        },
      ]
      for run in one { attempt(budget) { try run(tensor) } }
      for second in Self.numbers {
        attempt(budget) { _ = try tensor.clamped(minimum: narrow, maximum: Float(second)) }
        for third in Self.numbers { attempt(budget) { _ = try Tensor.arange(from: first, to: second, by: third) } }
      }
    }
    #expect(budget.highest <= budget.limit)
    #expect(budget.used == 0)
  }

  @Test("pairs of awkward tensors end in a result or an error") func pairs() throws {
    let budget = TensorBudget(limit: 1 << 22)
    let tensors = try Self.tensors()
    for left in tensors {
      for right in tensors {
        let two: [(Tensor, Tensor) throws -> Void] = [
          { _ = try $0 + $1 }, { _ = try $0.raised(to: $1) }, { _ = try $0 .== $1 }, { _ = try $0.matmul($1) },
          { _ = try $0.larger(of: $1) }, { _ = try $0.replacing(0, at: -1, with: $1) },
          { _ = try $0.replacing(-1, from: 0, to: 2, with: $1) }, { _ = try $0.dot($1) },
          { _ = try Tensor.where($0, $1, else: $0) }, { _ = try $0.lerp(to: $1, weight: $0) },
          { _ = try Tensor.concatenated([$0, $1], along: -1) }, { _ = try Tensor.stacked([$0, $1], along: -1) },
          { _ = try Tensor.einsum("ij,jk->ik", [$0, $1]) }, { _ = try Tensor.einsum("...i,...j->...ij", [$0, $1]) },
          { _ = try Tensor.einsum("...,...->", [$0, $1]) }, { _ = try Tensor.einsum("ij,ij", [$0, $1]) },
          { _ = try Tensor.einsum("aa...,b...a->ab", [$0, $1]) },
          {
            var copy = $0
            try copy.copy(from: $1)
          },
          {
            var copy = $0
            try copy.multiply(by: $1)
          },
        ]
        for run in two { attempt(budget) { try run(left, right) } }
      }
    }
    #expect(budget.highest <= budget.limit)
    #expect(budget.used == 0)
  }

  @Test("equations of every shape end in a result or an error") func equations() throws {
    let budget = TensorBudget(limit: 1 << 22)
    let parts = [
      "", "i", "ij", "ji", "ii", "...", "...i", "i...j", "->", ",", " ", ".", "-", ">", "abcdefgh", "\u{3b1}", "\0",
      "1",
    ]
    let tensors = try Self.tensors()
    for first in parts {
      for second in parts {
        for third in parts {
          let equation = first + second + third
          for tensor in [tensors[0], tensors[1], tensors[5], tensors[8]] {
            attempt(budget) { _ = try Tensor.einsum(equation, [tensor]) }
            attempt(budget) { _ = try Tensor.einsum(equation, [tensor, tensors[1]]) }
          }
        }
      }
    }
    #expect(budget.used == 0)
  }
}
