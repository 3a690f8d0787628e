internal import Foundation

/// The executor of one run: a thread of its own, with a stack that hostile recursion cannot exhaust before Lua's own
/// limits do, so that a long step holds no thread that others share.
final class RunThread: SerialExecutor {
  /// Bytes of the thread's stack.
  private static let stackSize = 16 << 20
  private let jobs = JobQueue()

  init() {
    let jobs = jobs
    let thread = Thread {
      while let job = jobs.next() { job() }
    }
    thread.stackSize = Self.stackSize
    thread.name = "moonstep run"
    thread.start()
  }

  deinit { jobs.close() }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let executor = unsafe asUnownedSerialExecutor()
    jobs.append { unsafe job.runSynchronously(on: executor) }
  }
}

/// Work that waits for the thread, first in, first out.
private final class JobQueue: @unchecked Sendable {
  // All fields are read and written under the condition's lock.
  private let condition = NSCondition()
  private var waiting: [@Sendable () -> Void] = []
  private var isClosed = false

  func append(_ job: @escaping @Sendable () -> Void) {
    condition.lock()
    waiting.append(job)
    condition.signal()
    condition.unlock()
  }

  /// The next job, waited for; `nil` once the queue is closed and empty.
  func next() -> (@Sendable () -> Void)? {
    condition.lock()
    defer { condition.unlock() }
    while waiting.isEmpty && !isClosed { condition.wait() }
    return waiting.isEmpty ? nil : waiting.removeFirst()
  }

  func close() {
    condition.lock()
    isClosed = true
    condition.signal()
    condition.unlock()
  }
}
