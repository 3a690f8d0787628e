import MoonNets
import MoonTensor
import MoonTestSupport
import MoonWeights
import Testing

/// The layers that networks are built of, one by one. Outputs are near 1; float32 sums of up to a hundred products, one
/// after another through a few layers, leave some 1e-7 of the largest value.
@Suite("Network layers") struct LayerTests {
  static let tolerance: Float = 2e-6

  @Test("residual blocks with and without shortcut and time", arguments: LayerFixture.all("ResnetBlock2D"))
  func residualBlock(layer: LayerFixture) throws {
    let weights = try layer.weights
    let kernel = try #require(weights.shape(of: "conv1.weight"))
    let block = try ResidualBlock(
      weights, input: kernel[1], output: kernel[0], timeWidth: weights.shape(of: "time_emb_proj.weight")?[1],
      groups: layer.integer("groups"), epsilon: Float(layer.number("eps")))
    let time = try layer.optional("time_embedding").map { try $0.activated(.silu) }
    let output = try block(layer["input"].channelsLast(), activatedTime: time)
    expectClose(try output.channelsFirst(), try layer["output"], rtol: Self.tolerance)
  }

  @Test("attention to itself and to a context, with a residual", arguments: LayerFixture.all("Attention"))
  func attention(layer: LayerFixture) throws {
    let weights = try layer.weights
    let shape = try #require(weights.shape(of: "to_k.weight"))
    let input = try layer["input"]
    let attention = try Attention(
      weights, width: input.shape[2], contextWidth: shape[1], inner: shape[0], heads: layer.integer("heads"))
    let context = try layer.optional("context") ?? input
    let residual = try input * 0.5
    expectClose(
      try attention(input, context: context, adding: residual), try layer["output"] + residual, rtol: Self.tolerance)
  }

  @Test("attention of the autoencoder", arguments: LayerFixture.all("Attention of the autoencoder"))
  func pixelAttention(layer: LayerFixture) throws {
    let attention = try PixelAttention(
      layer.weights, channels: layer["input"].shape[1], groups: layer.integer("groups"))
    let output = try attention(layer["input"].channelsLast())
    expectClose(try output.channelsFirst(), try layer["output"], rtol: Self.tolerance)
  }

  @Test("transformers with either projection", arguments: LayerFixture.all("Transformer2DModel"))
  func transformer(layer: LayerFixture) throws {
    let input = try layer["input"]
    let transformer = try SpatialTransformer(
      layer.weights, channels: input.shape[1], contextWidth: layer["context"].shape[2],
      heads: layer.integer("heads"), depth: 1, groups: layer.integer("groups"))
    let output = try transformer(input.channelsLast(), context: layer["context"])
    expectClose(try output.channelsFirst(), try layer["output"], rtol: Self.tolerance)
  }

  @Test("one block of a transformer", arguments: LayerFixture.all("BasicTransformerBlock"))
  func transformerBlock(layer: LayerFixture) throws {
    let block = try TransformerBlock(
      layer.weights, width: layer["input"].shape[2], contextWidth: layer["context"].shape[2],
      heads: layer.integer("heads"))
    expectClose(
      try block(layer["input"], context: layer["context"]), try layer["output"], rtol: Self.tolerance)
  }

  @Test("downsampling with either padding", arguments: LayerFixture.all("Downsample2D"))
  func downsampler(layer: LayerFixture) throws {
    let input = try layer["input"]
    let downsampler = try Downsampler(layer.weights, channels: input.shape[1], padding: layer.integer("padding"))
    let output = try downsampler(input.channelsLast())
    expectClose(try output.channelsFirst(), try layer["output"], rtol: Self.tolerance)
  }

  @Test("upsampling to twice the size and to any other", arguments: LayerFixture.all("Upsample2D"))
  func upsampler(layer: LayerFixture) throws {
    let input = try layer["input"]
    let wanted = try layer["output"].shape
    let upsampler = try Upsampler(layer.weights, channels: input.shape[1])
    let output = try upsampler(input.channelsLast(), height: wanted[2], width: wanted[3])
    expectClose(try output.channelsFirst(), try layer["output"], rtol: Self.tolerance)
  }

  @Test("sines and cosines of the training time", arguments: LayerFixture.all("Timesteps"))
  func sinusoids(layer: LayerFixture) throws {
    let output = try TimeEmbedding.sinusoids(
      of: layer["input"].floats().map(Double.init), width: layer.integer("width"),
      flipsSineToCosine: layer.flag("flip_sin_to_cos"), frequencyShift: layer.number("freq_shift"))
    // A last place of a frequency turns an angle of up to 999 by 6e-5.
    expectClose(output, try layer["output"], atol: 6.5e-5)
  }

  @Test("the layers behind sines and cosines", arguments: LayerFixture.all("TimestepEmbedding"))
  func timeEmbedding(layer: LayerFixture) throws {
    let embedding = try TimeEmbedding(
      layer.weights, width: layer["input"].shape[1], output: layer["output"].shape[1], flipsSineToCosine: true,
      frequencyShift: 0)
    // The network's residual blocks take SiLU of it, so it is computed once, here.
    expectClose(
      try embedding.activated(waves: layer["input"]), try layer["output"].activated(.silu), rtol: Self.tolerance)
  }

  @Test("the layer names of old autoencoders, and 1x1 convolutions as matrices")
  func oldNames() throws {
    let layer = try #require(LayerFixture.all("Attention of the autoencoder").first)
    let weights = try layer.weights
    let folder = try TemporaryFolder()
    let renamed = try weights.keys.map { key in
      var name = key
      for (new, old) in [("to_q", "query"), ("to_k", "key"), ("to_v", "value"), ("to_out.0", "proj_attn")] {
        name = name.replacing(new, with: old)
      }
      var tensor = try weights.take(key, shape: #require(weights.shape(of: key)))
      if name.hasPrefix("query.weight") { tensor = try tensor.reshaped(to: tensor.shape + [1, 1]) }
      return (key: name, tensor: tensor)
    }
    let file = try folder.file("old.safetensors")
    try SafetensorsFile.write(renamed, to: file)
    let old = try PixelAttention(WeightMap(contentsOf: file), channels: 8, groups: 4)
    let present = try PixelAttention(weights, channels: 8, groups: 4)
    let input = try layer["input"].channelsLast()
    expectExact(try old(input), try present(input))
  }
}
