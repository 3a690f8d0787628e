package import MoonWeights

/// What a safetensors file is, told by the names in it.
package enum SafetensorsKind: Equatable, Sendable {
  /// A whole model in the layout in which it was trained.
  case checkpoint(CheckpointKind)
  /// A whole model of another architecture; its name.
  case otherModel(String)
  /// An autoencoder alone, in either layout.
  case vae
  /// A low-rank adapter, or another one that is given in the same way.
  case lora
  /// An IP-Adapter.
  case ipAdapter
  /// Embeddings for new tokens.
  case textualInversion
  /// A ControlNet, in either layout.
  case controlNet
  /// One part of a model in the layout of diffusers: the folder that it belongs in.
  case part(String)
  /// Latents that a run has saved.
  case latents
  /// A recorded run.
  case trace
  /// Anything else.
  case unknown

  /// Tells what `file` is.
  package init(_ file: SafetensorsFile) {
    let names = Set(file.keys)
    func begins(_ prefixes: String...) -> Bool { prefixes.contains { file.keys.contains(where: $0.isPrefix) } }
    if begins("step.0.") {
      self = .trace
    } else if file.keys.contains(where: LoRAKey.isLoRA) {
      self = .lora
    } else if begins("ip_adapter.", "image_proj.") {
      self = .ipAdapter
    } else if begins("control_model.", "controlnet_cond_embedding.", "input_hint_block.") {
      self = .controlNet
    } else if let kind = CheckpointKind(file) {
      self = .checkpoint(kind)
    } else if let model = Self.otherModels.first(where: { file.keys.contains(where: $0.key.isContained) }) {
      self = .otherModel(model.value)
    } else if begins("first_stage_model.", "vae.encoder.")
      || names.isSuperset(of: ["encoder.conv_in.weight", "decoder.conv_in.weight"])
    {
      self = .vae
    } else if begins("down_blocks.0.") {
      self = .part("unet")
    } else if begins("text_model.", "embeddings.token_embedding.") {
      self = .part("text_encoder")
    } else if begins("vision_model.") {
      self = .part("image_encoder")
    } else if file.entry("latents")?.shape.count == 4 {
      self = .latents
    } else if TextualInversion.isOne(file) {
      self = .textualInversion
    } else {
      self = .unknown
    }
  }

  /// Names that only models of other architectures have.
  private static let otherModels: KeyValuePairs = [
    "joint_blocks.": "Stable Diffusion 3", "double_blocks.": "Flux", "transformer_blocks.0.ff_context.": "Flux",
    "model.diffusion_model.": "another architecture or a damaged model",
  ]

  /// What the file is and where it is given, for messages.
  package var description: String {
    switch self {
    case .checkpoint(let kind): "a checkpoint of \(kind), which is given with --model"
    case .otherModel(let name): "a model of \(name), which is not supported"
    case .vae: "an autoencoder, which is given with --vae"
    case .lora: "a LoRA, which is given with --lora"
    case .ipAdapter: "an IP-Adapter, which is given with --ip-adapter"
    case .textualInversion: "a textual inversion, which is given with --textual-inversion"
    case .controlNet: "a ControlNet, which is given with --controlnet"
    case .part(let folder): "one part of a model, which belongs in a folder \(folder)/ of the model's folder"
    case .latents: "latents of a run, which are given with --latents"
    case .trace: "a recorded run, which is given with --trace"
    case .unknown: "of a kind that is not known here"
    }
  }

  /// Throws when `file` is of another kind than `wanted`, the word for what was asked for.
  static func require(
    _ file: SafetensorsFile, wanted: String, where matches: (SafetensorsKind) -> Bool
  ) throws(CommunityError) {
    let kind = SafetensorsKind(file)
    if !matches(kind) { throw .wrongKind(file: file.name, found: kind.description, wanted: wanted) }
  }
}

extension String {
  /// Whether `name` begins with this text.
  fileprivate func isPrefix(_ name: String) -> Bool { name.hasPrefix(self) }

  /// Whether this text is in `name`.
  fileprivate func isContained(_ name: String) -> Bool { name.contains(self) }
}
