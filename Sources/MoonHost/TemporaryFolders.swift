package import Foundation
internal import Synchronization

/// Folders that go when they are done with, also when the process is ended by a signal that somebody listens to.
package enum TemporaryFolders {
  private static let live = Mutex<Set<URL>>([])

  /// Runs `body` with the name of a folder that is not there yet; what `body` has made of it goes afterwards.
  package static func withFolder<Result>(_ body: (URL) throws -> Result) rethrows -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "moonstep-\(UUID().uuidString)")
    _ = live.withLock { $0.insert(folder) }
    defer {
      try? FileManager.default.removeItem(at: folder)
      _ = live.withLock { $0.remove(folder) }
    }
    return try body(folder)
  }

  /// Removes them all; for the end of the process.
  package static func removeAll() {
    for folder in live.withLock({ $0 }) { try? FileManager.default.removeItem(at: folder) }
  }
}
