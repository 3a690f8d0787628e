package import MoonImage

/// Pictures out of characters: each cell shows two pixels, one above the other, as a half block in two colours.
package enum HalfBlocks {
  /// Colours that a terminal knows.
  package enum Colours: Sendable, Equatable {
    /// Red, green and blue in 256 levels each.
    case full
    /// The cube of six levels each, numbers 16 to 231 of the palette of 256.
    case cube
  }

  /// The rows of `image`, without line ends; the last one of an odd number of pixels has the background below it.
  ///
  /// - Parameters:
  ///   - image: A pixel a column, two pixels a row.
  ///   - colours: What the terminal knows.
  /// - Returns: `(height + 1) / 2` rows; each sets the colours it needs and ends with the terminal's own.
  package static func rows(of image: RGBImage, colours: Colours) -> [String] {
    stride(from: 0, to: image.height, by: 2).map { top in
      var row = ""
      var (upper, lower) = ("", "")
      for column in 0..<image.width {
        let above = code(image[column, top], colours)
        let below = top + 1 < image.height ? "48;" + code(image[column, top + 1], colours) : "49"
        var changes: [String] = []
        if above != upper { changes.append("38;" + above) }
        if below != lower { changes.append(below) }
        (upper, lower) = (above, below)
        if !changes.isEmpty { row += "\u{1B}[\(changes.joined(separator: ";"))m" }
        row += "\u{2580}"
      }
      return row + "\u{1B}[0m"
    }
  }

  /// A colour as the terminal is told of it, behind the number that says what it is for.
  private static func code(_ pixel: (red: UInt8, green: UInt8, blue: UInt8), _ colours: Colours) -> String {
    switch colours {
    case .full: "2;\(pixel.red);\(pixel.green);\(pixel.blue)"
    case .cube: "5;\(16 + 36 * level(pixel.red) + 6 * level(pixel.green) + level(pixel.blue))"
    }
  }

  /// The nearest of the cube's levels 0, 95, 135, 175, 215 and 255.
  private static func level(_ value: UInt8) -> Int { value < 48 ? 0 : value < 115 ? 1 : (Int(value) - 35) / 40 }
}
