import MoonTensor
import Testing

@Suite("Convolution of a normalised picture") struct ConvolutionBandTests {
  /// Pictures below and above the size from which on bands are used; some bands end in the middle of a tile's rows.
  static let cases: [ConvolutionCase] = [
    ConvolutionCase(picture: [2, 9, 7, 8], outputs: 6, kernel: [3, 3]),
    ConvolutionCase(picture: [3, 64, 512, 56], outputs: 4, kernel: [3, 3]),
    ConvolutionCase(picture: [1, 151, 509, 56], outputs: 9, kernel: [3, 3]),
    ConvolutionCase(picture: [2, 150, 511, 56], outputs: 4, kernel: [3, 3], stride: 2),
    ConvolutionCase(picture: [1, 149, 512, 56], outputs: 5, kernel: [1, 1], padding: Padding(0)),
    ConvolutionCase(
      picture: [1, 151, 509, 56], outputs: 3, kernel: [3, 3], padding: Padding(top: 2, left: 0, bottom: 0, right: 1)),
    ConvolutionCase(picture: [1, 3, 40_000, 40], outputs: 2, kernel: [3, 3]),
  ]

  @Test("equals normalising first", arguments: cases)
  func bands(_ sizes: ConvolutionCase) throws {
    var numbers = TestNumbers(seed: 21)
    let channels = sizes.picture[3]
    let x = try numbers.tensor(sizes.picture)
    let (factor, shift) = (try numbers.tensor([channels]), try numbers.tensor([channels]))
    let layer = try ConvolutionLayer(
      weight: try numbers.tensor([sizes.outputs, channels] + sizes.kernel, scale: 0.05),
      bias: try numbers.tensor([sizes.outputs]), stride: sizes.stride, padding: sizes.padding)
    let normalized = try x.groupNormalized(groups: 4, weight: factor, bias: shift, epsilon: 1e-6, activation: .silu)
    let rowBias = try numbers.tensor([sizes.picture[0], sizes.outputs])
    let residual = try numbers.tensor(try layer(normalized).shape)
    let wanted = try layer(normalized, addingPerRow: rowBias, adding: residual)
    let scales = try x.groupScales(groups: 4, weight: factor, bias: shift, epsilon: 1e-6)
    let found = try layer(x, scaledBy: scales, activation: .silu, addingPerRow: rowBias, adding: residual)
    // Other tiles, other roundings: a few units in the seventh digit of the largest products.
    try expectNear(found, wanted.floats().map { Double($0) }, shape: wanted.shape, tolerance: 5e-6)
  }

  @Test(
    "of doubled pixels equals doubling first, bit by bit", arguments: [[1, 5, 7, 16], [2, 3, 4, 5], [1, 1, 1, 8]])
  func doubling(shape: [Int]) throws {
    var numbers = TestNumbers(seed: 22)
    let x = try numbers.tensor(shape)
    for kernel in [3, 1] {
      let layer = try ConvolutionLayer(
        weight: try numbers.tensor([9, shape[3], kernel, kernel]), bias: nil, padding: Padding(kernel / 2))
      let wanted = try layer(x.upsampledNearest(toHeight: 2 * shape[1], width: 2 * shape[2]))
      let found = try layer(x, isDoubled: true)
      #expect(found.shape == wanted.shape)
      #expect(try found.floats() == wanted.floats())
    }
  }
}
