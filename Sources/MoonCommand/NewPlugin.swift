internal import Foundation
internal import MoonTensor

/// A first plugin to start from: it works, passes its own tests, and its comments tell what can be changed.
package struct NewPlugin: Sendable {
  /// Its id.
  package let name: String
  /// Whether it is a folder with files of its own.
  package let isFolder: Bool

  /// A plugin of that name.
  ///
  /// - Throws: `CommandFailure` for a name that is no id.
  package init(_ name: String, isFolder: Bool) throws {
    guard name.wholeMatch(of: /[a-z][a-z0-9_]*/) != nil, name.utf8.count <= 64 else {
      throw CommandFailure(
        .usage, "'\(name.shown)' is no name for a plugin: it is a small letter and up to 63 small letters, digits and _"
      )
    }
    self.name = name
    self.isFolder = isFolder
  }

  /// The files by their paths in the folder that is written to.
  package var files: [(path: String, text: String)] {
    if isFolder {
      return [
        ("\(name)/init.lua", text(PluginTemplate.folder)), ("\(name)/curve.lua", text(PluginTemplate.module)),
        ("\(name)/test.lua", text(PluginTemplate.folderTests)), ("\(name)/README.md", text(PluginTemplate.readme)),
      ]
    }
    return [("\(name).lua", text(PluginTemplate.file))]
  }

  /// What the user names to run it.
  package func path(in folder: String) -> String {
    let file = isFolder ? name : "\(name).lua"
    return folder == "." ? (isFolder ? "./\(file)" : file) : "\(folder)/\(file)"
  }

  private func text(_ template: String) -> String {
    template.replacing("NAME", with: name).replacing("PATH", with: isFolder ? "./\(name)" : "\(name).lua")
  }

  /// Writes the files; nothing that is there is replaced.
  ///
  /// - Parameter folder: Where; it is made when it is missing.
  /// - Throws: `CommandFailure` that names the file.
  package func write(to folder: String) throws {
    let url = URL(literalPath: folder, directoryHint: .isDirectory)
    let taken = url.appending(path: isFolder ? name : "\(name).lua")
    if (try? FileManager.default.attributesOfItem(atPath: taken.path)) != nil {
      throw CommandFailure(.usage, "'\(path(in: folder).shown)' is there already, and is not replaced")
    }
    try NewFolder.make(url, shownAs: folder)
    if isFolder { try NewFolder.make(taken, shownAs: path(in: folder)) }
    do {
      for file in files { try AtomicFile.write(Array(file.text.utf8), to: url.appending(path: file.path)) }
    } catch {
      // Nothing of it was there before.
      try? FileManager.default.removeItem(at: taken)
      throw CommandFailure(.failed, "\(error)")
    }
  }
}
