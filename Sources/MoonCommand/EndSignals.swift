internal import Dispatch
internal import Foundation

/// Ctrl-C and the request to terminate.
enum EndSignals {
  /// Takes over SIGINT and SIGTERM from now on.
  ///
  /// - Parameter handler: Told the number of each one, on a thread of its own.
  /// - Returns: What listens; it stops when the last reference to it goes.
  static func listen(_ handler: @escaping @Sendable (Int32) -> Void) -> [any DispatchSourceSignal] {
    [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global(qos: .userInteractive))
      source.setEventHandler { handler(number) }
      source.activate()
      return source
    }
  }

  /// Ends the process at once with the status of a signal: 130 for Ctrl-C.
  static func finishProcess(_ number: Int32) -> Never {
    _exit(number == SIGINT ? CommandStatus.interrupted.rawValue : 128 + number)
  }
}
