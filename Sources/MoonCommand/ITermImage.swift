internal import Foundation

/// Pictures as the terminal iTerm2 takes them, and others after it.
package enum ITermImage {
  /// Shows a picture from the cursor on, which ends up somewhere behind it.
  ///
  /// - Parameters:
  ///   - png: A whole PNG file.
  ///   - columns: Cells that the picture is fitted into, sides kept in proportion.
  ///   - rows: The same, downwards.
  /// - Returns: One sequence.
  package static func sequence(_ png: [UInt8], columns: Int, rows: Int) -> String {
    let keys = "inline=1;size=\(png.count);width=\(columns);height=\(rows);preserveAspectRatio=1"
    return "\u{1B}]1337;File=\(keys):\(Data(png).base64EncodedString())\u{07}"
  }
}
