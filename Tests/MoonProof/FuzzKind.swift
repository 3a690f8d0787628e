import Foundation
import MoonTestSupport

/// A kind of input that strangers hand to the program, with a way to make some up and one to take them in.
struct FuzzKind: Sendable {
  /// Its name, as the command line gives it.
  let name: String
  /// How many of 100 cases are of this kind when all kinds are tried.
  let share: Int
  /// Makes up the files of a case.
  let make: @Sendable (inout Randomness) throws -> [String: [UInt8]]
  /// Takes the files in. A thrown error is a good end; what is returned broke a promise.
  let run: @Sendable (URL, inout Randomness) async throws -> [String]

  /// All kinds.
  static let all = scripts + loaders

  /// The kind of case `number` when all of `kinds` are tried.
  static func kind(of random: inout Randomness, among kinds: [FuzzKind]) -> FuzzKind? {
    var place = random.number(1...max(1, kinds.reduce(0) { $0 + $1.share }))
    return kinds.first {
      place -= $0.share
      return place <= 0
    }
  }
}

extension FuzzKind {
  /// What loaders of models and pictures read.
  private static let loaders = [
    FuzzKind(
      name: "tensors", share: 12, make: { ["model.safetensors": try TensorFileMaker.file(&$0)] },
      run: { folder, _ in try LoaderCase.tensors(folder.appending(path: "model.safetensors")) }),
    FuzzKind(name: "shards", share: 4, make: shards, run: { folder, _ in try LoaderCase.shards(folder) }),
    FuzzKind(name: "tokenizer", share: 8, make: tokenizer, run: { folder, _ in try LoaderCase.tokenizer(folder) }),
    FuzzKind(
      name: "scheduler", share: 8,
      make: { random in
        let bytes = try Fixture.bytes("models/tiny_sd/scheduler/scheduler_config.json")
        return ["scheduler_config.json": JSONMutation.mutated(bytes, &random)]
      }, run: { folder, random in try LoaderCase.scheduler(folder, &random) }),
    FuzzKind(name: "model", share: 6, make: model, run: { folder, _ in try LoaderCase.model(folder) }),
    FuzzKind(
      name: "png", share: 6,
      make: { random in
        let name = random.pick(try names(in: "png", ending: ".png"))
        return ["picture.png": PictureMutation.png(try Fixture.bytes("png/\(name)"), &random)]
      }, run: { folder, _ in try LoaderCase.picture(folder.appending(path: "picture.png")) }),
    FuzzKind(
      name: "jpeg", share: 6,
      make: { random in
        let name = random.pick(try names(in: "images", ending: ".jpg"))
        return ["picture.jpg": random.damage(try Fixture.bytes("images/\(name)"))]
      }, run: { folder, _ in try LoaderCase.picture(folder.appending(path: "picture.jpg")) }),
  ]

  @Sendable private static func shards(_ random: inout Randomness) throws -> [String: [UInt8]] {
    let index = "diffusion_pytorch_model.safetensors.index.fp16.json"
    var files: [String: [UInt8]] = [:]
    for name in try names(in: "models/tiny_sd2_variant/unet", ending: "") {
      files[name] = try Fixture.bytes("models/tiny_sd2_variant/unet/\(name)")
    }
    if let bytes = files[index], random.chance(80) { files[index] = JSONMutation.mutated(bytes, &random) }
    if random.chance(40) {
      let name = random.pick(files.keys.filter { $0.hasSuffix(".safetensors") }.sorted())
      // Damages to the head, which says where everything is.
      if let bytes = files[name] { files[name] = random.damage(Array(bytes.prefix(4096))) + bytes.dropFirst(4096) }
    }
    return files
  }

  @Sendable private static func tokenizer(_ random: inout Randomness) throws -> [String: [UInt8]] {
    let isCombined = random.chance(50)
    let names =
      (isCombined ? ["tokenizer.json"] : ["vocab.json", "merges.txt", "special_tokens_map.json"]) + [
        "tokenizer_config.json"
      ]
    var files: [String: [UInt8]] = [:]
    for name in names { files[name] = try Fixture.bytes("tokenizer/small/\(name)") }
    for _ in 0..<random.number(1...2) {
      let name = random.pick(names)
      guard let bytes = files[name] else { continue }
      files[name] = name == "merges.txt" ? random.damage(bytes) : JSONMutation.mutated(bytes, &random)
    }
    if random.chance(10) { files["added_tokens.json"] = JSONMutation.mutated(Array("{\"<cat>\": 300}".utf8), &random) }
    return files
  }

  /// One of the configurations of a model; the rest is the fixture's.
  @Sendable private static func model(_ random: inout Randomness) throws -> [String: [UInt8]] {
    let name = random.pick([
      "model_index.json", "scheduler/scheduler_config.json", "text_encoder/config.json", "unet/config.json",
      "vae/config.json", "unet/config.json", "vae/config.json",
    ])
    return [name: JSONMutation.mutated(try Fixture.bytes("models/tiny_sd/\(name)"), &random)]
  }

  /// Names of the fixtures in a folder.
  private static func names(in folder: String, ending: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: Fixture.folder.appending(path: folder).path).sorted()
      .filter { $0.hasSuffix(ending) }
  }
}
