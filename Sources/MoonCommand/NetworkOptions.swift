package import ArgumentParser
internal import Foundation
internal import MoonImage
package import MoonPipelines
internal import MoonTensor

/// Options that name what is loaded beside the model, and what these networks are given.
package struct NetworkOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Another autoencoder: a diffusers folder or a safetensors file.", valueName: "path"))
  package var vae: String?

  @Option(
    help: ArgumentHelp(
      "A LoRA of any layout, with its weight after a colon. Repeat it for several.", valueName: "file[:weight]"),
    transform: LoRAArgument.reading)
  package var lora: [LoRAArgument] = []

  @Option(help: ArgumentHelp("A textual inversion. Repeat it for several.", valueName: "file"))
  package var textualInversion: [String] = []

  @Option(
    help: ArgumentHelp(
      "A ControlNet: a diffusers folder or a safetensors file. Repeat it for several.", valueName: "path"))
  package var controlnet: [String] = []

  @Option(help: ArgumentHelp("The picture that each ControlNet follows, in their order.", valueName: "file"))
  package var controlImage: [String] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      """
      Weight of the ControlNets: one for all, or one for each; by default 1, from a picture 0.8, when mending 0.5 or, \
      with SDXL, 1.
      """, valueName: "x"))
  package var controlnetScale: [Double] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp("Share of the steps before the ControlNets: one for all, or for each.", valueName: "x"))
  package var controlStart: [Double] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp("Share of the steps at which the ControlNets end, likewise.", valueName: "x"))
  package var controlEnd: [Double] = []

  @Flag(help: "The ControlNets see the prompt's half alone and lead more loosely.")
  package var guessMode = false

  @Option(help: ArgumentHelp("An IP-Adapter, a safetensors file. Repeat it for several.", valueName: "file"))
  package var ipAdapter: [String] = []

  @Option(
    help: ArgumentHelp(
      "The picture of each IP-Adapter, in their order; with one adapter all are its.", valueName: "file"))
  package var ipImage: [String] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp("Weight of the IP-Adapters: one for all, or one for each; by default 1.", valueName: "x"))
  package var ipScale: [Double] = []

  @Option(
    help: ArgumentHelp(
      "The image encoder of the IP-Adapters; by default image_encoder in the model's folder or beside the adapter.",
      valueName: "dir"))
  package var imageEncoder: String?

  /// Options with their defaults, to be parsed.
  package init() {}

  /// Checks the numbers of files and weights.
  ///
  /// - Throws: `ValidationError` that names the option.
  package func validate() throws {
    try PathCheck.requireNames([
      "--vae": [vae].compactMap(\.self), "--lora": lora.map(\.path), "--textual-inversion": textualInversion,
      "--controlnet": controlnet, "--control-image": controlImage, "--ip-adapter": ipAdapter, "--ip-image": ipImage,
      "--image-encoder": [imageEncoder].compactMap(\.self),
    ])
    if imageEncoder != nil && ipAdapter.isEmpty { throw ValidationError("--image-encoder: it needs an --ip-adapter") }
    if controlImage.count != controlnet.count {
      throw ValidationError(
        "--control-image: \(controlImage.count) are given for \(controlnet.count) ControlNets; give one for each "
          + "--controlnet")
    }
    if ipAdapter.isEmpty != ipImage.isEmpty || ipAdapter.count > 1 && ipImage.count != ipAdapter.count {
      throw ValidationError(
        "--ip-image: \(ipImage.count) are given for \(ipAdapter.count) IP-Adapters; give one for each --ip-adapter")
    }
    for (option, values, count, network) in [
      ("--controlnet-scale", controlnetScale, controlnet.count, "ControlNets"),
      ("--control-start", controlStart, controlnet.count, "ControlNets"),
      ("--control-end", controlEnd, controlnet.count, "ControlNets"),
      ("--ip-scale", ipScale, ipAdapter.count, "IP-Adapters"),
    ] {
      if !values.isEmpty && values.count != 1 && values.count != count || !values.isEmpty && count == 0 {
        throw ValidationError(
          "\(option): \(values.count) are given for \(count) \(network); give one, or one for each")
      }
      for value in values where !Float(value).isFinite {
        throw ValidationError("\(option): \(value) is not a finite number that float32 can hold")
      }
    }
    for (option, values) in [("--control-start", controlStart), ("--control-end", controlEnd)] {
      for value in values where !(0...1).contains(value) {
        throw ValidationError("\(option): \(value) is outside 0..1")
      }
    }
    if guessMode && controlnet.isEmpty { throw ValidationError("--guess-mode: it needs a --controlnet") }
  }

  /// What is loaded beside the model.
  package func modelOptions(variant: String?) -> ModelOptions {
    var options = ModelOptions()
    options.variant = variant
    options.autoencoder = vae.map { URL(literalPath: $0) }
    options.controlNets = controlnet.map { URL(literalPath: $0) }
    options.imageAdapters = ipAdapter.map { URL(literalPath: $0) }
    options.imageEncoder = imageEncoder.map { URL(literalPath: $0) }
    options.adapters = lora.map { ModelOptions.Adapter(URL(literalPath: $0.path), weight: $0.weight) }
    options.embeddings = textualInversion.map { URL(literalPath: $0) }
    return options
  }

  /// Reads the networks' pictures into a request.
  ///
  /// - Throws: `ImageError`, naming the file.
  package func fill(_ request: inout GenerationRequest) throws {
    func value(_ values: [Double], _ index: Int) -> Double? {
      values.count == 1 ? values[0] : values.isEmpty ? nil : values[index]
    }
    request.controls = try controlImage.enumerated().map { index, path in
      ControlInput(
        try RGBImage(contentsOf: URL(literalPath: path)), scale: value(controlnetScale, index),
        guidanceStart: value(controlStart, index) ?? 0, guidanceEnd: value(controlEnd, index) ?? 1)
    }
    request.guessMode = guessMode
    let pictures = try ipImage.map { try RGBImage(contentsOf: URL(literalPath: $0)) }
    request.imagePrompts = ipAdapter.indices.map { index in
      ImagePrompt(ipAdapter.count == 1 ? pictures : [pictures[index]], scale: value(ipScale, index) ?? 1)
    }
  }
}

/// A LoRA and its weight, from text such as `style.safetensors:0.8`.
package struct LoRAArgument: TextForm, Sendable, Equatable {
  package static let form = "a file, or a file, a colon and a finite number"

  /// The file or folder.
  package let path: String
  /// What its change is multiplied by.
  package let weight: Double

  /// Reads `FILE` or `FILE:WEIGHT`; a colon that other text follows than a number belongs to the path.
  package init?(argument: String) {
    if argument.hasSuffix(":") { return nil }
    if let colon = argument.lastIndex(of: ":"), let weight = Double(argument[argument.index(after: colon)...]) {
      if !Float(weight).isFinite { return nil }
      (path, self.weight) = (String(argument[..<colon]), weight)
    } else {
      (path, weight) = (argument, 1)
    }
    if path.isEmpty { return nil }
  }
}
