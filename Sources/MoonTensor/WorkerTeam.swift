internal import CMoonKernels
internal import Dispatch
internal import Foundation
import Synchronization

/// The threads that share out the engine's work.
///
/// A network's step is hundreds of short operations one after the other. Waking a sleeping thread for each would cost
/// as much as the shortest of them, so a thread that is done looks out for the next work for some tens of microseconds
/// before it sleeps. Threads are made when they are first wanted, and stay.
///
/// `@unchecked Sendable`: `workers` and `work` are changed only by the caller that has set `isTaken`, and only while no
/// worker is called.
final class WorkerTeam: @unchecked Sendable {
  static let shared = WorkerTeam()

  private let isTaken = Atomic<Bool>(false)
  private var workers: [Worker] = []
  private var work: ((Int) -> Void)?
  /// How often a thread looks out for work before it sleeps.
  private let looks = Atomic<Int>(0)
  private let cores = ProcessInfo.processInfo.activeProcessorCount
  private static let longestLooks = 2000

  /// Workers that are not done with the work.
  private let remaining = Atomic<Int>(0)
  private let isCallerAsleep = Atomic<Bool>(false)
  private let done = DispatchSemaphore(value: 0)

  /// Runs `work` on at most `threads` threads at a time, the caller's among them, each with an index of its own, and
  /// returns when all are done.
  ///
  /// While the team is at another caller's work, the system's threads do it.
  func run(threads: Int, _ work: (Int) -> Void) {
    if threads <= 1 { return work(0) }
    guard isTaken.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged else {
      nonisolated(unsafe) let work = work
      return DispatchQueue.concurrentPerform(iterations: threads) { unsafe work($0) }
    }
    defer { isTaken.store(false, ordering: .releasing) }
    precondition(MatrixProduct.isSingleThreaded)
    while workers.count < threads - 1, let worker = Worker(of: self, index: workers.count + 1) {
      workers.append(worker)
    }
    // Where the system gives no more of them, those that there are do the work.
    let threads = min(threads, workers.count + 1)
    withoutActuallyEscaping(work) { work in
      self.work = work
      // With more threads than cores, looking out would keep another thread from its work.
      looks.store(threads > cores ? 0 : Self.longestLooks, ordering: .relaxed)
      remaining.store(threads - 1, ordering: .relaxed)
      for worker in workers.prefix(threads - 1) { worker.call() }
      work(0)
      waitForWorkers()
      self.work = nil
    }
  }

  private func waitForWorkers() {
    for _ in 0..<looks.load(ordering: .relaxed) {
      if remaining.load(ordering: .acquiring) == 0 { return }
      moon_pause()
    }
    // A signal alone says nothing: a worker may be held up between the end of its part and its look at the flag, and look
    // at it when the next work is under way.
    while true {
      isCallerAsleep.store(true, ordering: .sequentiallyConsistent)
      if remaining.load(ordering: .sequentiallyConsistent) == 0 {
        // Where a worker has taken the flag, its signal comes.
        if !isCallerAsleep.exchange(false, ordering: .sequentiallyConsistent) { done.wait() }
        return
      }
      done.wait()
      if remaining.load(ordering: .acquiring) == 0 { return }
    }
  }

  /// Does one worker's part of the work.
  fileprivate func doPart(index: Int) {
    perform(index)
    let left = remaining.wrappingSubtract(1, ordering: .sequentiallyConsistent).newValue
    if left == 0, isCallerAsleep.exchange(false, ordering: .sequentiallyConsistent) { done.signal() }
  }

  /// A function of its own, so that nothing holds the work any more when it returns.
  @inline(never) private func perform(_ index: Int) { work?(index) }

  /// Looks before a worker sleeps.
  fileprivate var looksBeforeSleep: Int { looks.load(ordering: .relaxed) }
}

/// One thread of a team.
private final class Worker: Sendable {
  private static let idle = 0
  private static let asleep = 1
  private static let called = 2

  private let state = Atomic<Int>(Worker.idle)
  private let wake = DispatchSemaphore(value: 0)

  private let team: WorkerTeam
  private let index: Int
  private static let stackSize = 4 << 20

  /// Starts the thread, which serves `team` for good; nil when the system gives none. Foundation's threads do not tell.
  init?(of team: WorkerTeam, index: Int) {
    (self.team, self.index) = (team, index)
    let room = UnsafeMutablePointer<pthread_attr_t>.allocate(capacity: 1)
    defer { unsafe room.deallocate() }
    unsafe pthread_attr_init(room)
    defer { unsafe pthread_attr_destroy(room) }
    unsafe pthread_attr_setstacksize(room, Self.stackSize)
    var thread = pthread_t()
    let worker = unsafe Unmanaged.passRetained(self)
    let status = unsafe pthread_create(
      &thread, room,
      { worker in
        if let worker = unsafe worker { unsafe Unmanaged<Worker>.fromOpaque(worker).takeRetainedValue().serve() }
        return nil
      }, worker.toOpaque())
    if status != 0 {
      unsafe worker.release()
      return nil
    }
    pthread_detach(thread)
  }

  private func serve() {
    Thread.current.name = "moonstep"
    while true {
      waitForCall(looks: team.looksBeforeSleep)
      state.store(Worker.idle, ordering: .relaxed)
      team.doPart(index: index)
    }
  }

  /// Makes the thread do its part.
  func call() {
    if state.exchange(Worker.called, ordering: .acquiringAndReleasing) == Worker.asleep { wake.signal() }
  }

  private func waitForCall(looks: Int) {
    for _ in 0..<looks {
      if state.load(ordering: .acquiring) == Worker.called { return }
      moon_pause()
    }
    let slept = state.compareExchange(
      expected: Worker.idle, desired: Worker.asleep, ordering: .acquiringAndReleasing)
    if slept.exchanged { wake.wait() }
  }
}
