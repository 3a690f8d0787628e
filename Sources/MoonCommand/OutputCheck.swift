internal import Foundation
internal import MoonTensor

/// Looks, before the model is loaded, whether a file can be written where it should go at the end of the run.
package enum OutputCheck {
  /// Checks the folder and what bears the name already.
  ///
  /// - Parameters:
  ///   - path: The file to be written.
  ///   - option: The option that named it, for the message.
  /// - Throws: `CommandFailure`.
  package static func check(_ path: String, option: String) throws {
    let url = URL(literalPath: path)
    let folder = url.deletingLastPathComponent()
    let shownFolder = folder.relativePath.shown
    func refuse(_ reason: String) -> CommandFailure {
      CommandFailure(.usage, "\(option): '\(path.shown)' cannot be written: \(reason)")
    }
    var isFolder: ObjCBool = false
    if unsafe !FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder) {
      throw refuse("the folder \(shownFolder) does not exist")
    }
    if !isFolder.boolValue { throw refuse("\(shownFolder) is not a folder") }
    if !FileManager.default.isWritableFile(atPath: folder.path) {
      throw refuse("the folder \(shownFolder) is not writable")
    }
    // A link is replaced as it is, but one to a device was hardly meant to be.
    var status = stat()
    if unsafe stat(url.path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
      throw refuse(status.st_mode & S_IFMT == S_IFDIR ? "it is a folder" : "it is not a regular file")
    }
    if url.lastPathComponent.utf8.count > 250 { throw refuse("the name is too long") }
  }
}
