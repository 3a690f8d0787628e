import MoonImage
import MoonTestSupport
import Testing

/// Bytes that are no whole PNG, and what is said about them.
struct HostilePNG: Sendable, CustomTestStringConvertible {
  let bytes: [UInt8]
  let message: String

  /// `message` follows "x.png is not a valid PNG file: " where it does not begin with the name.
  init(_ bytes: [UInt8], _ message: String) {
    self.bytes = bytes
    self.message = message.hasPrefix("x.png") ? message : "x.png is not a valid PNG file: " + message
  }

  var testDescription: String { message }

  /// A header chunk.
  static func header(
    width: UInt32 = 7, height: UInt32 = 6, depth: UInt8 = 8, kind: UInt8 = 2, packing: UInt8 = 0, filter: UInt8 = 0,
    interlace: UInt8 = 0
  ) -> [UInt8] {
    chunk("IHDR", bigEndian(width) + bigEndian(height) + [depth, kind, packing, filter, interlace])
  }

  static let sizes = "images have 1 to 16384 pixels a side and at most 100000000 in all"

  static let starts = [
    HostilePNG([], "it is empty"),
    HostilePNG([0x89], "it does not begin like one"),
    HostilePNG(Array("hello, world".utf8), "it does not begin like one"),
    HostilePNG([0xFF, 0xD8, 0xFF, 0xE1, 0, 0], "it is a JPEG file; only PNG is read"),
    HostilePNG(Array("RIFF1234WEBPVP8 ".utf8), "it is a WebP file; only PNG is read"),
    HostilePNG(Array("GIF89a".utf8), "it is a GIF file; only PNG is read"),
    HostilePNG(Array("BM6".utf8), "it is a BMP file; only PNG is read"),
    HostilePNG([0x49, 0x49, 0x2A, 0, 8], "it is a TIFF file; only PNG is read"),
    HostilePNG(signature, "it ends too early"),
    HostilePNG(signature + [0, 0, 0, 13] + Array("IHDR".utf8), "it ends too early"),
    HostilePNG(signature + header(), "it ends too early"),
    HostilePNG(signature + header(width: 0), "x.png is 0 x 6 pixels; \(sizes)"),
    HostilePNG(signature + header(width: 16385), "x.png is 16385 x 6 pixels; \(sizes)"),
    HostilePNG(signature + header(width: .max, height: .max), "x.png is 4294967295 x 4294967295 pixels; \(sizes)"),
    HostilePNG(signature + header(width: 10001, height: 10000), "x.png is 10001 x 10000 pixels; \(sizes)"),
    HostilePNG(signature + header(depth: 3), "Invalid IHDR data"),
    HostilePNG(signature + header(depth: 16, kind: 3), "Invalid IHDR data"),
    HostilePNG(signature + header(kind: 5), "Invalid IHDR data"),
    HostilePNG(signature + header(packing: 1), "Invalid IHDR data"),
    HostilePNG(signature + header(filter: 1), "Invalid IHDR data"),
    HostilePNG(signature + header(interlace: 2), "Invalid IHDR data"),
    HostilePNG(signature + chunk("IHDR", [1, 2]), "IHDR: invalid"),
    HostilePNG(signature + chunk("IDAT", []), "IDAT: Missing IHDR before IDAT"),
    HostilePNG(signature + header() + chunk("IEND", []), "IEND: out of place"),
    HostilePNG(signature + header() + header(), "IHDR: out of place"),
    HostilePNG(signature + header(kind: 3) + chunk("IDAT", [0]), "IDAT: Missing PLTE before IDAT"),
    HostilePNG(signature + header() + chunk("ABCD", [0]), "ABCD: unhandled critical chunk"),
    HostilePNG(
      signature + header() + [0xFF, 0xFF, 0xFF, 0xFF] + Array("IDAT".utf8), "it ends too early"),
    HostilePNG(signature + header() + [0x7F, 0xFF, 0xFF, 0xFF] + Array("tEXta".utf8), "it ends too early"),
    HostilePNG(signature + header() + chunk("IDAT", [1, 2, 3]) + chunk("IEND", []), "IDAT: incorrect header check"),
  ]
}

@Suite("Hostile PNG files") struct HostilePNGTests {
  @Test("are refused in one sentence", arguments: HostilePNG.starts)
  func refused(file: HostilePNG) {
    do {
      let image = try PNG.decode(file.bytes, name: "x.png")
      Issue.record("read as \(image.width) x \(image.height)")
    } catch {
      #expect("\(error)" == file.message)
    }
  }

  @Test("that are cut anywhere are refused")
  func truncation() throws {
    let whole = try PNGFixtures.bytes("rgba_8_interlaced")
    for count in 0..<whole.count {
      #expect(throws: ImageError.self) { try PNG.decode(Array(whole.prefix(count))) }
      #expect(throws: ImageError.self) { try PNG.text(of: Array(whole.prefix(count))) }
    }
    #expect(try PNG.decode(whole).width == 10)
  }

  @Test("with a wrong check sum are refused, whichever chunk has it")
  func checkSums() throws {
    let whole = try PNGFixtures.bytes("rgb_8")
    let broken = whole.dropLast(12) + chunk("tEXt", Array("late\0word".utf8), isBroken: true) + whole.suffix(12)
    #expect(throws: ImageError.malformed(file: "the image", reason: "tEXt: CRC error")) {
      try PNG.decode(Array(broken))
    }
    // The last byte of the pixel chunk's sum stands right before the 12 bytes of the end chunk.
    var pixels = whole
    pixels[whole.count - 13] ^= 1
    #expect(throws: ImageError.malformed(file: "the image", reason: "IDAT: CRC error")) { try PNG.decode(pixels) }
    #expect(throws: ImageError.malformed(file: "the image", reason: "IDAT: CRC error")) {
      try PNG.text(of: pixels)
    }
  }

  @Test("with too few pixels are refused")
  func fewPixels() throws {
    let whole = try PNGFixtures.bytes("rgb_8")
    let taller = signature + HostilePNG.header(height: 7) + whole.dropFirst(33)
    #expect(throws: ImageError.malformed(file: "the image", reason: "Not enough image data")) {
      try PNG.decode(Array(taller))
    }
  }

  @Test("stay safe under random damage", arguments: ["rgb_8", "palette_4_transparent", "grey_16_interlaced", "texts"])
  func damage(name: String) throws {
    let whole = try PNGFixtures.bytes(name)
    var generator = SeededGenerator(seed: 21)
    var refused = 0
    for _ in 0..<1500 {
      let bytes = repaired(damaged(whole, using: &generator))
      do {
        let image = try PNG.decode(bytes)
        #expect(image.pixels.count == image.width * image.height * 3)
      } catch {
        refused += 1
      }
      _ = try? PNG.decodeWithAlpha(bytes)
      _ = try? PNG.text(of: bytes)
    }
    #expect(refused > 300)
  }

  /// `bytes` with right check sums as far as its chunks can be followed, so that damage reaches further inside.
  func repaired(_ bytes: [UInt8]) -> [UInt8] {
    var result = Array(bytes.prefix(8))
    var place = 8
    while place + 12 <= bytes.count {
      let length = bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
      if length > bytes.count - place - 12 { break }
      let kind = String(decoding: bytes[place + 4..<place + 8], as: UTF8.self)
      if kind.utf8.count != 4 { break }
      result += chunk(kind, Array(bytes[place + 8..<place + 8 + length]))
      place += length + 12
    }
    return result + bytes[min(place, bytes.count)...]
  }
}
