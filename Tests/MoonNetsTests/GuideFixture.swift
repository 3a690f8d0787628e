import MoonNets
import MoonTensor
import MoonTestSupport
import MoonWeights
import Testing

/// A network of `Fixtures/guide_networks`: configuration, weights, inputs and outputs.
struct GuideFixture {
  let fixture: Fixture

  init(_ name: String) throws { fixture = try Fixture("guide_networks/\(name)") }

  /// The configuration that is noted beside the tensors.
  func configuration() throws -> ConfigFile {
    let text = try #require(fixture.metadata["config"])
    return try ConfigFile(Array(text.utf8), name: "config.json")
  }

  /// The weights by the names that they have in the network's own file.
  func weightTensors() throws -> [(key: String, tensor: Tensor)] {
    let prefix = "weights/"
    return try fixture.keys.filter { $0.hasPrefix(prefix) }.map {
      (key: String($0.dropFirst(prefix.count)), tensor: try fixture[$0])
    }
  }

  private var weights: WeightMap {
    get throws {
      // A file of the weights alone, so that unused ones are still found.
      let folder = try TemporaryFolder()
      let file = try folder.file("weights.safetensors")
      try SafetensorsFile.write(weightTensors(), to: file)
      return try WeightMap(contentsOf: file)
    }
  }

  func unet() throws -> UNet { try UNet(UNetConfiguration(configuration()), weights: weights) }

  func controlNet(change: (inout ControlNetConfiguration) -> Void = { _ in }) throws -> ControlNet {
    var sizes = try ControlNetConfiguration(configuration())
    change(&sizes)
    return try ControlNet(sizes, weights: weights)
  }

  subscript(key: String) -> Tensor {
    get throws { try fixture[key] }
  }

  /// A picture of the fixture, channels last.
  func picture(_ key: String) throws -> Tensor { try fixture[key].channelsLast() }

  /// Text embeddings, pooled ones, time ids and guidance under `prefix`, as far as they are there.
  func conditioning(_ prefix: String) throws -> UNetConditioning {
    func optional(_ key: String) throws -> Tensor? {
      fixture.contains("\(prefix)/\(key)") ? try fixture["\(prefix)/\(key)"] : nil
    }
    return UNetConditioning(
      context: try fixture["\(prefix)/context"], addedEmbeds: try optional("pooled"),
      timeIDs: try optional("time_ids"), guidance: try optional("guidance"))
  }

  /// Compares what a network showed with all stages under `prefix` that it showed.
  func compareStages(_ prefix: String, _ observation: Observation, tolerance: Float) throws -> Set<String> {
    var compared: Set<String> = []
    for key in fixture.keys where key.hasPrefix("\(prefix)/") {
      let name = String(key.dropFirst(prefix.count + 1))
      guard let found = observation.tensors[name] else { continue }
      compared.insert(name)
      var wanted = try fixture[key]
      if name == "time_embedding", fixture.contains("\(prefix)/add_embedding") {
        wanted = try wanted + fixture["\(prefix)/add_embedding"]
      }
      if name == "time_embedding" || name == "conv_norm_out" { wanted = try wanted.activated(.silu) }
      expectClose(try found.rank == 4 ? found.channelsFirst() : found, wanted, rtol: tolerance, name)
    }
    return compared
  }
}
