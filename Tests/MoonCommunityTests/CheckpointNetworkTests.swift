import Foundation
import MoonCommunity
import MoonNets
import MoonTensor
import MoonTestSupport
import MoonWeights
import Testing

@Suite("A model in one file") struct CheckpointNetworkTests {
  /// A tiny model and what its one file is.
  struct Model: Sendable, CustomTestStringConvertible {
    let kind: String
    let folderName: String
    var testDescription: String { kind }
    var folder: URL { Fixture.folder.appending(path: "models/\(folderName)") }

    func configuration(_ part: String) throws -> ConfigFile {
      try ConfigFile(contentsOf: folder.appending(path: part).appending(path: "config.json"))
    }

    func weights(_ part: String) throws -> WeightMap {
      try .open(
        component: folder.appending(path: part),
        baseName: part == "text_encoder" ? "model" : "diffusion_pytorch_model")
    }
  }

  static let models = [Model(kind: "sd1", folderName: "tiny_sd"), Model(kind: "sd2", folderName: "tiny_sd2")]

  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func checkpoint(_ model: Model) throws -> Checkpoint {
    let url = try folder.file("\(model.kind).safetensors")
    try OriginalFile.pack(model.kind, folder: model.folder, to: url)
    return try Checkpoint(contentsOf: url)
  }

  @Test("has the numbers of the folder", arguments: models)
  func numbers(model: Model) throws {
    let checkpoint = try checkpoint(model)
    for part in [Checkpoint.Part.unet, .vae, .textEncoder] {
      let single = try checkpoint.weights(part)
      let wanted = try model.weights(part.rawValue)
      for name in single.keys {
        let found = try single.take(name, shape: try #require(single.shape(of: name)))
        expectExact(found, try OriginalFile.tensor(name, in: wanted), name)
      }
      try wanted.finish(ignoring: ["*.position_ids"])
    }
  }

  @Test("makes the networks of the folder, which give the same results", arguments: models)
  func networks(model: Model) throws {
    let checkpoint = try checkpoint(model)
    let ids: [[Int32]] = [[872, 320, 537, 873, 1]]
    let textConfiguration = try CLIPTextConfiguration(model.configuration("text_encoder"))
    let context = try CLIPTextEncoder(textConfiguration, weights: checkpoint.weights(.textEncoder))(ids)
    expectExact(context, try CLIPTextEncoder(textConfiguration, weights: model.weights("text_encoder"))(ids))
    var noise = Generator(seed: 5)
    let latents = try noise.normal(shape: [1, 8, 8, 4])
    let unetConfiguration = try UNetConfiguration(model.configuration("unet"))
    let found = try UNet(unetConfiguration, weights: checkpoint.weights(.unet))(
      latents, timestep: 400, context: context)
    let wanted = try UNet(unetConfiguration, weights: model.weights("unet"))(latents, timestep: 400, context: context)
    expectExact(found, wanted)
    let configuration = try AutoencoderConfiguration(model.configuration("vae"))
    let autoencoder = try Autoencoder(configuration, weights: checkpoint.weights(.vae))
    let image = try autoencoder.decode(latents.channelsFirst())
    expectExact(
      image, try Autoencoder(configuration, weights: model.weights("vae")).decode(latents.channelsFirst()))
  }

  @Test("tells the sizes that the folder's configurations have", arguments: models)
  func sizes(model: Model) throws {
    let checkpoint = try checkpoint(model)
    // Heads, groups and the factor are the published ones; a tiny model has others.
    let published = [
      "attention_head_dim", "norm_num_groups", "num_attention_heads", "scaling_factor", "sample_size", "hidden_act",
      "bos_token_id", "eos_token_id", "pad_token_id", "projection_dim",
    ]
    var compared = 0
    // The width of SD 2.x's tiny text encoder and its channels are no multiples of a published head's 64.
    let parts: [Checkpoint.Part] = model.kind == "sd1" ? [.unet, .vae] : [.vae]
    for part in parts {
      let found = try checkpoint.configuration(part)
      let wanted = try model.configuration(part.rawValue)
      for key in found.keys where !published.contains(key) && wanted.has(key) {
        #expect(found.value(key) == wanted.value(key), "\(part): \(key)")
        compared += 1
      }
    }
    #expect(compared >= 7 * parts.count)
  }

  @Test("gives its autoencoder alone too, in either layout and from a folder", arguments: models)
  func autoencoderAlone(model: Model) throws {
    let reference = try model.weights("vae")
    let rows = try NameTable.parts(of: model.kind).filter { $0.part == "vae" }.flatMap(\.rows)
    let bare = try folder.file("bare.safetensors")
    try SafetensorsFile.write(
      rows.map { row in
        (
          String(row.original.dropFirst("first_stage_model.".count)),
          try OriginalFile.tensor(row.names[0], in: reference)
        )
      }, to: bare)
    let plain = try folder.file("plain.safetensors")
    try SafetensorsFile.write(
      rows.map { ($0.names[0], try OriginalFile.tensor($0.names[0], in: reference)) }, to: plain)
    let single = try folder.file("\(model.kind).safetensors")
    try OriginalFile.pack(model.kind, folder: model.folder, to: single)
    let configuration = try AutoencoderConfiguration(model.configuration("vae"))
    var noise = Generator(seed: 6)
    let latents = try noise.normal(shape: [1, 4, 3, 3])
    let wanted = try Autoencoder(configuration, weights: model.weights("vae")).decode(latents)
    for url in [bare, plain, single, model.folder, model.folder.appending(path: "vae")] {
      let file = try AutoencoderFile(contentsOf: url)
      expectExact(
        try Autoencoder(configuration, weights: file.weights()).decode(latents), wanted, url.lastPathComponent)
    }
    let own = try AutoencoderFile(contentsOf: model.folder).configuration(for: .sd1)
    #expect(own.value("norm_num_groups") == .integer(4))
    let told = try AutoencoderFile(contentsOf: bare).configuration(for: .sdxl)
    #expect(told.value("scaling_factor") == .number(0.13025))
    #expect(told.value("block_out_channels") == (try model.configuration("vae").value("block_out_channels")))
  }
}
