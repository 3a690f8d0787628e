internal import ArgumentParser

/// Looks at the paths of options before anything is read.
package enum PathCheck {
  /// Refuses an empty path, which the system would take for the working folder: mostly a variable that was not set.
  ///
  /// - Parameter options: Each option with the paths that it was given.
  /// - Throws: `ValidationError` that names the option.
  package static func requireNames(_ options: KeyValuePairs<String, [String]>) throws {
    for (option, paths) in options where paths.contains(where: \.isEmpty) {
      throw ValidationError("\(option): the path is empty")
    }
  }
}
