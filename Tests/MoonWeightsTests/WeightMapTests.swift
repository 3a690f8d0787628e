import Foundation
import MoonTensor
import MoonTestSupport
import MoonWeights
import Testing

@Suite("Weight maps") struct WeightMapTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Writes one-element tensors to `name`; the value is the key's place in `keys`, plus `base`.
  func writeShard(_ keys: [String], to name: String, base: Float = 0) throws -> URL {
    let url = try folder.file(name)
    let tensors = try keys.enumerated().map { (key: $1, tensor: try Tensor([base + Float($0)], shape: [1])) }
    try SafetensorsFile.write(tensors, to: url)
    return url
  }

  @Test("look names up under a prefix and know what was not read")
  func scopes() throws {
    let url = try writeShard(["a.0.weight", "a.0.bias", "a.1.weight", "b", "b.position_ids"], to: "x.safetensors")
    let weights = try WeightMap(contentsOf: url)
    let block = weights.scoped("a.").scoped("0.")
    #expect(block.prefix == "a.0.")
    #expect(block.keys.sorted() == ["bias", "weight"])
    #expect(block.contains("weight") && !block.contains("b"))
    #expect(block.shape(of: "bias") == [1] && block.shape(of: "b") == nil)
    expectExact(try block.take("weight", shape: [1]), try Tensor([0], shape: [1]))
    expectExact(try #require(try block.takeIfPresent("bias", shape: [1])), try Tensor([1], shape: [1]))
    #expect(try block.takeIfPresent("gain", shape: [1]) == nil)
    #expect(
      folder.message { try weights.finish() }
        == "x.safetensors has 3 tensors that the model does not use: \"a.1.weight\", \"b\", \"b.position_ids\"")
    #expect(
      folder.message { try weights.finish(ignoring: ["a.*", "*.position_ids"]) }
        == "x.safetensors has a tensor that the model does not use: \"b\"")
    _ = try weights.take("b", shape: [1])
    try block.finish(ignoring: ["a.*.weight", "*.position_ids"])
  }

  @Test("name at most five unused tensors")
  func manyUnused() throws {
    let weights = try WeightMap(contentsOf: try writeShard((0..<9).map { "k\($0)" }, to: "x.safetensors"))
    #expect(
      folder.message { try weights.finish() }
        == "x.safetensors has 9 tensors that the model does not use: \"k0\", \"k1\", \"k2\", \"k3\", \"k4\", ...")
  }

  @Test("report a missing tensor and another shape with file and key")
  func wrongTensors() throws {
    let weights = try WeightMap(contentsOf: try writeShard(["a.weight"], to: "unet/x.safetensors")).scoped("a.")
    #expect(folder.message { try weights.take("bias", shape: [1]) } == "unet/x.safetensors has no tensor \"a.bias\"")
    #expect(
      folder.message { try weights.take("weight", shape: [1, 1]) }
        == "unet/x.safetensors: \"a.weight\" has the shape [1], wanted [1, 1]")
    #expect(
      folder.message { try weights.takeIfPresent("weight", shape: [2]) }
        == "unet/x.safetensors: \"a.weight\" has the shape [1], wanted [2]")
  }

  @Test(
    "take names with a star for any text",
    arguments: [
      ("*", "a", true), ("*", "", true), ("a", "a", true), ("a", "ab", false), ("a*", "a", true), ("*b", "ab", true),
      ("*b", "ba", false), ("a*b", "ab", true), ("a*b", "axb", true), ("ab*ba", "aba", false), ("*.x.*", "a.x.b", true),
      ("*.x.*", "a.xb", false), ("a*b*c", "aXbYc", true), ("a*b*c", "acb", false), ("**a", "ba", true),
      ("", "a", false),
    ])
  func patterns(pattern: String, name: String, fits: Bool) throws {
    let config = try ConfigFile(Array("{\"\(name)\": 1}".utf8), name: "x")
    #expect((folder.message { try config.finish(ignoring: [pattern]) } == nil) == fits)
  }

  @Test("read a component in several files")
  func shards() throws {
    _ = try writeShard(["a", "c"], to: "unet/m-00001-of-00002.safetensors")
    _ = try writeShard(["b"], to: "unet/m-00002-of-00002.safetensors", base: 10)
    let index = """
      {"metadata": {"total_size": 12}, "weight_map": {"a": "m-00001-of-00002.safetensors",
       "b": "m-00002-of-00002.safetensors", "c": "m-00001-of-00002.safetensors"}}
      """
    try folder.write(index, to: "unet/diffusion_pytorch_model.safetensors.index.json")
    let weights = try WeightMap.open(
      component: folder.url.appending(path: "unet"), baseName: "diffusion_pytorch_model")
    #expect(weights.keys == ["a", "c", "b"])
    #expect(folder.text(of: WeightsError.missingKey(file: weights.name, key: "d")).hasPrefix("unet/diffusion_pytorch"))
    expectExact(try weights.take("b", shape: [1]), try Tensor([10], shape: [1]))
    expectExact(try weights.take("c", shape: [1]), try Tensor([1], shape: [1]))
    #expect(
      folder.message { try weights.finish() }
        == """
        unet/diffusion_pytorch_model.safetensors.index.json has a tensor that the model does not use: "a"
        """)
    #expect(
      folder.message { try weights.take("b", shape: [2]) }
        == "unet/m-00002-of-00002.safetensors: \"b\" has the shape [1], wanted [2]")
  }

  @Test(
    "refuse an index that is wrong",
    arguments: [
      (
        #"{"weight_map": {"a": "../s.safetensors"}}"#,
        #"x.index.json: "weight_map.a" should be the name of a safetensors file beside it, found "../s.safetensors""#
      ),
      (
        #"{"weight_map": {"a": "/etc/s.safetensors"}}"#,
        #"x.index.json: "weight_map.a" should be the name of a safetensors file beside it, found "/etc/s.safetensors""#
      ),
      (
        #"{"weight_map": {"a": ".."}}"#,
        #"x.index.json: "weight_map.a" should be the name of a safetensors file beside it, found "..""#
      ),
      (
        #"{"weight_map": {"a": "s.bin"}}"#,
        #"x.index.json: "weight_map.a" should be the name of a safetensors file beside it, found "s.bin""#
      ),
      (
        #"{"weight_map": {"a": 3}}"#,
        #"x.index.json: "weight_map.a" should be the name of a safetensors file beside it, found 3"#
      ),
      (
        #"{"weight_map": {"a": "s.safetensors\u0000.safetensors"}}"#,
        #"x.index.json: "weight_map.a" should be the name of a safetensors file beside it, "#
          + #"found "s.safetensors\u{0}.safetensors""#
      ),
      (#"{"weight_map": {"a": "t.safetensors"}}"#, "t.safetensors cannot be read: No such file or directory"),
      (
        #"{"weight_map": {"a": "s.safetensors"}}"#,
        #"x.index.json does not place the tensor "b" in s.safetensors"#
      ),
      (
        #"{"weight_map": {"a": "s.safetensors", "b": "s.safetensors", "c": "s.safetensors"}}"#,
        #"s.safetensors has no tensor "c""#
      ),
      (#"{"weight_map": ["a"]}"#, #"x.index.json: "weight_map" should be an object of file names, found ["a"]"#),
      (#"{}"#, #"x.index.json: "weight_map" should be an object of file names, found nothing"#),
      (#"[]"#, "x.index.json is not a JSON object"),
      (
        #"{"weight_map": {"a": "s.safetensors", "a": "s.safetensors"}}"#,
        #"x.index.json is not valid JSON: line 1, column 39: the name "a" twice"#
      ),
    ])
  func badIndex(text: String, message: String) throws {
    _ = try writeShard(["a", "b"], to: "s.safetensors")
    let url = try folder.write(text, to: "x.index.json")
    #expect(folder.message { try WeightMap(contentsOf: url) } == message)
  }

  @Test("refuse two files with the same tensor")
  func twice() throws {
    _ = try writeShard(["a"], to: "s.safetensors")
    _ = try writeShard(["a", "b"], to: "t.safetensors")
    let url = try folder.write(#"{"weight_map": {"a": "s.safetensors", "b": "t.safetensors"}}"#, to: "x.index.json")
    #expect(
      folder.message { try WeightMap(contentsOf: url) }
        == "x.index.json does not place the tensor \"a\" in t.safetensors")
  }
}
