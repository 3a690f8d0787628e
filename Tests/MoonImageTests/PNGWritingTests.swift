import Foundation
import MoonImage
import MoonTestSupport
import Testing

@Suite("Writing PNG files") struct PNGWritingTests {
  /// An image in which no two neighbours are alike.
  func image(width: Int, height: Int) throws -> RGBImage {
    var generator = SeededGenerator(seed: 8)
    let pixels = (0..<width * height * 3).map { _ in UInt8.random(in: 0...255, using: &generator) }
    return try RGBImage(width: width, height: height, pixels: pixels)
  }

  @Test("keeps every pixel", arguments: [(1, 1), (1, 9), (9, 1), (7, 5), (64, 64), (16384, 1), (1, 16384)])
  func roundTrip(width: Int, height: Int) throws {
    let image = try image(width: width, height: height)
    #expect(try PNG.decode(try PNG.encode(image)) == image)
  }

  @Test("keeps texts, in Latin-1 where that is possible")
  func texts() throws {
    let texts: [(keyword: String, value: String)] = [
      ("parameters", "a café\nSteps: 25, ÿ\u{80}"), ("moonstep", #"{"prompt": "赤いりんご 😀"}"#), ("empty", ""),
      (String(repeating: "k", count: 79), "again"), ("é k", "accented keyword"), ("parameters", "twice"),
    ]
    let bytes = try PNG.encode(try image(width: 2, height: 2), text: texts)
    let found = try PNG.text(of: bytes)
    #expect(found.map(\.keyword) == texts.map(\.keyword))
    #expect(found.map(\.value) == texts.map(\.value))
    #expect(
      bytes.contains(
        chunk("tEXt", Array("parameters\0a caf".utf8) + [0xE9] + Array("\nSteps: 25, ".utf8) + [0xFF, 0x80])))
    #expect(
      bytes.contains(chunk("iTXt", Array("moonstep\0\0\0\0\0".utf8) + Array(#"{"prompt": "赤いりんご 😀"}"#.utf8))))
    let firstPixels = try #require(bytes.firstRange(of: Array("IDAT".utf8)))
    let lastText = try #require(bytes.firstRange(of: Array("twice".utf8)))
    #expect(lastText.lowerBound < firstPixels.lowerBound)
  }

  @Test(
    "refuses texts that the format cannot hold",
    arguments: [
      ("", "x", "the PNG text \"\" needs a name of 1 to 79 printable Latin-1 characters"),
      ("赤", "x", "the PNG text \"赤\" needs a name of 1 to 79 printable Latin-1 characters"),
      ("a\n", "x", "the PNG text \"a\\u{a}\" needs a name of 1 to 79 printable Latin-1 characters"),
      (" a", "x", "the PNG text \" a\" has a name with a space too many"),
      ("a ", "x", "the PNG text \"a \" has a name with a space too many"),
      ("a  b", "x", "the PNG text \"a  b\" has a name with a space too many"),
      ("a", "x\0y", "the PNG text \"a\" holds a NUL character"),
    ])
  func badTexts(keyword: String, value: String, message: String) throws {
    let image = try image(width: 1, height: 1)
    do {
      _ = try PNG.encode(image, text: [("fine", "fine"), (keyword, value)])
      Issue.record("written")
    } catch {
      #expect("\(error)" == message)
    }
    let long = String(repeating: "k", count: 80)
    #expect(throws: ImageError.self) { try PNG.encode(image, text: [(long, "x")]) }
  }

  @Test("can write grey levels of a grey image")
  func grey() throws {
    let levels: [UInt8] = [0, 100, 255, 3, 4, 5]
    let image = try RGBImage(width: 3, height: 2, pixels: levels.flatMap { [$0, $0, $0] })
    let bytes = try PNG.encode(image, isGrey: true)
    // The colour type of the header chunk: 0 is grey, 2 is RGB.
    #expect(bytes[25] == 0)
    #expect(try PNG.decode(bytes) == image)
    #expect(try PNG.encode(image)[25] == 2)
    let red = try RGBImage(width: 1, height: 1, pixels: [9, 0, 0])
    #expect(throws: ImageError.notGrey) { try PNG.encode(red, isGrey: true) }
  }

  @Test("makes or replaces a file, or leaves it as it was")
  func files() throws {
    let folder = try TemporaryFolder()
    let url = try folder.file("out.png")
    let (first, second) = (try image(width: 3, height: 2), try image(width: 5, height: 4))
    try PNG.write(first, to: url, text: [("k", "v")])
    try PNG.write(second, to: url, text: [("k", "w")])
    #expect(try PNG.read(url) == second)
    #expect(try PNG.text(of: url).map(\.value) == ["w"])
    #expect(throws: ImageError.self) { try PNG.write(first, to: url, text: [("", "v")]) }
    #expect(try PNG.read(url) == second)
    #expect(try folder.contents == ["out.png"])
    #expect(
      folder.message { try PNG.write(first, to: folder.url.appending(path: "none/out.png")) }
        == "none/out.png cannot be written: the folder none does not exist")
  }
}
