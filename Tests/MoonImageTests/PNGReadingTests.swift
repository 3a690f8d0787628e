import Foundation
import MoonImage
import MoonTestSupport
import Testing

@Suite("Reading PNG files") struct PNGReadingTests {
  @Test("gives PIL's RGB and RGBA for every kind", arguments: PNGFixtures.names)
  func kinds(name: String) throws {
    let expected = try Fixture("png/expected")
    let bytes = try PNGFixtures.bytes(name)
    let image = try PNG.decode(bytes)
    #expect([image.height, image.width, 3] == expected.shape(of: "\(name).RGB"))
    #expect(image.pixels.map(Int.init) == (try expected.integers("\(name).RGB")))
    let (same, alpha) = try PNG.decodeWithAlpha(bytes)
    #expect(same == image)
    let all = try expected.integers("\(name).RGBA")
    #expect(alpha.map(Int.init) == stride(from: 3, to: all.count, by: 4).map { all[$0] })
  }

  @Test("covers every kind")
  func coverage() { #expect(PNGFixtures.names.count == 36) }

  @Test("gives the texts of the file, whatever their chunk")
  func texts() throws {
    let texts = try PNG.text(of: try PNGFixtures.bytes("texts"))
    #expect(texts.map(\.keyword) == ["parameters", "moonstep", "packed", "packed too", "empty"])
    #expect(
      texts.map(\.value) == [
        "red apple\nSteps: 25, café ÿ", #"{"prompt": "赤いりんご"}"#, String(repeating: "a", count: 300),
        String(repeating: "é赤", count: 100), "",
      ])
    #expect(try PNG.text(of: try PNGFixtures.bytes("rgb_8")).isEmpty)
  }

  @Test("gives the texts that follow the pixels")
  func textsAtTheEnd() throws {
    let whole = try PNGFixtures.bytes("rgb_8")
    let bytes = whole.dropLast(12) + chunk("tEXt", Array("late\0word".utf8)) + whole.suffix(12)
    #expect(try PNG.text(of: Array(bytes)).map(\.value) == ["word"])
    #expect(try PNG.decode(Array(bytes)) == PNG.decode(whole))
  }

  @Test("does not let a packed text grow without bounds")
  func packedBomb() throws {
    // 64 MiB of zeros, packed and packed again, is out of reach here; 9 MiB of one letter pass the limit of 8 MiB.
    let packed = try zlib(repeating: UInt8(ascii: "a"), count: 9 << 20)
    let whole = try PNGFixtures.bytes("rgb_8")
    let bytes = whole.dropLast(12) + chunk("zTXt", Array("bomb\0\0".utf8) + packed) + whole.suffix(12)
    #expect(try PNG.text(of: Array(bytes)).isEmpty)
  }

  /// One byte, repeated and packed, by way of a grey PNG of our own: its pixel data is a zlib stream.
  func zlib(repeating byte: UInt8, count: Int) throws -> [UInt8] {
    let side = 3072
    let image = try RGBImage(
      width: side, height: side, pixels: [UInt8](repeating: byte, count: side * side * 3))
    let file = try PNG.encode(image)
    #expect(side * side * 3 > count)
    var data: [UInt8] = []
    var place = 8
    while place < file.count {
      let length = file[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
      if file[place + 4..<place + 8].elementsEqual("IDAT".utf8) { data += file[place + 8..<place + 8 + length] }
      place += length + 12
    }
    return data
  }

  @Test("ignores what follows the end of the file")
  func trailing() throws {
    let whole = try PNGFixtures.bytes("rgb_8")
    #expect(try PNG.decode(whole + [1, 2, 3]) == PNG.decode(whole))
  }

  @Test("reads a file by name, and names it when that fails")
  func files() throws {
    let folder = try TemporaryFolder()
    let url = try folder.write(try PNGFixtures.bytes("rgb_8"), to: "a.png")
    #expect(try PNG.read(url).width == 7)
    #expect(try PNG.text(of: url).isEmpty)
    #expect(
      folder.message { try PNG.read(try folder.file("b.png")) } == "b.png cannot be read: No such file or directory")
    #expect(
      folder.message { try PNG.read(try folder.write([0xFF, 0xD8, 0xFF, 0xE0], to: "c.png")) }
        == "c.png is not a valid PNG file: it is a JPEG file; only PNG is read")
  }
}
