/// Columns of text, side by side.
package struct TextTable: Sendable {
  /// On which side of its column a text stands.
  package enum Side: Sendable {
    case left
    case right
  }

  private let sides: [Side]
  private var rows: [[String]] = []

  /// A table of so many columns; each row has a text for each.
  package init(_ sides: [Side]) { self.sides = sides }

  /// Adds a row.
  package mutating func add(_ row: [String]) { rows.append(row) }

  /// The rows, a line each, without spaces at their ends.
  package var text: String {
    let widths = sides.indices.map { column in
      rows.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
      let cells = row.enumerated().map { column, cell in
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        return sides[column] == .left ? cell + padding : padding + cell
      }
      var line = Substring(cells.joined(separator: "  "))
      while line.last == " " { line.removeLast() }
      return line + "\n"
    }.joined()
  }
}
