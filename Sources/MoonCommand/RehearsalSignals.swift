package import Dispatch
internal import Foundation
internal import MoonHost

/// Ctrl-C and the request to terminate while plugins are rehearsed: the pictures that they saved go, and the process ends.
package enum RehearsalSignals {
  /// Takes over SIGINT and SIGTERM from now on.
  ///
  /// - Returns: What listens; it stops when the last reference to it goes.
  package static func listen() -> [any DispatchSourceSignal] {
    EndSignals.listen { number in
      TemporaryFolders.removeAll()
      EndSignals.finishProcess(number)
    }
  }
}
