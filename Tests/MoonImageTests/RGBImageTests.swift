import MoonImage
import MoonTensor
import MoonTestSupport
import Testing

@Suite("RGB images") struct RGBImageTests {
  func message<Result>(_ body: () throws(ImageError) -> Result) -> String? {
    do {
      _ = try body()
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test("hold three bytes a pixel")
  func pixels() throws {
    let image = try RGBImage(width: 2, height: 2, pixels: Array(1...12))
    #expect(image[0, 0] == (1, 2, 3))
    #expect(image[1, 0] == (4, 5, 6))
    #expect(image[0, 1] == (7, 8, 9))
    #expect(image != (try RGBImage(width: 1, height: 4, pixels: Array(1...12))))
    #expect(
      message { () throws(ImageError) in try RGBImage(width: 2, height: 2, pixels: [1]) }
        == "the image has 1 bytes, wanted 12")
    for (width, height) in [(0, 1), (1, 0), (-1, -1), (16385, 1), (1, 16385), (10001, 10000), (.max, .max)] {
      #expect(throws: ImageError.unsupportedSize(width: width, height: height)) {
        try RGBImage(width: width, height: height, pixels: [])
      }
    }
    #expect(
      message { () throws(ImageError) in try RGBImage(width: 0, height: 1, pixels: []) }
        == "an image of 0 x 1 pixels is not supported; "
        + "images have 1 to 16384 pixels a side and at most 100000000 in all")
  }

  @Test("are made from a decoder's output as the reference makes them")
  func decoded() throws {
    let reference = try Fixture("png/decoded")
    let image = try RGBImage(decoded: try reference["decoded"])
    #expect([image.height, image.width, 3] == reference.shape(of: "rgb"))
    #expect(image.pixels.map(Int.init) == (try reference.integers("rgb")))
  }

  @Test("are made from a decoder's output in any layout and precision")
  func layouts() throws {
    let rows = try Tensor([-1, 0, 1, 0.5, -2, 2, 0.25, -0.25, 1, -1, 0, 0.75], shape: [3, 2, 2])
    let wanted: [UInt8] = [0, 0, 255, 128, 255, 0, 255, 159, 128, 191, 96, 223]
    #expect(try RGBImage(decoded: rows).pixels == wanted)
    for dtype in [DType.float16, .bfloat16] {
      #expect(try RGBImage(decoded: try rows.converted(to: dtype)).pixels == wanted)
    }
    // The same values, channels last.
    let last = try Tensor([-1, -2, 1, 0, 2, -1, 1, 0.25, 0, 0.5, -0.25, 0.75], shape: [2, 2, 3])
    let view = Tensor(shape: [3, 2, 2], strides: [1, 6, 3], offset: 0, dtype: .float32, storage: last.storage)
    #expect(try RGBImage(decoded: view).pixels == wanted)
  }

  @Test("are made from levels: cut, and rounded with halves to even")
  func levels() throws {
    let colours = try Tensor(
      [0.5, 1.5, 2.5, -3, 254.5, 255.5, .infinity, -.infinity, 127.49, 7, 8, 9], shape: [3, 1, 4])
    #expect(try RGBImage(levels: colours).pixels == [0, 254, 127, 2, 255, 7, 2, 255, 8, 0, 0, 9])
    let grey = try Tensor([1, 2.5, 3.5, 300], shape: [1, 2, 2])
    #expect(try RGBImage(levels: grey).pixels == [1, 1, 1, 2, 2, 2, 4, 4, 4, 255, 255, 255])
  }

  @Test("are not made from NaN")
  func notANumber() throws {
    var values = [Float](repeating: 0, count: 3 * 4 * 5)
    values[2 * 20 + 3 * 5 + 1] = .nan
    let tensor = try Tensor(values, shape: [3, 4, 5])
    #expect(
      message { () throws(ImageError) in try RGBImage(decoded: tensor) }
        == "the tensor has NaN at [2, 3, 1], so it is no image")
    #expect(throws: ImageError.notANumber(position: [2, 3, 1])) { try RGBImage(levels: tensor) }
  }

  @Test(
    "are not made from other shapes", arguments: [[], [3], [3, 2], [1, 3, 2, 2], [4, 2, 2], [2, 2, 3], [0, 2, 2]])
  func shapes(shape: [Int]) throws {
    let tensor = try Tensor(repeating: 0, shape: shape)
    #expect(throws: ImageError.badShape(found: shape, wanted: "[3, height, width]")) { try RGBImage(decoded: tensor) }
    #expect(
      message { () throws(ImageError) in try RGBImage(levels: tensor) }
        == "the tensor has the shape \(shape), wanted [3, height, width] or [1, height, width]")
  }

  @Test("are not made without pixels, or with too many")
  func sizes() throws {
    #expect(throws: ImageError.unsupportedSize(width: 0, height: 2)) {
      try RGBImage(levels: try Tensor([], shape: [3, 2, 0]))
    }
    #expect(throws: ImageError.badShape(found: [1, 2, 2], wanted: "[3, height, width]")) {
      try RGBImage(decoded: try Tensor(repeating: 0, shape: [1, 2, 2]))
    }
    let one = try Tensor([1], shape: [1])
    let wide = Tensor(shape: [1, 1, 16385], strides: [0, 0, 0], offset: 0, dtype: .float32, storage: one.storage)
    #expect(throws: ImageError.unsupportedSize(width: 16385, height: 1)) { try RGBImage(levels: wide) }
  }
}
