import MoonTensor
import Synchronization
import Testing

/// An operation that a plugin can ask for, by name.
struct TensorOperation: Sendable, CustomTestStringConvertible {
  let name: String
  let run: @Sendable (Tensor) throws -> Void

  init(_ name: String, _ run: @escaping @Sendable (Tensor) throws -> Void) {
    self.name = name
    self.run = run
  }

  var testDescription: String { name }
}

/// Counts how often it is asked, and says stop from some time on.
private final class StopCounter: Sendable {
  private let asked = Atomic<Int>(0)
  let limit: Int

  init(after limit: Int) { self.limit = limit }

  var count: Int { asked.load(ordering: .relaxed) }

  func ask() -> Bool { asked.wrappingAdd(1, ordering: .relaxed).newValue > limit }
}

@Suite("Tensor limits") struct TensorLimitTests {
  /// Operations that make at least as many elements as they are given, in one call.
  static let large: [TensorOperation] = [
    TensorOperation("add") { _ = try $0 + $0 },
    TensorOperation("add number") { _ = try $0 + 1 },
    TensorOperation("power") { _ = try $0.raised(to: 1.37) },
    TensorOperation("exp") { _ = try $0.exp() },
    TensorOperation("sin") { _ = try $0.sin() },
    TensorOperation("acos") { _ = try $0.acos() },
    TensorOperation("clamp") { _ = try $0.clamped(minimum: 0, maximum: 1) },
    TensorOperation("where") { _ = try Tensor.where($0, $0, else: $0) },
    TensorOperation("lerp") { _ = try $0.lerp(to: $0, weight: 0.3) },
    TensorOperation("copy") { _ = try $0.floats() },
    TensorOperation("transposed copy") { _ = try $0.transposed(0, 1).reshaped(to: [-1]) },
    TensorOperation("cat") { _ = try Tensor.concatenated([$0, $0]) },
    TensorOperation("stack") { _ = try Tensor.stacked([$0, $0], along: 1) },
    TensorOperation("repeat rows") { _ = try $0.repeatedRows(2) },
    TensorOperation("roll") { _ = try $0.rolled([5, -7], along: [0, 1]) },
    TensorOperation("roll in a row") { _ = try $0.rolled([5]) },
    TensorOperation("flip") { _ = try $0.flipped([0, 1]) },
    TensorOperation("replace a slice") {
      _ = try $0.replacing(1, from: 1, by: 2, with: $0.slice(1, by: 2))
    },
    TensorOperation("round") { _ = try $0.round() },
    TensorOperation("full") { _ = try Tensor.full($0.shape, value: 1) },
    TensorOperation("arange") { _ = try Tensor.arange(to: Double($0.count)) },
    TensorOperation("fill") {
      var copy = $0
      try copy.fill(1)
    },
    TensorOperation("add in place") {
      var copy = $0
      try copy.add(1)
    },
    TensorOperation("set") {
      var copy = $0
      try copy.set(1, at: [0, 0])
    },
    TensorOperation("resize") { _ = try $0.resized(height: $0.shape[0], width: $0.shape[1], mode: .bilinear) },
    TensorOperation("nearest") { _ = try $0.resized(height: 1, width: $0.count) },
    TensorOperation("blur") { _ = try $0.blurred(sigma: 500) },
    TensorOperation("blur a little") { _ = try $0.blurred(sigma: 0.5) },
    TensorOperation("blur a long row") { _ = try $0.reshaped(to: [1, -1]).blurred(sigma: 65536) },
    TensorOperation("fft2") { _ = try $0.fft2() },
    TensorOperation("fft2 of a long row") { _ = try $0.reshaped(to: [1, -1]).fft2() },
    TensorOperation("fft2 of a prime length") {
      _ = try $0.narrow(0, start: 0, length: 1).narrow(1, start: 0, length: 1).expanded(to: [1, 4_194_301]).fft2()
    },
    TensorOperation("matmul") { _ = try $0.matmul($0.transposed(0, 1)) },
    TensorOperation("outer product") {
      let row = try $0.reshaped(to: [1, -1]).slice(1, to: 8192)
      _ = try row.transposed(0, 1).matmul(row)
    },
    TensorOperation("einsum") { _ = try Tensor.einsum("ij,kj->ik", [$0, $0]) },
    TensorOperation("einsum of three") { _ = try Tensor.einsum("ij,ij,ij->", [$0, $0, $0]) },
    TensorOperation("convert") { _ = try $0.converted(to: .float16) },
  ]

