internal import Foundation

/// The size of a terminal.
package struct TerminalSize: Sendable, Equatable {
  /// Cells of a row.
  package var columns = 80
  /// Rows of cells.
  package var rows = 24
  /// Width of a cell, its height being 1.
  package var cellWidth = 0.5

  /// What a terminal is taken for that does not tell its size.
  package init() {}

  /// A size in cells.
  package init(columns: Int, rows: Int, cellWidth: Double = 0.5) {
    (self.columns, self.rows, self.cellWidth) = (columns, rows, cellWidth)
  }

  /// The size of the terminal behind `stream`, as it is now.
  package init(of stream: StandardStream) {
    var size = winsize()
    if unsafe ioctl(stream.rawValue, UInt(TIOCGWINSZ), &size) != 0 { return }
    if size.ws_col > 0 { columns = Int(size.ws_col) }
    if size.ws_row > 0 { rows = Int(size.ws_row) }
    if size.ws_xpixel > 0 && size.ws_ypixel > 0 && size.ws_col > 0 && size.ws_row > 0 {
      let (width, height) = (Double(size.ws_xpixel) / Double(columns), Double(size.ws_ypixel) / Double(rows))
      // A terminal that tells nonsense is taken for one that tells nothing.
      if (0.25...1).contains(width / height) { cellWidth = width / height }
    }
  }

  /// The most rows of a picture: in half blocks, the latents of 512 pixels one to one.
  private static let pictureRows = 32

  /// The cells of a picture in its proportions, with a row for the progress line and one more below it.
  ///
  /// - Parameters:
  ///   - width: Pixels of a row.
  ///   - height: Rows of pixels.
  /// - Returns: Cells, at least one.
  package func cells(ofWidth width: Int, height: Int) -> (columns: Int, rows: Int) {
    let most = max(1, min(rows - 2, Self.pictureRows))
    let rowsOfColumn = Double(height) / Double(width) * cellWidth
    let columns = max(1, min(Double(self.columns), (Double(most) / rowsOfColumn).rounded(.down)))
    return (Int(columns), max(1, min(most, Int((columns * rowsOfColumn).rounded()))))
  }
}
