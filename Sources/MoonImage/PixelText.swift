/// Lines of the small font of `GlyphTable`: the room that they take, and how a text is fitted into it.
///
/// `scale` is how many pixels of a picture a pixel of the font takes along each side, at least 1.
package enum PixelText {
  /// Pixels from one character to the next.
  static let advance = GlyphTable.width + 1
  /// What stands for the rest of a text.
  private static let ellipsis = "..."
  /// Characters behind which a long word may be parted.
  private static let seams: Set<Character> = ["_", "-", ".", ",", ":", "=", "/", "|"]

  /// Pixels from the top of a line to the top of the next.
  package static func lineHeight(scale: Int) -> Int { (GlyphTable.height + 2) * scale }

  /// Pixels that a line of that many characters takes; none behind the last one.
  package static func width(characters: Int, scale: Int) -> Int { max(0, characters * advance - 1) * scale }

  /// Characters that fit into a line of `width` pixels.
  package static func characters(in width: Int, scale: Int) -> Int { max(0, (width / scale + 1) / advance) }

  /// Breaks a text into lines, at spaces where there are any.
  ///
  /// - Parameters:
  ///   - text: Any text; white space of every kind is a space.
  ///   - characters: The most characters of a line.
  ///   - limit: The most lines; the last one ends in `...` where more would follow.
  /// - Returns: At most `limit` lines of at most `characters`; none where there is no room for a character.
  package static func lines(_ text: String, characters: Int, limit: Int) -> [String] {
    if characters < 1 || limit < 1 { return [] }
    var lines: [String] = []
    for word in text.split(whereSeparator: \.isWhitespace) {
      var rest = word
      if let last = lines.last, last.count + 1 + rest.count <= characters {
        lines[lines.count - 1] = last + " " + rest
        continue
      }
      while rest.count > characters {
        let start = rest.prefix(characters)
        let end = start.lastIndex { seams.contains($0) }.map { start.index(after: $0) } ?? start.endIndex
        lines.append(String(rest[..<end]))
        rest = rest[end...]
        if lines.count > limit { break }
      }
      lines.append(String(rest))
      if lines.count > limit { break }
    }
    if lines.count <= limit { return lines }
    return lines[..<(limit - 1)] + [shortened(lines[(limit - 1)...].joined(separator: " "), characters: characters)]
  }

  /// `text` where it fits, else its beginning and `...`.
  private static func shortened(_ text: String, characters: Int) -> String {
    if text.count <= characters { return text }
    if characters <= ellipsis.count { return String(ellipsis.prefix(characters)) }
    var start = text.prefix(characters - ellipsis.count)
    while start.last == " " { start.removeLast() }
    return start + ellipsis
  }
}
