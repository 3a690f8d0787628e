import Synchronization

/// Splits work over the environment's threads.
package enum Parallel {
  /// Runs `body` on every range of at most `grain` items of `0..<count`, the ranges taken in turn by the threads.
  ///
  /// `body` is called from several threads at a time and must write to places that no other range writes.
  ///
  /// The closure is not `Sendable`, so that it may hold pointers; the rule above is what makes that right.
  package static func forEachRange(of count: Int, grain: Int, _ body: (Range<Int>) -> Void) {
    if count <= 0 { return }
    let grain = max(grain, 1)
    let ranges = (count - 1) / grain + 1
    let threads = min(TensorEnvironment.current.threads, ranges)
    if threads <= 1 {
      for range in 0..<ranges { body(range * grain..<min(count, (range + 1) * grain)) }
      return
    }
    let next = Atomic<Int>(0)
    nonisolated(unsafe) let body = body
    WorkerTeam.shared.run(threads: threads) { _ in
      while true {
        let range = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if range >= ranges { return }
        unsafe body(range * grain..<min(count, (range + 1) * grain))
      }
    }
  }
}

extension Parallel {
  /// Elements of cheap work in one range: tens of microseconds, so that asking costs nothing and stopping is prompt.
  package static let elementsPerRange = 1 << 16

  /// Counts the calls: every second one begins at the end, where the one before has left its operands and its result in
  /// the second cache.
  private static let turns = Atomic<Int>(0)

  /// As `forEachRange(of:grain:_:)`, and asks `environment` before each range whether to stop; a range is to be no
  /// longer than a few milliseconds.
  ///
  /// `environment` is the caller's, taken once: the threads of the pool have none of their own.
  package static func forEachRange(
    of count: Int, grain: Int, asking environment: TensorEnvironment, _ body: (Range<Int>) -> Void
  ) throws(TensorError) {
    if count <= 0 { return }
    let grain = max(grain, 1)
    let ranges = (count - 1) / grain + 1
    let threads = min(environment.threads, ranges)
    let isBackward = turns.wrappingAdd(1, ordering: .relaxed).oldValue & 1 == 1
    @Sendable func range(_ index: Int) -> Range<Int> {
      let start = (isBackward ? ranges - 1 - index : index) * grain
      return start..<min(count, start + grain)
    }
    if threads <= 1 {
      for index in 0..<ranges {
        try environment.check()
        body(range(index))
      }
      return
    }
    let next = Atomic<Int>(0)
    let isStopped = Atomic<Bool>(false)
    nonisolated(unsafe) let body = body
    WorkerTeam.shared.run(threads: threads) { _ in
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if index >= ranges || isStopped.load(ordering: .relaxed) { return }
        if environment.shouldStop?() == true {
          isStopped.store(true, ordering: .relaxed)
          return
        }
        unsafe body(range(index))
      }
    }
    if isStopped.load(ordering: .relaxed) { throw .interrupted }
  }
}
