package import Foundation
internal import MoonTensor

/// A folder that a command makes for its files.
package enum NewFolder {
  /// Makes the folder at `url` and those that it is in, where they are missing.
  ///
  /// - Throws: `CommandFailure`, which names the folder: bad usage where its place is taken or forbidden, else a failure.
  package static func make(_ url: URL, shownAs path: String) throws {
    var isFolder: ObjCBool = false
    if unsafe FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) {
      if isFolder.boolValue { return }
      throw CommandFailure(.usage, "'\(path.shown)' is not a folder")
    }
    if (try? FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)) != nil { return }
    // Foundation does not tell why; the system does when it is asked once more.
    if unsafe mkdir(url.path, 0o777) == 0 { return }
    let code = errno
    let reason = unsafe String(cString: strerror(code))
    throw CommandFailure(
      code == ENOSPC ? .failed : .usage, "the folder '\(path.shown)' cannot be made: \(reason)")
  }
}
