import Foundation
import MoonCommand
import MoonImage
import Testing

@Suite("Pictures on a terminal") struct TerminalPictureTests {
  private func image(width: Int, height: Int, _ pixels: [UInt8]) throws -> RGBImage {
    try RGBImage(width: width, height: height, pixels: pixels)
  }

  @Test("out of half blocks set a colour where it changes")
  func fullColours() throws {
    let image = try image(
      width: 3, height: 2,
      [
        255, 0, 0, 255, 0, 0, 1, 2, 3,
        0, 0, 9, 0, 0, 8, 0, 0, 8,
      ])
    #expect(
      HalfBlocks.rows(of: image, colours: .full) == [
        "\u{1B}[38;2;255;0;0;48;2;0;0;9m▀\u{1B}[48;2;0;0;8m▀\u{1B}[38;2;1;2;3m▀\u{1B}[0m"
      ])
  }

  @Test("out of half blocks leave what is below an odd row to the background")
  func oddRow() throws {
    let image = try image(width: 2, height: 3, [UInt8](repeating: 7, count: 18))
    #expect(
      HalfBlocks.rows(of: image, colours: .full) == [
        "\u{1B}[38;2;7;7;7;48;2;7;7;7m▀▀\u{1B}[0m", "\u{1B}[38;2;7;7;7;49m▀▀\u{1B}[0m",
      ])
  }

  @Test(
    "take the nearest of the cube's levels",
    arguments: [
      (0, 16), (47, 16), (48, 17), (114, 17), (115, 18), (154, 18), (155, 19), (195, 20), (235, 21), (255, 21),
    ])
  func cube(level: UInt8, number: Int) throws {
    let image = try image(width: 1, height: 2, [0, 0, level, level, 0, 0])
    let red = 16 + 36 * (number - 16)
    #expect(HalfBlocks.rows(of: image, colours: .cube) == ["\u{1B}[38;5;\(number);48;5;\(red)m▀\u{1B}[0m"])
  }

  @Test("go to kitty in one sequence when they are small, and ask for no answer")
  func kitty() {
    let graphics = KittyGraphics(id: 9)
    #expect(
      graphics.sequence([1, 2, 3, 4], columns: 20, rows: 10)
        == "\u{1B}_Ga=T,f=100,i=9,c=20,r=10,C=1,q=2,m=0;AQIDBA==\u{1B}\\")
    #expect(graphics.deletion == "\u{1B}_Ga=d,d=I,i=9,q=2\u{1B}\\")
  }

  @Test("go to kitty in pieces of at most 4096 bytes", arguments: [3071, 3072, 3073, 6144, 7000])
  func pieces(count: Int) throws {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let text = KittyGraphics(id: 1).sequence(bytes, columns: 2, rows: 1)
    let pieces = text.components(separatedBy: "\u{1B}_G").dropFirst().map { $0.dropLast(2).split(separator: ";") }
    #expect(text.hasSuffix("\u{1B}\\") && pieces.count == (count + 3071) / 3072)
    var base64 = ""
    for (index, piece) in pieces.enumerated() {
      let more = index + 1 < pieces.count ? 1 : 0
      #expect(piece.count == 2 && piece[0] == (index == 0 ? "a=T,f=100,i=1,c=2,r=1,C=1," : "") + "q=2,m=\(more)")
      #expect(piece[1].utf8.count <= 4096 && (more == 0 || piece[1].utf8.count % 4 == 0))
      base64 += piece[1]
    }
    #expect(Data(base64Encoded: base64) == Data(bytes))
  }

  @Test("go to iTerm2 in one sequence")
  func iterm() {
    #expect(
      ITermImage.sequence([1, 2, 3, 4], columns: 20, rows: 10)
        == "\u{1B}]1337;File=inline=1;size=4;width=20;height=10;preserveAspectRatio=1:AQIDBA==\u{07}")
  }

  @Test(
    "fit into the terminal in their proportions",
    arguments: [
      (64, 64, TerminalSize(columns: 80, rows: 24), 44, 22), (64, 64, TerminalSize(columns: 200, rows: 60), 64, 32),
      (64, 64, TerminalSize(columns: 20, rows: 60), 20, 10), (128, 64, TerminalSize(), 80, 20),
      (64, 128, TerminalSize(), 22, 22), (64, 64, TerminalSize(columns: 80, rows: 24, cellWidth: 0.4), 55, 22),
      (1, 1000, TerminalSize(), 1, 22), (1000, 1, TerminalSize(), 80, 1),
      (8, 8, TerminalSize(columns: 1, rows: 1), 1, 1),
    ])
  func cells(width: Int, height: Int, size: TerminalSize, columns: Int, rows: Int) {
    let cells = size.cells(ofWidth: width, height: height)
    #expect(cells.columns == columns && cells.rows == rows)
  }

  @Test("are drawn from the cursor down, and the cursor ends below them")
  func drawing() throws {
    let image = try image(width: 4, height: 4, (0..<48).map { UInt8($0 * 5) })
    let size = TerminalSize(columns: 4, rows: 24)
    let blocks = try TerminalPicture(image, style: .blocks(.full), size: size, id: 1)
    #expect(blocks.rows == 2 && blocks.deletion == "" && blocks.lineWidth == 4)
    #expect(blocks.drawing == HalfBlocks.rows(of: image, colours: .full).joined(separator: "\n") + "\n")
    let png = try PNG.encode(image)
    let kitty = try TerminalPicture(image, style: .kitty, size: size, id: 5)
    let sequence = KittyGraphics(id: 5).sequence(png, columns: 4, rows: 2)
    #expect(kitty.drawing == "\n\n\u{1B}[2A\u{1B}7\(sequence)\u{1B}8\u{1B}[2B")
    #expect(kitty.deletion == KittyGraphics(id: 5).deletion)
    let iterm = try TerminalPicture(image, style: .iterm, size: size, id: 5)
    #expect(iterm.drawing == "\n\n\u{1B}[2A\u{1B}7\(ITermImage.sequence(png, columns: 4, rows: 2))\u{1B}8\u{1B}[2B")
  }

  @Test("are made smaller before they are sent")
  func large() throws {
    let image = try image(width: 2048, height: 1024, [UInt8](repeating: 200, count: 2048 * 1024 * 3))
    let picture = try TerminalPicture(image, style: .iterm, size: TerminalSize(), id: 1)
    let start = try #require(picture.drawing.range(of: ":")).upperBound
    let end = try #require(picture.drawing.range(of: "\u{07}")).lowerBound
    let data = try #require(Data(base64Encoded: String(picture.drawing[start..<end])))
    let sent = try PNG.decode(Array(data))
    #expect(sent.width == 512 && sent.height == 256)
  }
}
