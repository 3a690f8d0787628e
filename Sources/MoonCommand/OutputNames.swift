package import Foundation
internal import MoonTensor

/// Where the pictures of a run go.
package struct OutputNames: Equatable, Sendable {
  /// The path asked for, ending in `.png`.
  package let path: String
  private let stem: String
  private let suffix: String

  /// Names made from `path`.
  ///
  /// - Throws: `CommandFailure` when it does not end in `.png` or is nothing but that.
  package init(_ path: String) throws {
    let url = URL(literalPath: path)
    let suffix = "." + url.pathExtension
    guard suffix.lowercased() == ".png", !path.hasSuffix("/"), !url.deletingPathExtension().lastPathComponent.isEmpty
    else {
      throw CommandFailure(.usage, "--output: '\(path.shown)' does not end in a file name with .png")
    }
    self.path = path
    self.suffix = suffix
    stem = String(path.dropLast(suffix.count))
  }

  /// One picture takes the name itself, several take `NAME-0.png`, `NAME-1.png`, ...
  package func pictures(count: Int) -> [String] {
    count == 1 ? [path] : (0..<count).map { "\(stem)-\($0)\(suffix)" }
  }

  /// The folder for the pictures that plugins save in one of several runs.
  package func pluginFolder(column: Int, row: Int) -> URL {
    URL(literalPath: "\(stem)-\(column + 1)-\(row + 1)_plugins", directoryHint: .isDirectory)
  }

  /// The folder for the pictures that plugins save; each plugin makes its own folder in it.
  package var pluginFolder: URL { URL(literalPath: stem + "_plugins", directoryHint: .isDirectory) }
}
