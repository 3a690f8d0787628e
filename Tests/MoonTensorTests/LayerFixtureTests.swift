import MoonTensor
import MoonTestSupport
import Testing

/// Single layers against the reference's numbers. Float32 sums of up to 72 products leave some 1e-7 of the largest value.
@Suite("Layers of the reference") struct LayerFixtureTests {
  static let tolerance: Float = 1e-6

  @Test("convolutions of every kernel, stride and padding", arguments: LayerFixture.all("Conv2d"))
  func convolution(layer: LayerFixture) throws {
    let sides = try layer.integers("padding")
    // Where the sides differ they are given left, right, top, bottom.
    let padding = Padding(top: sides[2], left: sides[0], bottom: sides[3], right: sides[1])
    let convolution = try ConvolutionLayer(
      weight: layer["weights/weight"], bias: layer.optional("weights/bias"), stride: layer.integer("stride"),
      padding: padding)
    let output = try convolution(layer["input"].channelsLast())
    expectClose(try output.channelsFirst(), try layer["output"], rtol: Self.tolerance)
  }

  @Test("group norms, also far from 0, alone and with SiLU", arguments: LayerFixture.all("GroupNorm", "GroupNorm+SiLU"))
  func groupNorm(layer: LayerFixture) throws {
    let output = try layer["input"].channelsLast().groupNormalized(
      groups: layer.integer("groups"), weight: layer["weights/weight"], bias: layer["weights/bias"],
      epsilon: Float(layer.number("eps")), activation: layer.kind.hasSuffix("SiLU") ? .silu : .none)
    // Inputs around 40 are known to 2e-6, and the norm keeps that difference; the reference loses some more.
    expectClose(try output.channelsFirst(), try layer["output"], rtol: layer.name.contains("offset") ? 1e-5 : 1e-6)
  }

  @Test("layer norms, also far from 0", arguments: LayerFixture.all("LayerNorm"))
  func layerNorm(layer: LayerFixture) throws {
    let output = try layer["input"].layerNormalized(
      weight: layer["weights/weight"], bias: layer["weights/bias"], epsilon: Float(layer.number("eps")))
    expectClose(output, try layer["output"], rtol: layer.name.contains("offset") ? 1e-5 : 1e-6)
  }

  @Test("activations, also at extremes", arguments: LayerFixture.all("activation"))
  func activation(layer: LayerFixture) throws {
    let activations: [String: Activation] = [
      "silu": .silu, "gelu": .gelu, "gelu_tanh": .geluTanh, "quick_gelu": .quickGELU,
    ]
    let output = try layer["input"].activated(#require(activations[layer.name]))
    // Against the value itself, not the largest one, which is 100: an exponential is good to a few last places.
    for (found, wanted) in zip(try output.floats(), try layer["output"].floats()) {
      #expect(abs(found - wanted) <= 1e-6 * max(abs(wanted), 1), "\(found), wanted \(wanted)")
    }
  }

  @Test("linear layers, and the gated one", arguments: LayerFixture.all("Linear", "GEGLU"))
  func linear(layer: LayerFixture) throws {
    let prefix = layer.kind == "GEGLU" ? "weights/proj." : "weights/"
    let linear = try LinearLayer(weight: layer[prefix + "weight"], bias: layer.optional(prefix + "bias"))
    let output = try linear(layer["input"])
    expectClose(
      try layer.kind == "GEGLU" ? output.gatedGELU() : output, try layer["output"], rtol: Self.tolerance)
  }

  @Test("attention, whole and causal, with large scores", arguments: LayerFixture.all("scaled_dot_product_attention"))
  func attention(layer: LayerFixture) throws {
    /// `[batch, heads, tokens, width]` as `[batch, tokens, heads * width]`.
    func rows(_ key: String) throws -> Tensor {
      let tensor = try layer[key]
      let shape = tensor.shape
      return try tensor.permuted([0, 2, 1, 3]).contiguous().reshaped(to: [shape[0], shape[2], shape[1] * shape[3]])
    }
    let output = try rows("query").attention(
      keys: rows("key"), values: rows("value"), heads: layer["query"].shape[1], isCausal: layer.flag("causal"))
    // Scores of up to 800 are known to 3e-5, and weights follow them.
    expectClose(output, try rows("output"), rtol: layer.name == "attention_large_scores" ? 1e-4 : 2e-6)
  }

  @Test("nearest neighbours at every size", arguments: LayerFixture.all("interpolate"))
  func nearest(layer: LayerFixture) throws {
    let size = try layer["output"].shape
    let output = try layer["input"].channelsLast().upsampledNearest(toHeight: size[2], width: size[3])
    expectExact(try output.channelsFirst(), try layer["output"])
  }

  @Test("softmax, also of large scores", arguments: LayerFixture.all("softmax"))
  func softmax(layer: LayerFixture) throws {
    // Attention whose keys spell the scores and whose values are the unit vectors: what comes out are the weights.
    let scores = try layer["input"]
    let count = try #require(scores.shape.last)
    let rows = try scores.reshaped(to: [1, scores.count / count, count])
    var unit = [Float](repeating: 0, count: count * count)
    for index in 0..<count { unit[index * count + index] = 1 }
    let identity = try Tensor(unit, shape: [1, count, count])
    let output = try rows.attention(keys: identity, values: identity, heads: 1, scale: 1)
    expectClose(try output.reshaped(to: scores.shape), try layer["output"], rtol: 1e-6)
  }
}
