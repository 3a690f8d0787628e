internal import Foundation
internal import MoonLua
internal import MoonPlugins
internal import MoonTensor

/// Turns what stopped a plugin into the sentence and the excerpt that a user sees.
struct FailureText {
  /// A line of a file, which is named as in Lua's own messages.
  struct Place {
    let source: String
    let line: Int

    init(source: String, line: Int) {
      self.source = source
      self.line = line
    }

    init(_ frame: LuaError.Frame) { self.init(source: frame.source, line: frame.line) }
  }

  let package: PluginPackage
  /// The name of the main file in Lua's own messages.
  let chunkName: String
  /// Names that plugins can use, for suggestions.
  let knownNames: [String]

  /// The failure of the plugin `id`.
  ///
  /// - Parameters:
  ///   - error: What was thrown.
  ///   - id: The plugin's id.
  ///   - moment: Hook and step: `on_step_end, step 3/25`; `nil` while the file is loaded.
  ///   - fallback: Where the hook is defined, for errors that name no line.
  /// - Returns: The failure with its sentence and excerpt.
  func failure(_ error: any Error, of id: String, during moment: String?, fallback: Place?) -> PluginFailure {
    var text = "\(error)"
    var frame = fallback
    if let error = error as? LuaError {
      if let known = position(of: error) {
        frame = known.place
        text = known.rest
      } else {
        frame = error.frames.first { isOwn($0.source) }.map { Place($0) } ?? fallback
        // A place in what the host has loaded beside the plugin says nothing to its author.
        text = error.message.removingPrefix(chunkName + ": ")
          .replacing(#/^\[string "functions of (checks|tests)"\]:\d+: /#, with: "")
      }
      text += suggestion(for: text)
    } else if case .outOfBudget(_, let limit)? = error as? TensorError {
      // Met outside of the plugin's code: when arguments are made for a hook, or what it keeps is charged.
      let size = limit % (1 << 20) == 0 ? "\(limit >> 20) MiB" : "\(limit) bytes"
      text = "memory limit: a plugin's tensors may use \(size)"
    }
    let place = frame.map { "\(shownFile($0.source)):\($0.line)" } ?? package.path
    let description = [place, moment, text].compactMap { $0 }.joined(separator: ": ")
    return PluginFailure(plugin: id, description: description, excerpt: frame.flatMap { excerpt($0, naming: text) })
  }

  /// The file and line that a message begins with, when they are the plugin's own.
  private func position(of error: LuaError) -> (place: Place, rest: String)? {
    guard let line = error.line, let mark = error.message.firstRange(of: ":\(line): ") else { return nil }
    let source = String(error.message[..<mark.lowerBound])
    guard isOwn(source) else { return nil }
    return (Place(source: source, line: line), String(error.message[mark.upperBound...]))
  }

  /// Whether Lua's name of a file is one of the plugin's.
  private func isOwn(_ source: String) -> Bool {
    source == chunkName || package.folder != nil && source.hasPrefix(folderPrefix) && source.hasSuffix(".lua")
  }

  private var folderPrefix: String { package.stem + "/" }

  /// A file of the plugin as the user knows it.
  private func shownFile(_ source: String) -> String {
    if source == chunkName { return package.path }
    return package.path.removingSuffix("init.lua") + source.removingPrefix(folderPrefix)
  }

  // MARK: Suggestions

  /// `; did you mean 'tensor'?` where a name that was nil looks like one that there is.
  private func suggestion(for text: String) -> String {
    guard text.hasPrefix("attempt to"), !text.contains("did you mean"),
      let word = text.quotedWord(after: ["(field '", "(global '", "(method '"]), !knownNames.contains(word)
    else { return "" }
    return PluginText.suggestion(for: word, in: knownNames)
  }

  // MARK: Excerpt

  /// The bytes of a file by Lua's name of it; those of a module are read anew.
  private func source(of name: String) -> [UInt8]? {
    if name == chunkName { return package.source }
    guard let folder = package.folder, name.hasPrefix(folderPrefix) else { return nil }
    return (try? LuaFolder(path: folder.path).source(ofFile: name.removingPrefix(folderPrefix))) ?? nil
  }

  /// The source line with a mark under the name that the message quotes, else under its first letter.
  private func excerpt(_ frame: Place, naming text: String) -> String? {
    guard frame.line > 0, let source = source(of: frame.source) else { return nil }
    let lines = source.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    guard frame.line <= lines.count else { return nil }
    let line = LuaText.shown(lines[frame.line - 1].prefix { $0 != UInt8(ascii: "\r") }, limit: 120)
    if line.allSatisfy(\.isWhitespace) { return nil }
    let start =
      text.quotedWord(after: ["'"]).flatMap { line.firstRange(of: $0)?.lowerBound }
      ?? line.firstIndex { !$0.isWhitespace } ?? line.startIndex
    let number = "\(frame.line)"
    let margin = String(repeating: " ", count: number.count + 2)
    let indent = String(repeating: " ", count: line.distance(from: line.startIndex, to: start))
    return "  \(number) | \(line)\n\(margin) | \(indent)^"
  }
}

extension String {
  /// The text without `prefix`, if it begins with it.
  fileprivate func removingPrefix(_ prefix: String) -> String {
    hasPrefix(prefix) ? String(dropFirst(prefix.count)) : self
  }

  /// The text without `suffix`, if it ends with it.
  fileprivate func removingSuffix(_ suffix: String) -> String {
    hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
  }

  /// The word between the first of `marks` that comes and the next single quote.
  fileprivate func quotedWord(after marks: [String]) -> String? {
    for mark in marks {
      guard let start = firstRange(of: mark)?.upperBound, let end = self[start...].firstIndex(of: "'") else { continue }
      return String(self[start..<end])
    }
    return nil
  }
}
