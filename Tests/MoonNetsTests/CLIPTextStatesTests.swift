import MoonNets
import MoonTensor
import MoonTestSupport
import MoonWeights
import Testing

@Suite("Text encoders of SDXL") struct CLIPTextStatesTests {
  static let names = ["plain_legacy", "plain", "projecting_legacy", "projecting"]
  /// Three layers of sums of up to 32 products.
  static let tolerance: Float = 5e-6

  private func encoder(_ fixture: CLIPFixture) throws -> CLIPTextEncoder {
    try CLIPTextEncoder(CLIPTextConfiguration(fixture.configuration), weights: fixture.weights())
  }

  @Test("give the states before any number of layers, and always the pooled output of all", arguments: names)
  func states(name: String) throws {
    let fixture = try CLIPFixture(name)
    let encoder = try encoder(fixture)
    let ids = try fixture.ids("input_ids")
    #expect(encoder.configuration.projects == name.hasPrefix("projecting"))
    for skipped in 0...3 {
      let states = try encoder.states(ids, skippedLayers: skipped)
      expectClose(
        states.hidden, try fixture.reference["hidden_states_\(3 - skipped)"], rtol: Self.tolerance, "\(skipped) skipped"
      )
      expectClose(states.pooled, try fixture.reference["pooled"], rtol: Self.tolerance, "pooled, \(skipped) skipped")
      #expect(states.pooled.shape == [ids.count, encoder.configuration.pooledWidth])
    }
    expectExact(try encoder.states(ids).hidden, try encoder.states(ids, skippedLayers: 1).hidden)
    expectClose(try encoder(ids), try fixture.reference["last_hidden_state"], rtol: Self.tolerance)
  }

  @Test("run each layer once")
  func observed() throws {
    let fixture = try CLIPFixture("projecting")
    var seen: [Int] = []
    _ = try encoder(fixture).states(fixture.ids("input_ids"), skippedLayers: 2) { layer, _ in seen.append(layer) }
    #expect(seen == [0, 1, 2, 3])
  }

  @Test("project when the model's index says so, whatever the configuration says")
  func projects() throws {
    let config = try CLIPFixture("projecting").configuration
    #expect(try CLIPTextConfiguration(config).pooledWidth == 20)
    #expect(try CLIPTextConfiguration(config, projects: false).pooledWidth == 16)
    let plain = try CLIPFixture("plain").configuration
    #expect(try CLIPTextConfiguration(plain).pooledWidth == 16)
    #expect(try CLIPTextConfiguration(plain, projects: true).pooledWidth == 512)
  }

  @Test("take the end of a text from the first end token, or from the largest id under the old rule")
  func endPositions() throws {
    var sizes = try CLIPTextConfiguration(CLIPFixture("plain").configuration)
    #expect(sizes.endPosition([46, 5, 47, 3, 47]) == 2)
    #expect(sizes.endPosition([46, 5, 48, 3, 44]) == 0)
    sizes.endToken = 2
    #expect(sizes.endPosition([46, 5, 47, 3, 47]) == 2)
    #expect(sizes.endPosition([2, 48, 47, 48]) == 1)
    #expect(sizes.endPosition([]) == 0)
  }

  @Test("take added tokens after their vocabulary, all at once or one by one", arguments: names)
  func addedTokens(name: String) throws {
    let fixture = try CLIPFixture(name)
    let plain = try encoder(fixture)
    let tokens = try fixture.reference["added/tokens"]
    let ids = try fixture.ids("added/input_ids")
    let first = try plain.adding(tokens: tokens.narrow(0, start: 0, length: 1))
    for encoder in [try plain.adding(tokens: tokens), try first.adding(tokens: tokens.narrow(0, start: 1, length: 1))] {
      #expect(encoder.tokenCount == 50)
      expectClose(try encoder(ids), try fixture.reference["added/last_hidden_state"], rtol: Self.tolerance)
      expectClose(try encoder.states(ids).pooled, try fixture.reference["added/pooled"], rtol: Self.tolerance)
      #expect(message { try encoder([[50]]) } == "text encoder: the id 50 is outside 0..49")
    }
    #expect(message { try plain(ids) } == "text encoder: the id 48 is outside 0..47")
    #expect(message { try first(ids) } == "text encoder: the id 49 is outside 0..48")
  }

  @Test("refuse added tokens of another width, and layers they do not have")
  func refusals() throws {
    let encoder = try encoder(CLIPFixture("plain"))
    for shape in [[2, 12], [16]] {
      let tokens = try Tensor(repeating: 0, shape: shape)
      #expect(
        message { try encoder.adding(tokens: tokens) }
          == "embeddings of added tokens: the input has shape \(shape), wanted [tokens, 16]")
    }
    #expect(
      message { try encoder.states([[1]], skippedLayers: 4) }
        == "text encoder: the number of skipped layers 4 is outside 0..3")
  }

  @Test("name a projection that is missing, and pass over one that they do not use")
  func projectionKeys() throws {
    let plain = try CLIPFixture("plain")
    let projecting = try CLIPTextConfiguration(plain.configuration, projects: true)
    let text = message { try CLIPTextEncoder(projecting, weights: plain.weights()) }
    #expect(text?.hasSuffix("model.safetensors has no tensor \"text_projection.weight\"") == true)
    let other = try CLIPFixture("projecting")
    let unprojected = try CLIPTextConfiguration(other.configuration, projects: false)
    #expect(message { try CLIPTextEncoder(unprojected, weights: other.weights()) } == nil)
  }
}
