package import MoonImage

/// A picture on a terminal.
package struct TerminalPicture: Sendable, Equatable {
  /// Rows of cells that it takes.
  package let rows: Int
  /// Draws it below the cursor, which is in the first column and ends there, in the row below the picture.
  package let drawing: String
  /// Takes away what does not go with the cells.
  package let deletion: String
  /// Cells of a row of the terminal.
  package let lineWidth: Int

  /// The most pixels of a side that are sent to a terminal.
  private static let largestSide = 512

  /// A picture in cells.
  ///
  /// - Parameters:
  ///   - image: Of any size; it is fitted into the terminal.
  ///   - style: How the terminal shows pictures.
  ///   - size: The terminal's size.
  ///   - id: A number of the picture, the same for those that take each other's place; at least 1.
  /// - Throws: `ImageError`, `.unwritable` where the scope was asked to stop.
  package init(_ image: RGBImage, style: PreviewStyle, size: TerminalSize, id: UInt32) throws(ImageError) {
    let cells = size.cells(ofWidth: image.width, height: image.height)
    rows = cells.rows
    lineWidth = size.columns
    switch style {
    case .blocks(let colours):
      let fitted = try image.resized(width: cells.columns, height: cells.rows * 2, filter: .bilinear)
      drawing = HalfBlocks.rows(of: fitted, colours: colours).map { $0 + "\n" }.joined()
      deletion = ""
    case .kitty:
      let graphics = KittyGraphics(id: id)
      let sequence = graphics.sequence(try Self.png(image), columns: cells.columns, rows: rows)
      drawing = Self.drawing(sequence, rows: rows)
      deletion = graphics.deletion
    case .iterm:
      let sequence = ITermImage.sequence(try Self.png(image), columns: cells.columns, rows: rows)
      drawing = Self.drawing(sequence, rows: rows)
      deletion = ""
    }
  }

  /// A picture of known text.
  package init(rows: Int, drawing: String, deletion: String = "", lineWidth: Int = 80) {
    (self.rows, self.drawing, self.deletion, self.lineWidth) = (rows, drawing, deletion, lineWidth)
  }

  /// Makes room first, so that nothing scrolls while the picture is shown, and goes below it whatever the picture does
  /// to the cursor.
  private static func drawing(_ sequence: String, rows: Int) -> String {
    let room = String(repeating: "\n", count: rows) + "\u{1B}[\(rows)A"
    return room + "\u{1B}7" + sequence + "\u{1B}8" + "\u{1B}[\(rows)B"
  }

  private static func png(_ image: RGBImage) throws(ImageError) -> [UInt8] {
    let side = max(image.width, image.height)
    if side <= largestSide { return try PNG.encode(image) }
    func fitted(_ count: Int) -> Int { max(1, count * largestSide / side) }
    return try PNG.encode(
      image.resized(width: fitted(image.width), height: fitted(image.height), filter: .bilinear))
  }
}
