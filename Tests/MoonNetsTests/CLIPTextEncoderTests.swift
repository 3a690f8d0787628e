import MoonNets
import MoonTensor
import MoonTestSupport
import MoonWeights
import Testing

@Suite("CLIP text encoder") struct CLIPTextEncoderTests {
  /// Rows of token ids of the fixture.
  private func ids(_ reference: Fixture) throws -> [[Int32]] {
    let length = try #require(reference.shape(of: "input_ids"))[1]
    let flat = try reference.integers("input_ids").map { Int32($0) }
    return stride(from: 0, to: flat.count, by: length).map { Array(flat[$0..<$0 + length]) }
  }

  @Test("follows the reference layer by layer", arguments: TinyModel.allCases)
  func layers(model: TinyModel) throws {
    let reference = try model.reference("text_encoder")
    let encoder = try model.textEncoder()
    var states: [Tensor] = []
    let last = try encoder(ids(reference)) { layer, state in
      #expect(layer == states.count)
      states.append(state)
    }
    #expect(states.count == encoder.configuration.layers + 1)
    expectExact(states[0], try reference["hidden_states_0"], "a sum of two numbers")
    for (layer, state) in states.enumerated() {
      // Each layer rounds some sums of up to 64 products; the states grow with the layers.
      expectClose(state, try reference["hidden_states_\(layer)"], rtol: 5e-6, "after layer \(layer)")
    }
    expectClose(last, try reference["last_hidden_state"], rtol: 5e-6, "after the last norm")
  }

  @Test("leaves layers out at the end and keeps the last norm", arguments: TinyModel.allCases)
  func skippedLayers(model: TinyModel) throws {
    let reference = try model.reference("text_encoder")
    let encoder = try model.textEncoder()
    let weights = try model.weights("text_encoder")
    let scope = weights.scoped(weights.contains("final_layer_norm.weight") ? "" : "text_model.")
    let norm = try LayerNorm(scope.scoped("final_layer_norm."), width: encoder.configuration.width)
    for skipped in 0...encoder.configuration.layers {
      let wanted = try norm(reference["hidden_states_\(encoder.configuration.layers - skipped)"])
      expectClose(try encoder(ids(reference), skippedLayers: skipped), wanted, rtol: 5e-6, "\(skipped) skipped")
    }
  }

  @Test("gives a prompt the same numbers wherever it stands in a batch")
  func batch() throws {
    let encoder = try TinyModel.tinySD.textEncoder()
    let rows = try ids(TinyModel.tinySD.reference("text_encoder"))
    let three = try encoder([rows[1], rows[0], rows[1]])
    expectExact(try three.narrow(0, start: 2, length: 1), try three.narrow(0, start: 0, length: 1))
  }

  @Test("refuses ids and layers that it does not have")
  func refusals() throws {
    let encoder = try TinyModel.tinySD.textEncoder()
    let tooMany = [Int32](repeating: 1, count: 78)
    #expect(message { try encoder([]) } == "text encoder: the input has shape [], wanted rows of 1..77 ids")
    #expect(message { try encoder([[]]) } == "text encoder: the input has shape [0], wanted rows of 1..77 ids")
    #expect(
      message { try encoder([[1], [1, 2]]) } == "text encoder: the input has shape [1, 2], wanted rows of 1..77 ids")
    #expect(message { try encoder([tooMany]) } == "text encoder: the input has shape [78], wanted rows of 1..77 ids")
    #expect(message { try encoder([[1, 874]]) } == "text encoder: the id 874 is outside 0..873")
    #expect(message { try encoder([[-1]]) } == "text encoder: the id -1 is outside 0..873")
    #expect(
      message { try encoder([[1]], skippedLayers: 3) } == "text encoder: the number of skipped layers 3 is outside 0..2"
    )
    #expect(
      message { try encoder([[1]], skippedLayers: -1) }
        == "text encoder: the number of skipped layers -1 is outside 0..2")
  }
}
