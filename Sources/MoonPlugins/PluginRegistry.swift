public import Foundation

/// Where plugins are looked for, by id or by path.
public struct PluginRegistry: Sendable {
  /// The folders, first wins.
  package let folders: [(url: URL, shown: String)]

  /// Class names of the reference's callbacks, and the plugins that do the same.
  private static let aliases = [
    "SDCFGCutoffCallback": "sd_cfg_cutoff",
    "SDXLCFGCutoffCallback": "sdxl_cfg_cutoff",
    "SDXLControlnetCFGCutoffCallback": "sdxl_controlnet_cfg_cutoff",
    "IPAdapterScaleCutoffCallback": "ip_adapter_scale_cutoff",
  ]

  /// The folders of the design: `./plugins`, `$MOONSTEP_PLUGIN_PATH`, `$XDG_DATA_HOME/moonstep/plugins`, the bundled ones.
  ///
  /// - Parameters:
  ///   - environment: Environment variables.
  ///   - executable: The running program; the bundled plugins lie beside it or in a folder above it.
  public init(
    environment: [String: String] = ProcessInfo.processInfo.environment,
    executable: URL? = Bundle.main.executableURL
  ) {
    var folders = [(url: URL(filePath: "plugins", directoryHint: .isDirectory), shown: "plugins")]
    for path in (environment["MOONSTEP_PLUGIN_PATH"] ?? "").split(separator: ":") {
      folders.append((URL(filePath: String(path), directoryHint: .isDirectory), String(path)))
    }
    let data =
      environment["XDG_DATA_HOME"].flatMap { $0.isEmpty ? nil : $0 }
      ?? (environment["HOME"] ?? "") + "/.local/share"
    let own = data + "/moonstep/plugins"
    folders.append((URL(filePath: own, directoryHint: .isDirectory), own))
    if let bundled = executable.flatMap({ Self.bundled(from: $0) }) { folders.append((bundled, bundled.path)) }
    self.folders = folders
  }

  /// These folders and no others.
  package init(folders: [(url: URL, shown: String)]) { self.folders = folders }

  /// The bundled plugins: `share/moonstep/plugins` of an installation, or `plugins` of the source tree it was built in.
  private static func bundled(from executable: URL) -> URL? {
    var folder = executable.resolvingSymlinksInPath().deletingLastPathComponent()
    let installed = folder.deletingLastPathComponent().appending(path: "share/moonstep/plugins")
    if FileManager.default.fileExists(atPath: installed.path) { return installed }
    for _ in 0..<6 {
      let candidate = folder.appending(path: "plugins")
      if FileManager.default.fileExists(atPath: candidate.appending(path: "meta/moonstep.lua").path) {
        return candidate
      }
      folder = folder.deletingLastPathComponent()
    }
    return nil
  }

  /// The plugin of that id, class name or path.
  ///
  /// - Parameter name: A path when it holds a `/` or ends in `.lua`; otherwise an id, or where no plugin has it, a folder
  ///   with `init.lua`. The path of an `init.lua` stands for its folder.
  /// - Returns: The plugin, read.
  /// - Throws: `PluginError.notFound` with a suggestion, `.unreadable`.
  package func find(_ name: String) throws(PluginError) -> PluginPackage {
    if name.contains("/") || name.hasSuffix(".lua") {
      return try Self.package(atPath: name)
    }
    let id = Self.aliases[name] ?? name
    if Self.isPlain(id) {
      for folder in folders {
        for candidate in ["\(id).lua", id] {
          let url = folder.url.appending(path: candidate)
          let file = candidate == id ? url.appending(path: "init.lua") : url
          if FileManager.default.fileExists(atPath: file.path) {
            return try PluginPackage(at: url, shownAs: "\(folder.shown)/\(candidate)")
          }
        }
      }
    }
    if Self.isPlain(name), FileManager.default.fileExists(atPath: name + "/init.lua") {
      return try Self.package(atPath: name)
    }
    let near = PluginText.nearest(to: id, in: installed().map(\.id) + Self.aliases.keys.sorted())
    throw .notFound(name: String(name.prefix(80)), searched: folders.map(\.shown), near: near)
  }

  /// The plugin at a path; a tilde is the shell's to read, not ours.
  private static func package(atPath path: String) throws(PluginError) -> PluginPackage {
    let url = URL(filePath: path.hasPrefix("~") ? "./" + path : path)
    let folder = url.absoluteURL.standardizedFileURL.deletingLastPathComponent()
    let isFolder = (try? url.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory ?? false
    if url.lastPathComponent == "init.lua" && !isFolder && folder.path != "/" {
      let shown = path.dropLast("init.lua".count)
      return try PluginPackage(at: folder, shownAs: shown.isEmpty ? "./" : String(shown))
    }
    return try PluginPackage(at: url, shownAs: path)
  }

  /// Whether `name` can be a file's name that is no path and not hidden.
  private static func isPlain(_ name: String) -> Bool {
    !name.isEmpty && !name.hasPrefix(".") && !name.utf8.contains(0) && name.utf8.count <= 200
  }

  /// Every plugin in the folders, by the name that finds it.
  package func installed() -> [(id: String, url: URL, shown: String)] {
    var found: [(id: String, url: URL, shown: String)] = []
    for folder in folders {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.url.path)) ?? []
      for name in names.sorted() where Self.isPlain(name) {
        let url = folder.url.appending(path: name)
        let id = name.hasSuffix(".lua") ? String(name.dropLast(4)) : name
        let isPlugin =
          name.hasSuffix(".lua")
          || FileManager.default.fileExists(atPath: url.appending(path: "init.lua").path)
        if isPlugin && !found.contains(where: { $0.id == id }) { found.append((id, url, "\(folder.shown)/\(name)")) }
      }
    }
    return found
  }
}

/// A plugin as it is named on a command line: `NAME-or-FILE[:key=value,... or :{json}]`.
package struct PluginSpecification: Sendable, Equatable {
  /// An id, a class name or a path.
  package let name: String
  /// The options, as text.
  package let options: String

  /// A plugin with options, as text.
  package init(name: String, options: String) {
    self.name = name
    self.options = options
  }

  /// Splits `text` at the colon before the options.
  ///
  /// A path may hold colons itself: the options begin behind the first part that exists as a file or folder, or that
  /// ends in `.lua`, and where there is none of these behind the first colon.
  package init(_ text: String) {
    let marks = text.indices.filter { text[$0] == ":" }
    let end =
      (marks + [text.endIndex]).first { Self.isPath(text[..<$0], isWhole: $0 == text.endIndex) }
      ?? marks.first ?? text.endIndex
    name = String(text[..<end])
    options = String(text[end...].dropFirst())
  }

  /// Whether the beginning of a specification is a path: it is there, or looks like one.
  private static func isPath(_ start: Substring, isWhole: Bool) -> Bool {
    if start.contains("/") || isWhole, FileManager.default.fileExists(atPath: String(start)) { return true }
    return start.hasSuffix(".lua") && !start.contains("=") && !start.contains("{")
  }
}
