package import Foundation

/// A folder for one test; it goes with everything in it when the last reference goes.
package final class TemporaryFolder {
  /// Where it is.
  package let url: URL

  /// Makes a new, empty folder.
  package init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "moonstep-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// The place of `name`, which may hold slashes; the folders before the last one are made.
  package func file(_ name: String) throws -> URL {
    let file = url.appending(path: name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    return file
  }

  /// Writes `bytes` to `name`, and returns its place.
  @discardableResult
  package func write(_ bytes: [UInt8], to name: String) throws -> URL {
    let file = try file(name)
    // Unlike Data.write, this does not wait for the disk, so that a test may write thousands of files.
    guard let stream = unsafe fopen(file.path, "w") else { throw CocoaError(.fileWriteUnknown) }
    let written = unsafe fwrite(bytes, 1, bytes.count, stream)
    if unsafe fclose(stream) != 0 || written != bytes.count { throw CocoaError(.fileWriteUnknown) }
    return file
  }

  /// Writes `text` to `name`, and returns its place.
  @discardableResult
  package func write(_ text: String, to name: String) throws -> URL { try write(Array(text.utf8), to: name) }

  /// The names in the folder, hidden ones included, sorted.
  package var contents: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() }
  }

  /// What `error` says, with this folder left out of the paths.
  package func text(of error: some Error) -> String { "\(error)".replacing(url.path + "/", with: "") }

  /// What the error thrown by `body` says, with this folder left out of the paths; `nil` when it throws none.
  package func message<Result>(_ body: () throws -> Result) -> String? {
    do {
      _ = try body()
      return nil
    } catch {
      return text(of: error)
    }
  }
}
