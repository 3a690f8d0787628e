import MoonTensor
import Testing

@Suite("Layout") struct LayoutTests {
  @Test(
    "turns channels last and back",
    arguments: [[0, 3, 2, 2], [1, 1, 1, 1], [2, 3, 5, 4], [1, 37, 9, 17], [2, 64, 33, 40], [1, 300, 2, 3]])
  func turns(shape: [Int]) throws {
    var numbers = TestNumbers(seed: 1)
    let x = try numbers.tensor(shape)
    let (batch, channels, pixels) = (shape[0], shape[1], shape[2] * shape[3])
    let values = try x.floats()
    var wanted: [Float] = []
    for item in 0..<batch {
      for pixel in 0..<pixels {
        for channel in 0..<channels { wanted.append(values[(item * channels + channel) * pixels + pixel]) }
      }
    }
    let last = try x.channelsLast()
    #expect(last.shape == [batch, shape[2], shape[3], channels])
    #expect(try last.floats() == wanted)
    let first = try last.channelsFirst()
    #expect(first.shape == shape)
    #expect(try first.floats() == values)
  }

  @Test("joins channels", arguments: [[[2, 3, 4, 5], [2, 3, 4, 1]], [[7, 320], [7, 640]], [[0, 2], [0, 2]]])
  func joins(shapes: [[Int]]) throws {
    var numbers = TestNumbers(seed: 2)
    let (left, right) = try (numbers.tensor(shapes[0]), numbers.tensor(shapes[1]))
    let (first, second) = (shapes[0].last ?? 0, shapes[1].last ?? 0)
    let (a, b) = try (left.floats(), right.floats())
    var wanted: [Float] = []
    for row in 0..<a.count / first {
      wanted += a[row * first..<(row + 1) * first]
      wanted += b[row * second..<(row + 1) * second]
    }
    let joined = try left.concatenatedChannels(with: right)
    #expect(joined.shape == shapes[0].dropLast() + [first + second])
    #expect(try joined.floats() == wanted)
    #expect(throws: TensorError.shapeMismatch(operation: "channel concatenation", found: [9, 2], wanted: shapes[0])) {
      try left.concatenatedChannels(with: Tensor(repeating: 0, shape: [9, 2]))
    }
  }

  @Test("enlarges by repeating pixels", arguments: [[8, 6], [5, 11], [4, 3], [2, 9], [1, 1]])
  func enlarges(size: [Int]) throws {
    var numbers = TestNumbers(seed: 3)
    let x = try numbers.tensor([2, 4, 3, 5])
    let values = try x.floats()
    var wanted: [Float] = []
    for item in 0..<2 {
      for row in 0..<size[0] {
        for column in 0..<size[1] {
          let place = ((item * 4 + row * 4 / size[0]) * 3 + column * 3 / size[1]) * 5
          wanted += values[place..<place + 5]
        }
      }
    }
    let enlarged = try x.upsampledNearest(toHeight: size[0], width: size[1])
    #expect(enlarged.shape == [2, size[0], size[1], 5])
    #expect(try enlarged.floats() == wanted)
  }
}
