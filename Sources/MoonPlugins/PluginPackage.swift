package import Foundation

/// A plugin on disk, read: one file, or a folder with `init.lua`.
package struct PluginPackage: Sendable {
  /// The most bytes of one source file.
  package static let maximumSourceBytes = 64 * 1024

  /// The file, or the folder.
  package let url: URL
  /// Where it lies, as messages name it.
  package let path: String
  /// The name that the plugin itself sees: `x.lua`, or `folder/init.lua`.
  package let chunkName: String
  /// The file's name without its ending, or the folder's name.
  package let stem: String
  /// The source.
  package let source: [UInt8]
  /// The plugin's own files, for `require`; `nil` for a single file.
  package let folder: URL?

  /// Reads the file at `url`, or `init.lua` in the folder there.
  ///
  /// - Throws: `PluginError.unreadable`.
  package init(at url: URL, shownAs path: String) throws(PluginError) {
    self.url = url
    var isFolder: ObjCBool = false
    let exists = unsafe FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
    guard exists else { throw .notFound(name: path, searched: []) }
    let file = isFolder.boolValue ? url.appending(path: "init.lua") : url
    folder = isFolder.boolValue ? url : nil
    if isFolder.boolValue && !FileManager.default.fileExists(atPath: file.path) && !Self.isLink(file) {
      throw .notFound(name: (path.hasSuffix("/") ? path : path + "/") + "init.lua", searched: [])
    }
    let name = url.lastPathComponent
    stem = isFolder.boolValue || !name.hasSuffix(".lua") ? name : String(name.dropLast(4))
    let shownName = PluginText.escaped(name)
    chunkName = isFolder.boolValue ? "\(shownName)/init.lua" : shownName
    let shown = PluginText.escaped(path)
    self.path = isFolder.boolValue ? (shown.hasSuffix("/") ? shown : shown + "/") + "init.lua" : shown
    if isFolder.boolValue, Self.isLink(file) {
      throw .unreadable(path: self.path, detail: "it is a link; a plugin's folder holds its files itself")
    }
    source = try Self.read(file, shownAs: self.path)
  }

  private static func isLink(_ file: URL) -> Bool {
    (try? FileManager.default.attributesOfItem(atPath: file.path)[.type] as? FileAttributeType) == .typeSymbolicLink
  }

  private static func read(_ file: URL, shownAs path: String) throws(PluginError) -> [UInt8] {
    do {
      // A pipe or a device could keep the reader waiting for ever.
      let target = file.resolvingSymlinksInPath().path
      let kind = try FileManager.default.attributesOfItem(atPath: target)[.type] as? FileAttributeType
      if kind != .typeRegular { throw PluginError.unreadable(path: path, detail: "it is not a regular file") }
      let handle = try FileHandle(forReadingFrom: file)
      let data = try handle.read(upToCount: maximumSourceBytes + 1) ?? Data()
      if data.count > maximumSourceBytes {
        throw PluginError.unreadable(path: path, detail: "the file is longer than \(maximumSourceBytes) bytes")
      }
      return [UInt8](data)
    } catch let error as PluginError {
      throw error
    } catch {
      throw .unreadable(path: path, detail: "cannot be read: \((error as NSError).localizedDescription)")
    }
  }

  /// Checks the first line `--@moonstep N`, before anything runs.
  ///
  /// - Throws: `PluginError.badDeclaration` for a newer API or a number that is none.
  package func checkVersionLine() throws(PluginError) {
    var bytes = source[...]
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
    if bytes.first == UInt8(ascii: "#") {
      bytes = bytes.drop { $0 != UInt8(ascii: "\n") }.dropFirst()
    }
    let line = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }.prefix(200), as: UTF8.self)
    let mark = "--@moonstep"
    guard line.hasPrefix(mark) else { return }
    let digits = line.dropFirst(mark.count).trimmingCharacters(in: .whitespacesAndNewlines)
    guard !digits.isEmpty, digits.count <= 18, digits.allSatisfy({ $0.isASCII && $0.isNumber }),
      let number = Int(digits), number >= 1
    else {
      throw .badDeclaration(
        plugin: path,
        detail: "the first line must be '--@moonstep' and the API's number, found "
          + "'\(PluginText.escaped(line.trimmingCharacters(in: .newlines)))'")
    }
    if number > PluginManifest.hostAPI {
      throw .badDeclaration(plugin: path, detail: PluginManifest.newerAPI(String(number)))
    }
  }
}
