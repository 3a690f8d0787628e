import MoonNets
import MoonTensor
import MoonTestSupport
import MoonWeights
import Testing

@Suite("Image projections of IP-Adapter") struct ImageTokenProjectionTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func fixture(_ name: String) throws -> Fixture { try Fixture("clip_networks/\(name)") }

  private func projection(_ fixture: Fixture) throws -> ImageTokenProjection {
    try ImageTokenProjection(weights: WeightMap(fixture.file).scoped("image_proj."))
  }

  @Test(
    "give the reference's tokens",
    arguments: ["image_projection", "image_projection_full", "image_projection_plus"])
  func tokens(name: String) throws {
    let fixture = try fixture(name)
    // Up to four layers of sums of up to 128 products, normed at the end.
    expectClose(try projection(fixture)(fixture["input"]), try fixture["output"], rtol: 5e-6)
  }

  @Test("use every weight and know their sizes")
  func sizes() throws {
    let plain = try projection(fixture("image_projection"))
    #expect(!plain.takesHiddenStates && plain.tokens == 4 && plain.inputWidth == 12 && plain.width == 8)
    let full = try projection(fixture("image_projection_full"))
    #expect(full.takesHiddenStates && full.tokens == nil && full.inputWidth == 16 && full.width == 8)
    let plus = try projection(fixture("image_projection_plus"))
    #expect(plus.takesHiddenStates && plus.tokens == 3 && plus.inputWidth == 16 && plus.width == 12)
    for name in ["image_projection", "image_projection_full", "image_projection_plus"] {
      let weights = try WeightMap(fixture(name).file)
      _ = try ImageTokenProjection(weights: weights.scoped("image_proj."))
      try weights.finish(ignoring: ["input", "output"])
    }
  }

  @Test("refuse states where embeddings are wanted, other widths, and nothing at all")
  func inputs() throws {
    let plain = try projection(fixture("image_projection"))
    for shape in [[2, 10, 12], [2, 16], [0, 12]] {
      let input = try Tensor(repeating: 0, shape: shape)
      #expect(
        message { try plain(input) } == "image projection: the input has shape \(shape), wanted [images, 12]")
    }
    let plus = try projection(fixture("image_projection_plus"))
    for shape in [[2, 16], [2, 10, 12], [2, 0, 16]] {
      let input = try Tensor(repeating: 0, shape: shape)
      #expect(
        message { try plus(input) } == "image projection: the input has shape \(shape), wanted [images, positions, 16]")
    }
  }

  @Test(
    "refuse files that hold something else",
    arguments: [
      (
        ["norm.weight": [8], "proj.0.weight": [16, 8], "proj.2.weight": [32, 16]],
        "an IP-Adapter FaceID, which takes the embeddings of a face recognition network, is not supported"
      ),
      (
        ["perceiver_resampler.proj_in.weight": [8, 8], "norm.weight": [8]],
        "an IP-Adapter FaceID, which takes the embeddings of a face recognition network, is not supported"
      ),
      (
        ["other.weight": [8]],
        #"no IP-Adapter's image projection is under "image_proj.": "proj.weight", "proj.3.weight" or "latents" would be there"#
      ),
      (
        ["proj.weight": [10, 4], "norm.weight": [4]],
        #""image_proj.proj.weight" has 10 rows, which do not divide into tokens of width 4"#
      ),
      (
        ["proj.weight": [8], "norm.weight": [4]],
        #""image_proj.proj.weight" has the shape [8], wanted 2 sizes above 0"#
      ),
      (
        [
          "latents": [1, 2, 4], "proj_in.weight": [4, 4], "proj_in.bias": [4], "proj_out.weight": [4, 4],
          "proj_out.bias": [4], "norm_out.weight": [4], "norm_out.bias": [4], "layers.0.0.to_q.weight": [96, 4],
        ],
        #""image_proj.layers.0.0.to_q.weight" has 96 rows, which do not divide into heads of 64"#
      ),
    ])
  func badFiles(shapes: [String: [Int]], text: String) throws {
    let file = try folder.file("adapter.safetensors")
    let tensors = try shapes.map { (key: "image_proj.\($0.key)", tensor: try Tensor(repeating: 0, shape: $0.value)) }
    try SafetensorsFile.write(tensors, to: file)
    let weights = try WeightMap(contentsOf: file).scoped("image_proj.")
    #expect(folder.message { try ImageTokenProjection(weights: weights) } == "adapter.safetensors: \(text)")
  }

  @Test("name the key that is missing")
  func missingKeys() throws {
    for (shapes, key) in [
      (["proj.weight": [8, 4]], "norm.weight"), (["proj.3.weight": [8]], "proj.0.weight"),
      (["latents": [1, 2, 4]], "proj_in.weight"),
    ] {
      let file = try folder.file("adapter.safetensors")
      let tensors = try shapes.map { (key: "image_proj.\($0.key)", tensor: try Tensor(repeating: 0, shape: $0.value)) }
      try SafetensorsFile.write(tensors, to: file)
      let weights = try WeightMap(contentsOf: file).scoped("image_proj.")
      #expect(
        folder.message { try ImageTokenProjection(weights: weights) }
          == "adapter.safetensors has no tensor \"image_proj.\(key)\"")
    }
  }
}
