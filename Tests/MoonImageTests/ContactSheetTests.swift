import MoonImage
import Testing

@Suite("Small font") struct SmallFontTests {
  /// The rows of a glyph as they are drawn.
  private func drawing(_ character: Character) -> [String] {
    GlyphTable.rows(of: character).map { row in
      String((0..<5).map { row >> (4 - $0) & 1 == 1 ? "#" : "." })
    }
  }

  @Test("has capitals of seven rows, and two rows for what hangs below the line")
  func glyphs() {
    #expect(
      drawing("A") == ["..#..", ".#.#.", "#...#", "#...#", "#####", "#...#", "#...#", ".....", "....."])
    #expect(
      drawing("g") == [".....", ".....", ".####", "#...#", "#...#", "#...#", ".####", "....#", ".###."])
    #expect(drawing(" ") == [String](repeating: ".....", count: 9))
  }

  @Test("tells every printable character of ASCII from the others, and draws a box for the rest")
  func everyCharacter() {
    let ascii = (32...126).map { Character(UnicodeScalar(UInt8($0))) }
    let glyphs = ascii.map { GlyphTable.rows(of: $0) }
    #expect(glyphs.allSatisfy { $0.count == 9 && $0.allSatisfy { $0 < 32 } })
    #expect(Set(glyphs).count == 95)
    let box = ["#####", "#...#", "#...#", "#...#", "#...#", "#...#", "#####", ".....", "....."]
    for character: Character in ["é", "\u{7F}", "\u{1}", "苹", "🍎"] { #expect(drawing(character) == box) }
    #expect(!glyphs.contains(GlyphTable.rows(of: "é")))
  }

  @Test("breaks texts at spaces, long words behind a seam or anywhere, and ends in dots what has no room")
  func lines() {
    func lines(_ text: String, _ characters: Int, _ limit: Int) -> [String] {
      PixelText.lines(text, characters: characters, limit: limit)
    }
    #expect(lines("red apple", 9, 1) == ["red apple"])
    #expect(lines("red  apple\n", 5, 2) == ["red", "apple"])
    #expect(lines("guidance_scale", 10, 2) == ["guidance_", "scale"])
    #expect(lines("abcdefgh", 3, 3) == ["abc", "def", "gh"])
    #expect(lines("red apple on a blue background", 9, 2) == ["red apple", "on a b..."])
    #expect(lines("red apple", 8, 1) == ["red a..."])
    #expect(lines("red 1 apple", 9, 1) == ["red 1..."])
    #expect(lines("abcdef", 2, 1) == [".."])
    #expect(lines("äöü", 3, 1) == ["äöü"])
    #expect(lines("", 9, 2) == [] && lines("a", 0, 2) == [] && lines("a", 9, 0) == [])
    let prompt = String(repeating: "a very long prompt indeed ", count: 200)
    for characters in 1...30 {
      for limit in 1...4 {
        let fitted = lines(prompt, characters, limit)
        #expect(fitted.count <= limit && fitted.allSatisfy { $0.count <= characters && !$0.isEmpty })
      }
    }
    #expect(PixelText.width(characters: 3, scale: 2) == 34 && PixelText.characters(in: 34, scale: 2) == 3)
    #expect(PixelText.characters(in: 33, scale: 2) == 2)
  }
}

@Suite("Contact sheet") struct ContactSheetTests {
  private let long = "a value that is by far longer than the picture is wide, and_has_words_without_any_space_as_well"

  /// A picture of one colour.
  private func picture(_ width: Int, _ height: Int, _ level: UInt8) throws -> RGBImage {
    try RGBImage(width: width, height: height, pixels: [UInt8](repeating: level, count: width * height * 3))
  }

  /// A sheet with texts of that length.
  private func sheet(columns: Int, rows: Int?, text: String) -> ContactSheet {
    func axis(_ count: Int) -> ContactSheet.Axis {
      ContactSheet.Axis(title: text, labels: [String](repeating: text, count: count))
    }
    var sheet = ContactSheet(columns: axis(columns), rows: rows.map(axis))
    sheet.captions = [text, text + text + text, text]
    return sheet
  }

