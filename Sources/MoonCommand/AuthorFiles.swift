internal import CMoonStubs
internal import Foundation
internal import MoonTensor

/// Files that help to write plugins: annotations for editors, and settings of the tools that read them.
package enum AuthorFiles {
  /// The files by their paths in the folder that is written.
  package static var all: [(path: String, text: String)] {
    [
      ("meta/moonstep.lua", annotations), (".luarc.json", languageServer),
      // In the source tree the annotations lie elsewhere.
      (".luacheckrc", luacheck.replacing("\"plugins/meta\"", with: "\"meta\"")),
    ]
  }

  /// Settings of lua-language-server: the annotations, and the libraries that plugins do not have.
  private static let languageServer = """
    {
      "$schema": "https://raw.githubusercontent.com/LuaLS/vscode-lua/master/setting/schema.json",
      "runtime.version": "Lua 5.4",
      "runtime.builtin": { "io": "disable", "os": "disable", "debug": "disable", "package": "disable" },
      "workspace.library": ["meta"],
      "workspace.checkThirdParty": false,
      "diagnostics.disable": ["unused-local"]
    }

    """

  /// Makes or replaces the files in a folder, which is made when it is missing.
  ///
  /// - Parameter folder: Where.
  /// - Returns: Their paths.
  /// - Throws: `CommandFailure` that names the file.
  package static func write(to folder: String) throws -> [String] {
    let url = URL(literalPath: folder, directoryHint: .isDirectory)
    return try all.map { file in
      let target = url.appending(path: file.path)
      try NewFolder.make(target.deletingLastPathComponent(), shownAs: folder)
      try AtomicFile.write(Array(file.text.utf8), to: target)
      return target.shownPath
    }
  }

  /// `plugins/meta/moonstep.lua` of the source tree.
  private static var annotations: String {
    var size = 0
    let start = unsafe moon_stub_annotations(&size)
    return unsafe String(decoding: UnsafeBufferPointer(start: start, count: size), as: UTF8.self)
  }

  /// `.luacheckrc` of the source tree.
  private static var luacheck: String {
    var size = 0
    let start = unsafe moon_stub_luacheck(&size)
    return unsafe String(decoding: UnsafeBufferPointer(start: start, count: size), as: UTF8.self)
  }
}
