import Foundation

/// The `tEXt` chunks of a PNG file, in their order.
struct PNGTexts {
  /// Keywords and values.
  let entries: [(keyword: String, value: String)]

  /// Reads the chunks of the file at `url`, without checking their sums.
  init(_ url: URL) throws {
    let bytes = [UInt8](try Data(contentsOf: url))
    var entries: [(keyword: String, value: String)] = []
    // Eight bytes of signature; then length, type, content and sum of each chunk.
    var position = 8
    while position + 12 <= bytes.count {
      let length = bytes[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
      let content = bytes[(position + 8)...].prefix(length)
      if bytes[position + 4..<position + 8].elementsEqual("tEXt".utf8) {
        let parts = content.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
        let texts = parts.map { String(String.UnicodeScalarView($0.map { Unicode.Scalar($0) })) }
        entries.append((texts[0], texts.count > 1 ? texts[1] : ""))
      }
      position += 12 + length
    }
    self.entries = entries
  }
}
