import Foundation
import MoonTestSupport
import Testing

/// The Lua plugins that `plugins/README.md` shows.
struct GuideExample: Sendable, CustomTestStringConvertible {
  /// The line of the block's fence.
  let line: Int
  let code: String
  /// What the run fails with, where the block is marked to fail.
  let message: String?

  /// The file's name: the id of a full plugin, `callback` otherwise.
  var name: String {
    (code.firstMatch(of: /\bid = "([a-z0-9_]+)"/).map { String($0.1) } ?? "callback") + ".lua"
  }

  var testDescription: String { "line \(line), \(name)" }

  /// The text of the guide.
  static let text =
    (try? String(
      contentsOf: Fixture.folder.deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "plugins/README.md"), encoding: .utf8)) ?? ""

  /// Every block, in order.
  static let all: [GuideExample] = {
    var examples: [GuideExample] = []
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    func block(_ start: Int) -> (text: String, end: Int) {
      let end = lines[start...].firstIndex { $0 == "```" } ?? lines.endIndex
      return (lines[start..<end].joined(separator: "\n"), end)
    }
    for (index, line) in lines.enumerated() where line.hasPrefix("```lua") {
      let (code, end) = block(index + 1)
      let fails = line == "```lua fails"
      // The message is in the block that follows at once.
      let message = fails && lines.dropFirst(end + 1).first == "```text" ? block(end + 2).text : nil
      examples.append(GuideExample(line: index + 1, code: code + "\n", message: fails ? message ?? "missing" : nil))
    }
    return examples
  }()
}
