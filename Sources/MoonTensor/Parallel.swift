internal import Dispatch
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
    DispatchQueue.concurrentPerform(iterations: threads) { _ in
      while true {
        let range = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if range >= ranges { return }
        unsafe body(range * grain..<min(count, (range + 1) * grain))
      }
    }
  }
}
