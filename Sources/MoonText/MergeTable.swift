/// The merges of a byte-pair vocabulary: which neighbours become one token, and in which order.
struct MergeTable {
  /// What a pair becomes.
  struct Merge {
    /// Its place in the list of merges; the smaller, the earlier it is applied.
    let rank: Int32
    /// Id of the token that the pair becomes.
    let result: Int32
  }

  private var merges: [UInt64: Merge] = [:]

  /// Reads the merges of `tokenizer.json`, each `"a b"` or `["a", "b"]`.
  init(_ node: ConfigurationNode, vocabulary: Vocabulary) throws(TokenizerError) {
    guard case .list(let items) = node.value else { throw node.mismatch(wanted: "a list") }
    merges.reserveCapacity(items.count)
    for (index, item) in items.enumerated() {
      switch item {
      case .text(let line):
        try add(line, vocabulary, file: node.file) { "\(node.path)[\(index)]" }
      case .list(let parts):
        guard parts.count == 2, case .text(let left) = parts[0], case .text(let right) = parts[1] else {
          throw .malformedMerge(file: node.file, place: "\(node.path)[\(index)]", found: item.summary)
        }
        try add(left[...], right[...], vocabulary, file: node.file) { "\(node.path)[\(index)]" }
      default:
        throw .malformedMerge(file: node.file, place: "\(node.path)[\(index)]", found: item.summary)
      }
    }
  }

  /// Reads `merges.txt`: a merge a line, lines that start with `#version` left out.
  init(file: String, bytes: [UInt8], vocabulary: Vocabulary) throws(TokenizerError) {
    let version = Array("#version".utf8)
    var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    merges.reserveCapacity(lines.count)
    for (index, line) in lines.enumerated() where !line.starts(with: version) {
      let merge = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
      try add(merge, vocabulary, file: file) { "line \(index + 1)" }
    }
  }

  private mutating func add(
    _ line: some Collection<UInt8>, _ vocabulary: Vocabulary, file: String, place: () -> String
  ) throws(TokenizerError) {
    let parts = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    guard parts.count == 2 else { throw .malformedMerge(file: file, place: place(), found: quoted(line)) }
    try add(parts[0], parts[1], vocabulary, file: file, place: place)
  }

  private mutating func add(
    _ left: some Collection<UInt8>, _ right: some Collection<UInt8>, _ vocabulary: Vocabulary, file: String,
    place: () -> String
  ) throws(TokenizerError) {
    func identifier(_ token: [UInt8]) throws(TokenizerError) -> Int32 {
      guard let identifier = vocabulary[token] else {
        throw .unknownMergeToken(file: file, place: place(), token: quoted(token))
      }
      return identifier
    }
    let pair = Self.key(try identifier(Array(left)), try identifier(Array(right)))
    // A pair that is listed twice has the later rank, as in the reference.
    nextRank += 1
    merges[pair] = Merge(rank: nextRank, result: try identifier(Array(left) + Array(right)))
  }

  private var nextRank: Int32 = 0

  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  /// What `left` and `right` become as neighbours; nil if they stay apart.
  subscript(left: Int32, right: Int32) -> Merge? { merges[Self.key(left, right)] }
}
