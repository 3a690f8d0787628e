import MoonImage
import MoonTensor
import MoonTestSupport
import Testing

@Suite("CLIP image processor") struct CLIPImageProcessorTests {
  /// The settings of the fixture.
  static let settings: [String: @Sendable (inout CLIPImageProcessor) -> Void] = [
    "plain": { _ in },
    "bilinear": { $0.filter = .bilinear },
    "lanczos": { $0.filter = .lanczos },
    "halves": { ($0.mean, $0.deviation) = ([0.5, 0.5, 0.5], [0.5, 0.25, 0.5]) },
    "stretched": { $0.size = .exact(width: 22, height: 17) },
    "larger_crop": { $0.cropSize = (20, 23) },
    "smaller_crop": { $0.cropSize = (14, 9) },
    "whole": { ($0.cropSize, $0.mean) = (nil, nil) },
    "no_resize": { $0.size = nil },
    "levels": { ($0.rescaleFactor, $0.mean) = (nil, nil) },
    "normalized_levels": {
      ($0.mean, $0.deviation) = ([0.5, 0.5, 0.5], [0.5, 0.25, 0.5])
      $0.rescaleFactor = nil
    },
  ]

  @Test("makes the reference's tensors, to the bit", arguments: settings.keys.sorted())
  func tensors(name: String) throws {
    let reference = try Fixture("images/clip")
    var processor = CLIPImageProcessor(imageSize: 16)
    let change = try #require(Self.settings[name])
    change(&processor)
    let keys = ImageFixtures.keys("clip", "\(name)/")
    #expect(keys.count >= 2)
    for key in keys {
      let image = try reference.image("picture/" + key.split(separator: "/")[1])
      expectExact(try processor.tensor(image), try reference[key], key)
    }
  }

  @Test("makes pixels of 224 a side by default")
  func defaults() throws {
    let reference = try Fixture("images/clip")
    let tensor = try CLIPImageProcessor().tensor(try reference.image("picture/wide"))
    #expect(tensor.shape == [1, 3, 224, 224])
    expectExact(try tensor.select(2, at: 100), try reference["large/wide/row_100"])
    expectExact(try tensor.select(3, at: 17), try reference["large/wide/column_17"])
  }

  @Test("refuses settings out of range in one sentence")
  func refused() throws {
    let image = try Fixture("images/clip").image("picture/wide")
    func message(_ change: (inout CLIPImageProcessor) -> Void) -> String? {
      var processor = CLIPImageProcessor()
      change(&processor)
      return imageMessage { try processor.tensor(image) }
    }
    #expect(message { $0.filter = .box } == "the filter box is not bilinear, bicubic or lanczos")
    #expect(message { $0.mean = [1] } == "the normalization needs three means and three deviations")
    #expect(
      message { $0.deviation = [1, 0, 1] }
        == "the normalization divides by zero or has numbers that are not finite")
    #expect(message { $0.rescaleFactor = 0 } != nil)
    for size in [CLIPImageProcessor.Size.shortestEdge(0), .exact(width: 4, height: -1), .shortestEdge(.max)] {
      #expect(message { $0.size = size }?.contains("is not supported") == true)
    }
    #expect(message { $0.cropSize = (0, 5) }?.contains("an image of 0 x 5 pixels is not supported") == true)
  }
}