  /// Operations that read many elements and make few.
  static let reducing: [TensorOperation] = [
    TensorOperation("sum") { _ = try $0.sum() },
    TensorOperation("sum of columns") { _ = try $0.sum(along: [0]) },
    TensorOperation("sum of rows") { _ = try $0.sum(along: [1]) },
    TensorOperation("mean") { _ = try $0.mean() },
    TensorOperation("std") { _ = try $0.standardDeviation() },
    TensorOperation("std of columns") { _ = try $0.standardDeviation(along: [0]) },
    TensorOperation("maximum") { _ = try $0.maximum() },
    TensorOperation("norm") { _ = try $0.norm() },
    TensorOperation("third norm") { _ = try $0.norm(order: 3) },
    TensorOperation("quantile") { _ = try $0.quantile(0.5) },
    TensorOperation("quantile of columns") { _ = try $0.quantile(0.5, along: 0) },
    TensorOperation("quantile of rows") { _ = try $0.quantile(0.5, along: 1) },
    TensorOperation("dot") {
      let row = try $0.select(1, at: 0).unsqueezed(0).expanded(to: [$0.shape[1], -1]).reshaped(to: [-1])
      _ = try row.dot(row)
    },
    TensorOperation("batched dot") { _ = try Tensor.einsum("ij,ij->i", [$0, $0]) },
    TensorOperation("einsum to a number") { _ = try Tensor.einsum("ij,ij->", [$0, $0]) },
    TensorOperation("matrix times vector") { _ = try $0.matmul($0.select(0, at: 0)) },
  ]

  @Test("end an operation soon after the stop, whatever the size", arguments: large + reducing)
  func stops(operation: TensorOperation) throws {
    // 2^25 elements claimed, 2^13 held, so that the operation's own work is all there is.
    let wide = try Tensor.ones([1, 1 << 13]).expanded(to: [1 << 12, 1 << 13])
    let counter = StopCounter(after: 5)
    let environment = TensorEnvironment(threads: 2, shouldStop: { counter.ask() })
    let clock = ContinuousClock()
    let elapsed = TensorEnvironment.$current.withValue(environment) {
      clock.measure {
        #expect(throws: TensorError.interrupted) { try operation.run(wide) }
      }
    }
    // Two threads may each have a piece in hand when the answer comes; nobody goes on after that.
    #expect(counter.count <= counter.limit + 4)
    #expect(elapsed < .seconds(2), "\(operation.name) took \(elapsed)")
  }

  @Test("are asked about often enough to stop within 50 ms", arguments: large + reducing)
  func asksOften(operation: TensorOperation) throws {
    let wide = try Tensor.ones([1, 1 << 13]).expanded(to: [1 << 12, 1 << 13])
    let clock = ContinuousClock()
    let last = Mutex((time: clock.now, longest: Duration.zero, count: 0))
    // One thread, so that the time between two questions is the time of one piece of work; ends after 400 questions.
    let environment = TensorEnvironment(
      threads: 1,
      shouldStop: {
        last.withLock { state in
          let now = clock.now
          state.longest = max(state.longest, now - state.time)
          state.time = now
          state.count += 1
          return state.count >= 400
        }
      })
    TensorEnvironment.$current.withValue(environment) {
      last.withLock { $0.time = clock.now }
      do { try operation.run(wide) } catch {}
    }
    let (_, longest, count) = last.withLock { $0 }
    #expect(count > 1)
    // The target is 50 ms; a busy machine may take the processor away for as long again.
    #expect(longest < .milliseconds(100), "\(operation.name): \(longest) without a question")
  }

  @Test("refuse memory before it is taken", arguments: large)
  func budget(operation: TensorOperation) throws {
    let wide = try Tensor.ones([1, 1 << 13]).expanded(to: [1 << 12, 1 << 13])
    let budget = TensorBudget(limit: 1 << 20)
    TensorEnvironment.$current.withValue(TensorEnvironment(threads: 2, budget: budget)) {
      #expect {
        try operation.run(wide)
      } throws: { error in
        if case .outOfBudget(let requested, let limit) = error as? TensorError {
          return requested > 1 << 20 || limit == 1 << 20
        }
        return false
      }
    }
    #expect(budget.highest <= budget.limit)
    #expect(budget.used == 0)
  }

  @Test("leave nothing charged behind an interrupt") func creditsAfterInterrupt() throws {
    let budget = TensorBudget(limit: 1 << 30)
    let counter = StopCounter(after: 3)
    let environment = TensorEnvironment(threads: 2, budget: budget, shouldStop: { counter.ask() })
    try TensorEnvironment.$current.withValue(environment) {
      let wide = try Tensor.ones([1 << 10]).expanded(to: [1 << 12, 1 << 10])
      #expect(throws: TensorError.interrupted) { try wide.fft2() }
    }
    #expect(budget.used == 0)
  }

  @Test("hold for claimed elements, expanded views counted in full") func claims() throws {
    let budget = TensorBudget(limit: 1 << 20)
    try TensorEnvironment.$current.withValue(TensorEnvironment(budget: budget)) {
      let one = try Tensor.ones([1, 1])
      #expect(try one.expanded(to: [1 << 13, 1 << 14]).count == 1 << 27)
      #expect(throws: TensorError.badShape([1 << 14, 1 << 14], reason: "more than 134217728 elements")) {
        try one.expanded(to: [1 << 14, 1 << 14])
      }
    }
  }
}
