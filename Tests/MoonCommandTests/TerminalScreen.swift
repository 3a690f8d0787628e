/// What a terminal shows: enough of one to follow a progress line and pictures out of characters.
struct TerminalScreen {
  private let width: Int
  private let height: Int
  /// All rows, those that have scrolled away first.
  private var cells: [[Character]] = [[]]
  private var row = 0
  private var column = 0
  /// Sequences that it does not know.
  private(set) var unknown: [String] = []
  /// Sequences of pictures.
  private(set) var pictures: [String] = []

  init(width: Int, height: Int, showing text: String = "") {
    (self.width, self.height) = (width, height)
    show(text)
  }

  /// The rows down to the last one that is not empty, without spaces at their ends.
  var lines: [String] {
    var lines = cells.map { line in
      String(line.reversed().drop { $0 == " " }.reversed())
    }
    while lines.last == "" { lines.removeLast() }
    return lines
  }

  /// Whether the cursor is in the first column of an empty row, with nothing below it.
  var isTidy: Bool { column == 0 && cells[row...].allSatisfy { $0.allSatisfy { $0 == " " } } }

  private var top: Int { max(0, cells.count - height) }

  mutating func show(_ text: String) {
    var rest = Array(text.unicodeScalars)[...]
    while let scalar = rest.popFirst() {
      switch scalar {
      case "\r": column = 0
      case "\n": moveDown()
      case "\u{1B}": escape(&rest)
      default: put(Character(scalar))
      }
    }
  }

  /// The next row, a new one at the end; a terminal's driver puts the cursor into the first column.
  private mutating func moveDown() {
    column = 0
    row += 1
    if row == cells.count { cells.append([]) }
  }

  private mutating func put(_ character: Character) {
    if column == width { moveDown() }
    while cells[row].count <= column { cells[row].append(" ") }
    cells[row][column] = character
    column += 1
  }

  private mutating func escape(_ rest: inout ArraySlice<Unicode.Scalar>) {
    switch rest.popFirst() {
    case "[":
      let number = rest.prefix { !$0.properties.isAlphabetic }
      rest = rest.dropFirst(number.count)
      let count = Int(String(String.UnicodeScalarView(number)))
      switch rest.popFirst() {
      case "A": row = max(top, row - (count ?? 1))
      case "B": row = min(cells.count - 1, row + (count ?? 1))
      case "K": cells[row] = Array(cells[row].prefix(column))
      case "J":
        cells[row] = Array(cells[row].prefix(column))
        cells = cells.enumerated().map { $0 > row ? [] : $1 }
      case "m": break
      case let end: unknown.append("[" + (count.map(String.init) ?? "") + (end.map(String.init) ?? ""))
      }
    case "7", "8": break
    case "_": pictures.append(text(&rest, to: "\\"))
    case "]": pictures.append(text(&rest, to: "\u{07}"))
    case let other: unknown.append(other.map(String.init) ?? "the end")
    }
  }

  /// What stands before `end`.
  private func text(_ rest: inout ArraySlice<Unicode.Scalar>, to end: Unicode.Scalar) -> String {
    let inside = rest.prefix { $0 != end }
    rest = rest.dropFirst(inside.count + 1)
    return String(String.UnicodeScalarView(inside))
  }
}
