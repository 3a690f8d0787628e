import MoonNets
import MoonTensor
import MoonTestSupport
import MoonWeights
import Testing

@Suite("CLIP vision encoder") struct CLIPVisionEncoderTests {
  /// Three layers of sums of up to 48 products.
  static let tolerance: Float = 5e-6

  private func config(_ json: String) throws -> ConfigFile { try ConfigFile(Array(json.utf8), name: "config.json") }

  @Test("follows the reference layer by layer", arguments: ["vision_quick_gelu", "vision_gelu"])
  func layers(name: String) throws {
    let fixture = try CLIPFixture(name)
    let encoder = try CLIPVisionEncoder(CLIPVisionConfiguration(fixture.configuration), weights: fixture.weights())
    var seen: [Tensor] = []
    let states = try encoder(fixture.reference["pixel_values"]) { layer, state in
      #expect(layer == seen.count)
      seen.append(state)
    }
    #expect(seen.count == 4)
    for (layer, state) in seen.enumerated() {
      expectClose(state, try fixture.reference["hidden_states_\(layer)"], rtol: Self.tolerance, "after layer \(layer)")
    }
    expectExact(states.penultimate, seen[2])
    expectClose(states.embeddings, try fixture.reference["image_embeds"], rtol: Self.tolerance)
    let black = try encoder(Tensor(repeating: 0, shape: [1, 3, 14, 14]))
    expectClose(black.penultimate, try fixture.reference["zeros/hidden_states_-2"], rtol: Self.tolerance)
  }

  @Test("takes the keys of a whole CLIP model, and those without a prefix")
  func otherKeys() throws {
    let fixture = try CLIPFixture("vision_gelu")
    let sizes = try CLIPVisionConfiguration(fixture.configuration)
    let pixels = try fixture.reference["pixel_values"]
    let extra = ["text_model.final_layer_norm.weight", "text_projection.weight", "logit_scale"]
    let whole = try CLIPVisionEncoder(sizes, weights: fixture.weights(adding: extra))
    let bare = try CLIPVisionEncoder(
      sizes, weights: fixture.weights(renamed: { $0.replacing("vision_model.", with: "") }))
    for encoder in [whole, bare] {
      expectClose(
        try encoder(pixels).embeddings, try fixture.reference["image_embeds"], rtol: Self.tolerance)
    }
    let text = message { try CLIPVisionEncoder(sizes, weights: fixture.weights(adding: ["extra"])) }
    #expect(text?.hasSuffix("has a tensor that the model does not use: \"extra\"") == true)
  }

  @Test("refuses pictures of another size")
  func refusals() throws {
    let fixture = try CLIPFixture("vision_gelu")
    let encoder = try CLIPVisionEncoder(CLIPVisionConfiguration(fixture.configuration), weights: fixture.weights())
    for shape in [[1, 3, 14, 15], [1, 4, 14, 14], [3, 14, 14], [0, 3, 14, 14]] {
      let pixels = try Tensor(repeating: 0, shape: shape)
      #expect(
        message { try encoder(pixels) }
          == "vision encoder: the input has shape \(shape), wanted [images, 3, 14, 14]")
    }
  }

  @Test("has the reference's default sizes, and those of a whole CLIP model's configuration")
  func configurations() throws {
    let plain = try CLIPVisionConfiguration(config("{}"))
    #expect(plain.width == 768 && plain.feedForwardWidth == 3072 && plain.layers == 12 && plain.heads == 12)
    #expect(plain.channels == 3 && plain.imageSize == 224 && plain.patchSize == 32 && plain.projectionWidth == 512)
    #expect(plain.activation == .quickGELU && plain.epsilon == 1e-5 && plain.positions == 50)
    let whole = try CLIPVisionConfiguration(
      config(#"{"projection_dim": 768, "vision_config": {"hidden_size": 1024, "num_attention_heads": 16}}"#))
    #expect(whole.width == 1024 && whole.heads == 16 && whole.projectionWidth == 768)
    let own = try CLIPVisionConfiguration(
      config(#"{"projection_dim": 768, "vision_config": {"projection_dim": 64, "hidden_act": "gelu"}}"#))
    #expect(own.projectionWidth == 64 && own.activation == .gelu)
  }

  @Test(
    "refuses sizes that do not fit",
    arguments: [
      (#"{"hidden_size": 500}"#, "a width of 500 does not divide into 12 heads"),
      (#"{"patch_size": 300}"#, "a patch of 300 is larger than the picture of 224"),
      (#"{"patch_size": 0}"#, "\"patch_size\": 0 is outside 1..16384"),
      (#"{"num_hidden_layers": 0}"#, "\"num_hidden_layers\": 0 is outside 1..16777216"),
      (
        #"{"vision_config": {"hidden_act": "relu"}}"#,
        #""hidden_act" is "relu", which is not supported: "quick_gelu", "gelu" and "gelu_new" are"#
      ),
    ])
  func badSizes(json: String, text: String) throws {
    let file = try config(json)
    #expect(message { try CLIPVisionConfiguration(file) } == "config.json: \(text)")
  }
}
