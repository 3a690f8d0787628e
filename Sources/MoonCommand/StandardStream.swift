internal import Foundation

/// Standard output or standard error, written without a buffer.
package enum StandardStream: Int32, Sendable {
  /// What the command was run for.
  case output = 1
  /// Progress, warnings and errors.
  case error = 2

  /// Writes all of `text`.
  ///
  /// - Throws: `CommandFailure`; silent when the reader is gone, as of a pipe into `head`.
  package func write(_ text: String) throws {
    let bytes = Array(text.utf8)
    var position = 0
    while position < bytes.count {
      let written = unsafe bytes[position...].withUnsafeBytes { buffer in
        unsafe Foundation.write(rawValue, buffer.baseAddress, buffer.count)
      }
      if written < 0 && errno == EINTR { continue }
      if written <= 0 {
        let reason = unsafe errno == EPIPE ? nil : strerror(errno).map { unsafe String(cString: $0) }
        throw CommandFailure(.failed, reason.map { "standard output cannot be written: \($0)" } ?? "")
      }
      position += written
    }
  }

  /// Whether it is a terminal on which a line can be rewritten.
  package var isTerminal: Bool {
    isatty(rawValue) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
  }
}
