import MoonImage
import MoonTensor
import MoonTestSupport
import Testing

@Suite("Regions of a mask") struct CropRegionTests {
  struct Case: Decodable {
    let size: [Int]
    let selected: [Int]
    let wanted: [Int]
    let padding: Int
    let region: [Int]
  }
  struct File: Decodable { let cases: [Case] }

  /// A mask that selects the columns from 0 up to 2 and the rows from 1 up to 3 of `values`.
  static func mask(_ size: [Int], _ selected: [Int]) throws -> GreyImage {
    var pixels = [UInt8](repeating: 0, count: size[0] * size[1])
    for row in selected[1]..<selected[3] {
      for column in selected[0]..<selected[2] { pixels[row * size[0] + column] = 1 }
    }
    return try GreyImage(width: size[0], height: size[1], pixels: pixels)
  }

  @Test("are the reference's")
  func regions() throws {
    let cases = try FixtureJSON.decode(File.self, "images/regions.json").cases
    #expect(cases.count == 60)
    for row in cases {
      let region = try CropRegion(
        mask: try Self.mask(row.size, row.selected), width: row.wanted[0], height: row.wanted[1], padding: row.padding)
      #expect([region.left, region.top, region.right, region.bottom] == row.region, "\(row)")
    }
  }

  @Test("need something that is selected, and a padding in range")
  func refused() throws {
    let empty = try Self.mask([4, 4], [0, 0, 0, 0])
    #expect(
      imageMessage { try CropRegion(mask: empty, width: 8, height: 8) }
        == "the mask selects nothing: it is black everywhere")
    let mask = try Self.mask([4, 4], [1, 1, 2, 2])
    #expect(
      imageMessage { try CropRegion(mask: mask, width: 8, height: 8, padding: -1) }
        == "the padding of -1 is not in 0...16384")
    #expect(throws: ImageError.unsupportedSize(width: 0, height: 8)) {
      try CropRegion(mask: mask, width: 0, height: 8)
    }
    // Far outside, the padding is cut off at the image.
    #expect(
      try CropRegion(mask: mask, width: 8, height: 8, padding: 16384)
        == CropRegion(left: 0, top: 0, right: 4, bottom: 4))
  }

  @Test("are cut out, black where they lie outside of the image")
  func cutting() throws {
    let image = try RGBImage(width: 2, height: 2, pixels: Array(1...12))
    let part = try image.cropped(to: CropRegion(left: 1, top: -1, right: 4, bottom: 1))
    #expect(part.pixels == [0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 5, 6, 0, 0, 0, 0, 0, 0])
    #expect(
      try image.cropped(to: CropRegion(left: 7, top: 0, right: 8, bottom: 1)).pixels == [0, 0, 0])
  }
}

@Suite("Image processor") struct ImageProcessorTests {
  let reference: Fixture
  let region: CropRegion

  init() throws {
    reference = try Fixture("images/processed")
    let edges = try reference.integers("region")
    region = CropRegion(left: edges[0], top: edges[1], right: edges[2], bottom: edges[3])
  }

  @Test("makes the reference's tensors, to the bit")
  func tensors() throws {
    let (image, mask) = (try reference.image("picture"), try reference.image("mask"))
    let processor = ImageProcessor.image(multiple: 8)
    let masks = ImageProcessor.mask(multiple: 8)
    let control = ImageProcessor.control(multiple: 8)
    expectExact(try processor.tensor(image), try reference["image/tensor"])
    expectExact(try processor.tensor(image, width: 17, height: 23), try reference["image/wanted/tensor"])
    expectExact(try control.tensor(image, width: 24, height: 16), try reference["control/tensor"])
    expectExact(try masks.tensor(mask), try reference["mask/tensor"])
  }

  @Test("fills the region of a mask, to the bit")
  func regions() throws {
    let (image, mask) = (try reference.image("picture"), try reference.image("mask"))
    #expect(try CropRegion(mask: GreyImage(mask), width: 32, height: 24, padding: 3) == region)
    expectExact(
      try ImageProcessor.image(multiple: 8).tensor(image, width: 32, height: 24, mode: .filled, region: region),
      try reference["region/image/tensor"])
    expectExact(
      try ImageProcessor.mask(multiple: 8).tensor(mask, width: 32, height: 24, mode: .filled, region: region),
      try reference["region/mask/tensor"])
  }

  @Test("scales a mask to the latents as the reference does")
  func latents() throws {
    let mask = try ImageProcessor.mask(multiple: 8).tensor(try reference.image("mask"))
    let keys = ImageFixtures.keys("processed", "mask/latents/")
    #expect(keys.count == 4)
    for key in keys {
      let wanted = try reference[key]
      expectExact(try mask.resized(height: wanted.shape[2], width: wanted.shape[3]), wanted, key)
    }
  }

  @Test("fills and crops as the reference does, to the byte", arguments: ImageFixtures.keys("processed", "resized/"))
  func modes(key: String) throws {
    let wanted = try reference.image(key)
    let name = String(key.split(separator: "/")[1])
    let mode = try #require(ImageProcessor.Mode(rawValue: name))
    let image = try ImageProcessor.image(multiple: 8).resized(
      try reference.image("picture"), width: wanted.width, height: wanted.height, mode: mode)
    #expect(image == wanted)
  }

  @Test("lays what was painted over the original, to the byte")
  func overlay() throws {
    let (image, mask) = (try reference.image("picture"), try reference.image("mask"))
    let (painted, same) = (try reference.image("painted"), try reference.image("same"))
    let processor = ImageProcessor.image(multiple: 8)
    let whole = try processor.overlaid(same, on: image, mask: mask)
    #expect(whole == (try reference.image("overlay/whole")))
    let part = try processor.overlaid(painted, on: image, mask: mask, region: region)
    #expect(part == (try reference.image("overlay/region")))
    let grain = try processor.overlaid(same, on: image, mask: try reference.image("grain"))
    #expect(grain == (try reference.image("overlay/grain")))
    #expect(
      imageMessage { try processor.overlaid(painted, on: image, mask: mask) }
        == "the image is 40 x 32 pixels, wanted 45 x 38")
    #expect(
      imageMessage { try processor.overlaid(image, on: painted, mask: mask) }
        == "the mask is 45 x 38 pixels, wanted 40 x 32")
  }

  @Test("rounds sizes down, and refuses what is left of none")
  func sizes() throws {
    let image = try reference.image("picture")
    let processor = ImageProcessor.image(multiple: 8)
    let own = try processor.size(of: image)
    #expect([own.width, own.height] == [40, 32])
    let wanted = try processor.size(of: image, width: 513)
    #expect([wanted.width, wanted.height] == [512, 32])
    #expect(throws: ImageError.unsupportedSize(width: 7, height: 38)) { try processor.size(of: image, width: 7) }
    #expect(throws: ImageError.unsupportedSize(width: -8, height: 38)) { try processor.size(of: image, width: -8) }
    let line = try image.resized(width: 1000, height: 1)
    #expect(throws: ImageError.unsupportedSize(width: 16, height: 0)) {
      try processor.resized(line, width: 16, height: 16, mode: .filled)
    }
  }
}
