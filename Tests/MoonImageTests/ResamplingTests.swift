import MoonImage
import MoonTestSupport
import Testing

@Suite("Resizing of images") struct ResamplingTests {
  static let keys = ImageFixtures.keys("resized", "picture/", "grey/", "strip/", "small/")

  @Test("equals PIL's to the byte", arguments: keys)
  func resized(key: String) throws {
    let reference = try Fixture("images/resized")
    let parts = key.split(separator: "/").map(String.init)
    let size = parts[2].split(separator: "x").compactMap { Int($0) }
    let filter = try #require(ResamplingFilter(rawValue: parts[1]))
    if parts[0] == "grey" {
      let image = try reference.grey("grey").resized(width: size[0], height: size[1], filter: filter)
      #expect(image == (try reference.grey(key)))
    } else {
      let image = try reference.image(parts[0]).resized(width: size[0], height: size[1], filter: filter)
      #expect(image == (try reference.image(key)))
    }
  }

  @Test("covers every filter, up and down")
  func coverage() { #expect(Self.keys.count == 6 * 16) }

  @Test("to the same size changes nothing", arguments: ResamplingFilter.allCases)
  func identity(filter: ResamplingFilter) throws {
    let image = try Fixture("images/resized").image("picture")
    #expect(try image.resized(width: image.width, height: image.height, filter: filter) == image)
  }

  @Test("of a plain image stays plain", arguments: ResamplingFilter.allCases)
  func plain(filter: ResamplingFilter) throws {
    for level: UInt8 in [0, 1, 127, 254, 255] {
      let image = try GreyImage(width: 9, height: 31, pixels: [UInt8](repeating: level, count: 9 * 31))
      for (width, height) in [(1, 1), (4, 100), (31, 2), (200, 9)] {
        let resized = try image.resized(width: width, height: height, filter: filter)
        #expect(resized.pixels == [UInt8](repeating: level, count: width * height))
      }
    }
  }

  @Test("refuses sizes that no image has")
  func badSizes() throws {
    let image = try Fixture("images/resized").image("small")
    for (width, height) in [(0, 4), (4, 0), (-1, 4), (16385, 1), (10001, 10000)] {
      #expect(throws: ImageError.unsupportedSize(width: width, height: height)) {
        try image.resized(width: width, height: height)
      }
      #expect(throws: ImageError.unsupportedSize(width: width, height: height)) {
        try GreyImage(image).resized(width: width, height: height)
      }
    }
  }

  @Test("of a picture of four million pixels takes well under a second")
  func speed() throws {
    let side = 2048
    let image = try RGBImage(
      width: side, height: side, pixels: (0..<side * side * 3).map { UInt8(truncatingIfNeeded: $0 &* 37) })
    let time = try ContinuousClock().measure { _ = try image.resized(width: 512, height: 512) }
    #expect(time < .seconds(2))
  }

  @Test("gives grey levels as PIL's convert does")
  func grey() throws {
    let reference = try Fixture("images/resized")
    let grey = GreyImage(try reference.image("picture"))
    #expect(grey == (try reference.grey("luma")))
    #expect(GreyImage(RGBImage(grey)) == grey)
  }
}

@Suite("Blurring of images") struct BlurTests {
  @Test("equals PIL's Gaussian blur to the byte", arguments: ImageFixtures.keys("blurred", "picture/", "grey/"))
  func blurred(key: String) throws {
    let reference = try Fixture("images/blurred")
    let parts = key.split(separator: "/").map(String.init)
    let radius = try #require(Float(parts[1]))
    if parts[0] == "grey" {
      #expect(try reference.grey("grey").blurred(radius: radius) == reference.grey(key))
    } else {
      #expect(try reference.image("picture").blurred(radius: radius) == reference.image(key))
    }
  }

  @Test("covers radii from nothing to more than the image")
  func coverage() { #expect(ImageFixtures.keys("blurred", "picture/", "grey/").count == 16) }

  @Test("refuses radii out of range, and takes the largest")
  func radii() throws {
    let image = try GreyImage(width: 2, height: 1, pixels: [0, 255])
    for radius: Float in [-1, .nan, .infinity, 16385] {
      #expect(
        imageMessage { try image.blurred(radius: radius) } == "the blur of \(radius) is not in 0...16384")
    }
    #expect(try image.blurred(radius: 16384).pixels.allSatisfy { (126...129).contains($0) })
  }
}
