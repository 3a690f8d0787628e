package import Foundation

/// What reading or writing a whole file can find wrong.
package enum FileError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file cannot be opened or read; `reason` is the system's, or names the limit that it passes.
  case unreadable(file: String, reason: String)
  /// The file cannot be written; what was there before is still there.
  case unwritable(file: String, reason: String)

  package var description: String {
    switch self {
    case .unreadable(let file, let reason): "\(file) cannot be read: \(reason)"
    case .unwritable(let file, let reason): "\(file) cannot be written: \(reason)"
    }
  }
}

extension URL {
  /// A path as a shell or a file gave it: the system's own reading, in which `~` is a name like any other.
  ///
  /// - Parameters:
  ///   - path: The path, absolute or from the working folder.
  ///   - directoryHint: Whether it is a folder's.
  package init(literalPath path: String, directoryHint: DirectoryHint = .inferFromPath) {
    self.init(filePath: path.hasPrefix("~") ? "./" + path : path, directoryHint: directoryHint)
  }

  /// The path as the user gave it (relative stays relative), fit for a message.
  package var shownPath: String { relativePath.shown }
}

extension String {
  /// This text with control characters escaped and cut after 200 characters, fit for one line of a message.
  package var shown: String {
    var result = ""
    var length = 0
    for scalar in unicodeScalars {
      if length == 200 { return result + "..." }
      length += 1
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse:
        result += "\\u{\(String(scalar.value, radix: 16))}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
