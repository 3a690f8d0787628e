/// A parsed equation of `einsum`: one list of labels for each operand and one for the result.
///
/// A label is a dimension's name: a letter, or a place of the ellipsis counted from its right end.
struct EinsumEquation {
  /// The most operands of one call.
  static let maximumOperands = 8

  /// Labels of each operand, as many as it has dimensions.
  private(set) var operands: [[Int]] = []
  /// Labels of the result, each once.
  private(set) var result: [Int] = []

  /// One side of a comma: letters, and where the ellipsis stands among them.
  private struct Term {
    var letters: [Int] = []
    var ellipsis: Int?
  }

  /// Labels of ellipsis dimensions begin here, after all letters.
  private static let firstEllipsisLabel = 256

  /// Parses `text` for operands with the ranks given.
  init(_ text: String, ranks: [Int]) throws(TensorError) {
    let (terms, output) = try Self.parse(Array(text.utf8.prefix(4096)), isCut: text.utf8.count > 4096)
    if terms.count != ranks.count {
      throw Self.bad("the equation has \(terms.count) operands, the call \(ranks.count)")
    }
    var widest = 0
    for (index, term) in terms.enumerated() {
      let free = ranks[index] - term.letters.count
      if free < 0 || free > 0 && term.ellipsis == nil {
        throw Self.bad("operand \(index) has \(ranks[index]) dimensions, the equation names \(term.letters.count)")
      }
      operands.append(Self.labels(term, width: free))
      widest = max(widest, free)
    }
    let letters = Set(terms.flatMap(\.letters))
    if let output {
      for (position, letter) in output.letters.enumerated() {
        let name = Self.name(letter)
        if !letters.contains(letter) { throw Self.bad("the result's \(name) is in no operand") }
        if output.letters[..<position].contains(letter) { throw Self.bad("\(name) appears twice in the result") }
      }
      result = Self.labels(output, width: widest)
    } else {
      let all = terms.flatMap(\.letters)
      let once = letters.filter { letter in all.count { $0 == letter } == 1 }
      result = Self.labels(Term(letters: once.sorted(), ellipsis: 0), width: widest)
    }
  }

  private static func bad(_ detail: String) -> TensorError {
    .badArgument(operation: "einsum", argument: 1, detail: detail)
  }

  private static func name(_ letter: Int) -> String {
    "'\(UnicodeScalar(UInt8(truncatingIfNeeded: letter)))'"
  }

  /// The labels of a term whose ellipsis stands for `width` dimensions.
  private static func labels(_ term: Term, width: Int) -> [Int] {
    guard let place = term.ellipsis else { return term.letters }
    let places = (0..<width).map { firstEllipsisLabel + width - 1 - $0 }
    return term.letters[..<place] + places + term.letters[place...]
  }

  /// The terms left of the arrow, and the one right of it if there is an arrow.
  private static func parse(_ bytes: [UInt8], isCut: Bool) throws(TensorError) -> (terms: [Term], output: Term?) {
    if isCut { throw bad("the equation is longer than 4096 bytes") }
    var terms: [Term] = []
    var current = Term()
    var isOutput = false
    var position = 0
    while position < bytes.count {
      let byte = bytes[position]
      switch byte {
      case UInt8(ascii: " "): break
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
        current.letters.append(Int(byte))
        if current.letters.count > Shape.maximumRank { throw bad("a term has more than 8 letters") }
      case UInt8(ascii: "."):
        guard bytes[position...].starts(with: "...".utf8), current.ellipsis == nil else {
          throw bad("'.' at byte \(position + 1) is not part of one ellipsis")
        }
        current.ellipsis = current.letters.count
        position += 2
      case UInt8(ascii: ",") where !isOutput:
        terms.append(current)
        current = Term()
        if terms.count == maximumOperands { throw bad("more than \(maximumOperands) operands") }
      case UInt8(ascii: "-") where !isOutput && bytes[position...].starts(with: "->".utf8):
        terms.append(current)
        current = Term()
        isOutput = true
        position += 1
      default:
        throw bad("unexpected character at byte \(position + 1)")
      }
      position += 1
    }
    return isOutput ? (terms, current) : (terms + [current], nil)
  }
}
