internal import Foundation
internal import MoonTensor

/// The plugins that names on a command line stand for: ids, files, folders of one plugin, and folders of several.
package enum PluginFiles {
  /// The deepest folder that is looked into.
  private static let maximumDepth = 4

  /// The plugins, each as it can be found by name.
  ///
  /// - Parameter names: Ids and paths. In a folder without `init.lua` the plugins are found by their files.
  /// - Returns: Ids and paths of plugins.
  /// - Throws: `CommandFailure` for a folder that holds none.
  package static func expanded(_ names: [String]) throws -> [String] {
    try names.flatMap { name in
      guard isFolder(name) else { return [name] }
      var trimmed = name
      while trimmed.count > 1 && trimmed.hasSuffix("/") { trimmed.removeLast() }
      let found = plugins(in: trimmed, depth: 0)
      if found.isEmpty { throw CommandFailure(.usage, "there is no plugin in the folder '\(name.shown)'") }
      return found
    }
  }

  private static func plugins(in folder: String, depth: Int) -> [String] {
    if FileManager.default.fileExists(atPath: "\(folder)/init.lua") {
      // The slash tells a path from an id.
      return [folder.contains("/") ? folder : folder + "/"]
    }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().filter { !$0.hasPrefix(".") }.flatMap { name -> [String] in
      let path = "\(folder)/\(name)"
      if isFolder(path) { return depth < maximumDepth ? plugins(in: path, depth: depth + 1) : [] }
      return name.hasSuffix(".lua") && !isAnnotation(path) ? [path] : []
    }
  }

  private static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }

  /// Whether the file describes an API to editors, and is no plugin.
  private static func isAnnotation(_ path: String) -> Bool {
    // A pipe could keep the reader waiting for ever; it is told of where it is loaded.
    let target = URL(literalPath: path).resolvingSymlinksInPath().path
    let kind = try? FileManager.default.attributesOfItem(atPath: target)[.type] as? FileAttributeType
    guard kind == .typeRegular, let file = FileHandle(forReadingAtPath: path), let start = try? file.read(upToCount: 64)
    else { return false }
    return start.starts(with: Data("---@meta".utf8))
  }
}
