package import MoonLua

/// Rules for the texts of a plugin: they reach terminals, JSON and PNG files.
package enum PluginText {
  /// The most bytes of one text.
  package static let maximumBytes = 4096
  /// The most names that a message lists.
  private static let mostCandidates = 64

  /// `text` with control characters, bidirectional marks and line separators written as escapes, cut to the limit.
  package static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      if result.utf8.count > maximumBytes { return result + "..." }
      switch scalar.properties.generalCategory {
      case .control where scalar == "\t": result += "\\t"
      case .control where scalar == "\n": result += "\\n"
      case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate:
        result += "\\u{\(String(scalar.value, radix: 16))}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// A text as the name of something, in quotation marks for a message: escaped, and cut after some sixty bytes.
  package static func quoted(_ name: String) -> String { "'\(LuaText.shown(name, limit: 64))'" }

  /// A script's value as the name of something: in quotation marks where it is a string, else its type.
  package static func quoted(_ value: LuaValue) -> String {
    if case .string(let string) = value { "'\(LuaText.shown(string.bytes, limit: 64))'" } else { "(\(value.typeName))" }
  }

  /// The candidate nearest to `word`, when it is near enough to be a slip.
  package static func nearest(to word: String, in candidates: [String]) -> String? {
    let limit = max(1, min(3, (word.count + 1) / 3))
    if let same = candidates.first(where: { $0.lowercased() == word.lowercased() }) { return same }
    let ranked = candidates.map { (distance: distance(word, $0), name: $0) }
    guard let best = ranked.min(by: { $0.distance < $1.distance }), best.distance <= limit else { return nil }
    return best.name
  }

  /// Of `keys` that are none of `names` the first in the alphabet, quoted and with a hint; `nil` where all are known. A
  /// table has no order of its own: so the message stays the same.
  package static func unknown(_ keys: [LuaValue], besides names: [String]) -> String? {
    let unknown = keys.filter { key in key.asName.map { !names.contains($0) } ?? true }
    guard let first = unknown.map({ quoted($0) }).min() else { return nil }
    let name = unknown.first { quoted($0) == first }?.asName
    return first + hint(for: name ?? "", in: names)
  }

  /// `; did you mean 'x'?`, or nothing.
  package static func suggestion(for word: String, in candidates: [String]) -> String {
    nearest(to: word, in: candidates).map { "; did you mean \(quoted($0))?" } ?? ""
  }

  /// `; did you mean 'x'?`, or the list of what there is.
  package static func hint(for word: String, in candidates: [String]) -> String {
    if let near = nearest(to: word, in: candidates) { return "; did you mean \(quoted(near))?" }
    if candidates.isEmpty { return "; there are none" }
    let shown = candidates.prefix(mostCandidates).map { LuaText.shown($0, limit: 64) }.joined(separator: ", ")
    return "; there are \(shown)" + (candidates.count > mostCandidates ? " and others" : "")
  }

  /// Insertions, deletions, replacements and swaps of neighbours between two short words (optimal string alignment).
  private static func distance(_ left: String, _ right: String) -> Int {
    let left = Array(left.unicodeScalars.prefix(64))
    let right = Array(right.unicodeScalars.prefix(64))
    var previous: [Int] = []
    var row = Array(0...right.count)
    for (index, letter) in left.enumerated() {
      let above = row
      row[0] = index + 1
      for column in right.indices {
        let replaced = above[column] + (letter == right[column] ? 0 : 1)
        row[column + 1] = min(replaced, row[column] + 1, above[column + 1] + 1)
        if index > 0, column > 0, letter == right[column - 1], left[index - 1] == right[column] {
          row[column + 1] = min(row[column + 1], previous[column - 1] + 1)
        }
      }
      previous = above
    }
    return row[right.count]
  }
}
