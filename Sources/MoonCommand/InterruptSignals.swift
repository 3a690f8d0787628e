package import Dispatch
internal import Foundation
package import MoonHost
internal import Synchronization

/// Ctrl-C and the request to terminate: the first raises a flag, so that the run ends with the picture so far; the
/// second ends the process at once.
package final class InterruptSignals: Sendable {
  private let stop: StopFlag
  private let status: StatusOutput
  private let heardCount = Mutex(0)
  /// Whether nothing is in the making that a signal would end.
  private let idle = Mutex(false)
  /// Held while a file is written, so that the process does not end in the middle of one.
  private let writing = Mutex(())

  /// Prepares to listen.
  ///
  /// - Parameters:
  ///   - stop: Raised by the first signal.
  ///   - status: Tells that the signal was heard.
  package init(raising stop: StopFlag, status: StatusOutput) {
    self.stop = stop
    self.status = status
  }

  /// Takes over SIGINT and SIGTERM from now on.
  ///
  /// - Returns: What listens; it stops when the last reference to it goes.
  package func listen() -> [any DispatchSourceSignal] { EndSignals.listen { [self] in heard($0) } }

  /// Runs `body`, which writes a file; the process does not end meanwhile.
  package func whileWriting<Result>(_ body: () throws -> Result) rethrows -> Result {
    try writing.withLock { _ in try body() }
  }

  /// Tells whether nothing is in the making, so that a signal ends it without a word.
  package func setIdle(_ isIdle: Bool) { idle.withLock { $0 = isIdle } }

  private func heard(_ number: Int32) {
    let count = heardCount.withLock { count in
      count += 1
      return count
    }
    stop.raise()
    if count > 1 { leave(number) }
    if idle.withLock({ $0 }) { return }
    status.note("stopping with the picture so far; once more ends at once")
  }

  /// Ends the process; waits a moment for a file that is being written, never for longer.
  private func leave(_ number: Int32) -> Never {
    status.finish()
    for _ in 0..<200 where writing.withLockIfAvailable({ _ in EndSignals.finishProcess(number) }) == nil {
      usleep(10_000)
    }
    EndSignals.finishProcess(number)
  }
}