  @Test(
    "leaves every picture and every text its own room",
    arguments: [[1, 0], [1, 1], [3, 0], [2, 4], [5, 3]], [8, 64, 100, 512, 1100])
  func rooms(grid: [Int], side: Int) throws {
    // A grid without rows is one row without a label.
    let (columns, rowCount) = (grid[0], grid[1] == 0 ? nil : grid[1])
    for text in ["", "7", "0.75", "guidance_scale", long, "äöü 苹果 🍎"] {
      for zoom in [nil, 1, 3] {
        var sheet = sheet(columns: columns, rows: rowCount, text: text)
        sheet.zoom = zoom
        let rows = (0..<(rowCount ?? 1)).map { row in
          (0..<columns).map { column in
            (column + row) % 5 == 4 ? nil : SheetLayout.Size(width: side + 8 * column, height: side + 24 * row)
          }
        }
        let layout = SheetLayout(sheet, sizes: rows, captions: rows.map { $0.map { _ in text } })
        let whole = PixelRectangle(left: 0, top: 0, width: layout.width, height: layout.height)
        let slots = layout.slots.flatMap(\.self)
        let rooms = slots + layout.lines.map(\.rectangle)
        #expect(rooms.allSatisfy { whole.contains($0) && $0.width > 0 && $0.height > 0 })
        for (index, room) in rooms.enumerated() {
          let other = rooms[(index + 1)...].first { $0.overlaps(room) }
          #expect(other == nil, "\(room) and \(String(describing: other)), side \(side), text \(text)")
        }
        for (slot, size) in zip(slots, rows.joined()) {
          if let size { #expect(slot.contains(layout.place(of: size, in: slot))) }
        }
        #expect(layout.zoom == zoom ?? (side < 128 ? (127 + side) / side : 1))
      }
    }
  }

  @Test("shows its pictures enlarged without a new colour, and a grey place where there is none")
  func pictures() throws {
    let checks = try RGBImage(width: 2, height: 2, pixels: [9, 8, 7, 0, 1, 2, 250, 0, 0, 0, 99, 0])
    var sheet = ContactSheet(columns: .init(title: "t", labels: ["a", "b"]))
    sheet.zoom = 40
    let cells: [[ContactSheet.Cell?]] = [[.init(checks), nil]]
    let (image, layout) = (try sheet.image(cells), sheet.layout(of: cells))
    #expect(image.width == layout.width && image.height == layout.height && layout.zoom == 40)
    let place = layout.place(of: SheetLayout.Size(width: 2, height: 2), in: layout.slots[0][0])
    #expect(place.width == 80)
    for y in 0..<80 {
      for x in 0..<80 { #expect(image[place.left + x, place.top + y] == checks[x / 40, y / 40]) }
    }
    let empty = layout.slots[0][1]
    #expect(image[empty.left, empty.top] == (232, 232, 232))
    #expect(image[empty.right - 1, empty.bottom - 1] == (232, 232, 232))
    #expect(image[0, 0] == (255, 255, 255))
  }

  @Test("writes a label as the font draws it")
  func label() throws {
    let sheet = ContactSheet(columns: .init(title: "", labels: ["Ag"]))
    let cells: [[ContactSheet.Cell?]] = [[.init(try picture(64, 64, 0))]]
    let image = try sheet.image(cells)
    let line = try #require(sheet.layout(of: cells).lines.first)
    #expect(line.text == "Ag" && line.scale == 2 && sheet.layout(of: cells).lines.count == 1)
    let drawing = [
      "..#........", ".#.#.......", "#...#..####", "#...#.#...#", "#####.#...#", "#...#.#...#", "#...#..####",
      "..........#", ".......###.",
    ].map { Array($0) }
    for y in 0..<18 {
      for x in 0..<22 {
        let isInk = image[line.rectangle.left + x, line.rectangle.top + y].red < 128
        #expect(isInk == (drawing[y / 2][x / 2] == "#"), "column \(x), row \(y)")
      }
    }
  }

  @Test("of too many pixels is refused")
  func size() throws {
    var sheet = ContactSheet(columns: .init(title: "t", labels: ["a", "b"]))
    sheet.zoom = 16384
    let cells: [[ContactSheet.Cell?]] = [[.init(try picture(8, 8, 0)), nil]]
    let layout = sheet.layout(of: cells)
    #expect(throws: ImageError.unsupportedSize(width: layout.width, height: layout.height)) {
      try sheet.image(cells)
    }
    sheet.zoom = Int.max
    #expect(sheet.layout(of: cells).width == layout.width)
    sheet.zoom = -1
    #expect(sheet.layout(of: cells).zoom == 1)
  }
}
