import Foundation
import MoonImage
import MoonTestSupport
import Testing

@Suite("Reading pictures") struct JPEGReadingTests {
  @Test("gives what diffusers loads, from JPEG and PNG", arguments: ImageFixtures.files)
  func files(name: String) throws {
    let image = try RGBImage(file: try ImageFixtures.bytes(name))
    let wanted = try Fixture("images/files").image(name)
    #expect(image.width == wanted.width)
    #expect(image == wanted)
  }

  @Test("covers every kind")
  func coverage() {
    #expect(ImageFixtures.files.count == 34)
    #expect(ImageFixtures.files.count { $0.hasSuffix(".png") } == 4)
  }

  @Test("leaves a JPEG as it is stored when only decoding")
  func stored() throws {
    let upright = try JPEG.decode(try ImageFixtures.bytes("orientation_1.jpg"))
    #expect(try JPEG.decode(try ImageFixtures.bytes("orientation_6.jpg")) == upright)
    #expect(try JPEG.decode(try ImageFixtures.bytes("orientation_xmp.jpg")) == upright)
  }

  @Test("goes by the bytes, not by the file's name, and names the file when that fails")
  func names() throws {
    let folder = try TemporaryFolder()
    let url = try folder.write(try ImageFixtures.bytes("420.jpg"), to: "a.png")
    #expect(try RGBImage(contentsOf: url).width == 37)
    #expect(try JPEG.read(url).width == 37)
    #expect(
      folder.message { try RGBImage(contentsOf: try folder.file("b.jpg")) }
        == "b.jpg cannot be read: No such file or directory")
    #expect(
      folder.message { try JPEG.read(try folder.write(try ImageFixtures.bytes("transparent.png"), to: "c.jpg")) }
        == "c.jpg is not a valid JPEG file: it is a PNG file")
  }

  static let foreign: [(start: [UInt8], message: String)] = [
    ([], "it is empty"), (Array("hello, world".utf8), "it begins like neither"), ([0xFF], "it begins like neither"),
    (Array("RIFF1234WEBPVP8 ".utf8), "it is a WebP file"), (Array("GIF89a".utf8), "it is a GIF file"),
    (Array("BM6".utf8), "it is a BMP file"), ([0x4D, 0x4D, 0, 0x2A], "it is a TIFF file"),
    ([0, 0, 0, 24] + Array("ftypheic".utf8), "it is a HEIF file"),
    ([0, 0, 0, 24] + Array("ftypavif".utf8), "it is a AVIF file"),
    ([0, 0, 0, 12] + Array("jP  ".utf8), "it is a JPEG 2000 file"), ([0xFF, 0x0A], "it is a JPEG XL file"),
    (Array("8BPS".utf8), "it is a Photoshop file"), (Array("P6\n".utf8), "it is a Netpbm file"),
    (Array("<svg>".utf8), "it is a SVG file"),
  ]

  @Test("refuses other formats by their names", arguments: foreign.indices)
  func otherFormats(index: Int) {
    let (start, message) = Self.foreign[index]
    #expect(
      imageMessage { try RGBImage(file: start, name: "x") } == "x is not a valid PNG or JPEG file: \(message)")
  }
}
