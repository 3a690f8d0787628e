internal import Foundation

/// Pictures in the graphics protocol of the terminal kitty, which others have taken over.
package struct KittyGraphics: Sendable, Equatable {
  /// The most bytes of base64 in one sequence.
  package static let chunkSize = 4096

  /// The terminal's name of the picture: another one of the same number takes its place.
  package let id: UInt32

  /// Pictures of the number `id`, at least 1.
  package init(id: UInt32) { self.id = id }

  /// Shows a picture from the cursor on, which stays where it is; the terminal answers nothing.
  ///
  /// - Parameters:
  ///   - png: A whole PNG file.
  ///   - columns: Cells that the picture is stretched to.
  ///   - rows: The same, downwards.
  /// - Returns: Sequences, of which each but the last says that more follows.
  package func sequence(_ png: [UInt8], columns: Int, rows: Int) -> String {
    let text = Array(Data(png).base64EncodedString().utf8)
    return stride(from: 0, to: text.count, by: Self.chunkSize).map { start in
      let end = min(start + Self.chunkSize, text.count)
      let more = end < text.count ? 1 : 0
      // Every sequence of a picture has to ask for silence.
      let keys = start == 0 ? "a=T,f=100,i=\(id),c=\(columns),r=\(rows),C=1,q=2,m=\(more)" : "q=2,m=\(more)"
      return "\u{1B}_G\(keys);\(String(decoding: text[start..<end], as: UTF8.self))\u{1B}\\"
    }.joined()
  }

  /// Takes the picture away and frees its memory.
  package var deletion: String { "\u{1B}_Ga=d,d=I,i=\(id),q=2\u{1B}\\" }
}
