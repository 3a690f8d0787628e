/// One word on its way from bytes to tokens.
///
/// The symbols form a linked list in an array, and the merges that can be applied wait in a heap, so a word of n bytes
/// takes n log n steps.
struct MergedWord {
  private struct Symbol {
    /// Id of the token; negative once the symbol has gone into its left neighbour.
    var token: Int32
    var previous: Int
    var next: Int
  }

  /// A merge of the symbol at `position` and the one behind it, as seen when it was noted.
  private struct Candidate: Comparable {
    let rank: Int32
    let position: Int
    let result: Int32

    static func < (left: Candidate, right: Candidate) -> Bool {
      (left.rank, left.position) < (right.rank, right.position)
    }
  }

  private var symbols: [Symbol]
  private var candidates = MinimumHeap<Candidate>()

  /// The tokens of a word.
  ///
  /// - Parameters:
  ///   - symbols: Ids of the tokens of the single bytes.
  ///   - merges: What may be joined.
  /// - Returns: Ids of the tokens after all merges.
  static func tokens(of symbols: [Int32], merges: MergeTable) -> [Int32] {
    guard symbols.count > 1 else { return symbols }
    var word = MergedWord(symbols)
    word.apply(merges)
    return word.symbols.lazy.map(\.token).filter { $0 >= 0 }
  }

  private init(_ tokens: [Int32]) {
    symbols = tokens.enumerated().map { Symbol(token: $1, previous: $0 - 1, next: $0 + 1) }
  }

  /// Applies the merge of the lowest rank, the leftmost first, until none is left.
  ///
  /// An entry whose symbols have changed is dropped only if what stands there now becomes something else; if it becomes
  /// the same token, the old rank counts. So the reference has it.
  private mutating func apply(_ merges: MergeTable) {
    for position in 0..<symbols.count - 1 { note(position, merges) }
    while let candidate = candidates.popFirst() {
      let left = symbols[candidate.position]
      guard left.token >= 0, left.next < symbols.count else { continue }
      let right = symbols[left.next]
      guard let merge = merges[left.token, right.token], merge.result == candidate.result else { continue }
      symbols[left.next].token = -1
      symbols[candidate.position].token = candidate.result
      symbols[candidate.position].next = right.next
      if right.next < symbols.count { symbols[right.next].previous = candidate.position }
      if left.previous >= 0 { note(left.previous, merges) }
      note(candidate.position, merges)
    }
  }

  /// Puts the merge at `position` into the heap, if there is one.
  private mutating func note(_ position: Int, _ merges: MergeTable) {
    let left = symbols[position]
    guard left.next < symbols.count, let merge = merges[left.token, symbols[left.next].token] else { return }
    candidates.insert(Candidate(rank: merge.rank, position: position, result: merge.result))
  }
}
