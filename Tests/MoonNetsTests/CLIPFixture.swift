import MoonNets
import MoonTensor
import MoonTestSupport
import MoonWeights
import Testing

/// A network of `Fixtures/clip_networks`: its configuration, its weights and the reference's numbers.
struct CLIPFixture {
  let reference: Fixture
  private let name: String

  init(_ name: String) throws {
    self.name = name
    reference = try Fixture("clip_networks/\(name)")
  }

  var configuration: ConfigFile {
    get throws {
      let text = try #require(reference.metadata["config"])
      return try ConfigFile(Array(text.utf8), name: "config.json")
    }
  }

  /// The weights in a file of their own, where `renamed` changes their names; networks refuse tensors they do not use.
  func weights(renamed: (String) -> String = { $0 }, adding extra: [String] = []) throws -> WeightMap {
    let folder = try TemporaryFolder()
    let file = try folder.file("model.safetensors")
    let prefix = "weights/"
    var tensors = try reference.keys.filter { $0.hasPrefix(prefix) }.map {
      (key: renamed(String($0.dropFirst(prefix.count))), tensor: try reference[$0])
    }
    for key in extra { tensors.append((key, try Tensor(repeating: 0, shape: [1]))) }
    try SafetensorsFile.write(tensors, to: file)
    return try WeightMap(contentsOf: file)
  }

  /// Rows of token ids.
  func ids(_ key: String) throws -> [[Int32]] {
    let length = try #require(reference.shape(of: key))[1]
    let flat = try reference.integers(key).map { Int32($0) }
    return stride(from: 0, to: flat.count, by: length).map { Array(flat[$0..<$0 + length]) }
  }
}
