internal import ArgumentParser

/// A parameter of a run that has one value, by the name that diffusers gives it.
///
/// Its text is read as the option of the same meaning reads it.
package struct RunParameter: Sendable {
  /// Its name.
  package let name: String
  /// Other names that it goes by.
  package let otherNames: [String]
  /// What its values are, for messages: `a number`.
  package let kind: String
  private let assign: @Sendable (String, inout RunOptions) -> Bool

  /// Sets the parameter.
  ///
  /// - Parameters:
  ///   - text: The value.
  ///   - options: What to change.
  /// - Returns: Whether the text is a value of the right kind.
  package func set(_ text: String, in options: inout RunOptions) -> Bool { assign(text, &options) }

  /// The parameter of that name.
  package static func named(_ name: String) -> RunParameter? {
    all.first { $0.name == name || $0.otherNames.contains(name) }
  }

  /// All names, those that a parameter also goes by included.
  package static var names: [String] { all.flatMap { [$0.name] + $0.otherNames } }

  /// All parameters.
  package static let all = picture + sampling + networks + sdxl

  private static let picture: [RunParameter] = [
    list("prompt", \.picture.prompt),
    list("negative_prompt", \.picture.negativePrompt),
    RunParameter("seed", "a whole number of 64 bits") { text, options in
      guard let seed = SeedList(argument: text), seed.seeds.count == 1 else { return false }
      options.picture.seed = seed
      return true
    },
    optional("width", \.picture.width),
    optional("height", \.picture.height),
    optional("strength", \.input.strength),
    plain("mask_blur", \.input.maskBlur),
    optional("mask_crop", \.input.maskCrop, also: ["padding_mask_crop"]),
  ]

  private static let sampling: [RunParameter] = [
    plain("num_inference_steps", \.sampling.steps, also: ["steps"]),
    plain("guidance_scale", \.sampling.guidanceScale),
    plain("guidance_rescale", \.sampling.guidanceRescale),
    plain("eta", \.sampling.eta),
    optional("scheduler", \.sampling.scheduler),
    plain("karras", \.sampling.karras, also: ["use_karras_sigmas"]),
    plain("clip_skip", \.sampling.clipSkip),
    plain("rng", \.sampling.rng),
  ]

  private static let networks: [RunParameter] = [
    list("controlnet_scale", \.networks.controlnetScale, also: ["controlnet_conditioning_scale"]),
    list("control_start", \.networks.controlStart, also: ["control_guidance_start"]),
    list("control_end", \.networks.controlEnd, also: ["control_guidance_end"]),
    plain("guess_mode", \.networks.guessMode),
    list("ip_scale", \.networks.ipScale, also: ["ip_adapter_scale"]),
  ]

  private static let sdxl: [RunParameter] = [
    list("prompt_2", \.sdxl.secondPrompt),
    list("negative_prompt_2", \.sdxl.secondNegativePrompt),
    plain("aesthetic_score", \.sdxl.aestheticScore),
    plain("negative_aesthetic_score", \.sdxl.negativeAestheticScore),
    optional("denoising_start", \.sdxl.denoisingStart),
    optional("denoising_end", \.sdxl.denoisingEnd),
  ]

  private typealias Path<Value> = any WritableKeyPath<RunOptions, Value> & Sendable

  private init(
    _ name: String, _ kind: String, also otherNames: [String] = [],
    assign: @escaping @Sendable (String, inout RunOptions) -> Bool
  ) {
    self.name = name
    self.otherNames = otherNames
    self.kind = kind
    self.assign = assign
  }

  /// One that always has a value.
  private static func plain<Value: ParameterValue>(
    _ name: String, _ path: Path<Value>, also otherNames: [String] = []
  ) -> RunParameter {
    RunParameter(name, Value.kind, also: otherNames) { text, options in
      guard let value = Value(argument: text) else { return false }
      options[keyPath: path] = value
      return true
    }
  }

  /// One that has no value where none is given.
  private static func optional<Value: ParameterValue>(
    _ name: String, _ path: Path<Value?>, also otherNames: [String] = []
  ) -> RunParameter {
    RunParameter(name, Value.kind, also: otherNames) { text, options in
      guard let value = Value(argument: text) else { return false }
      options[keyPath: path] = value
      return true
    }
  }

  /// One that is a list on the command line, of which a run of a sheet has one member.
  private static func list<Value: ParameterValue>(
    _ name: String, _ path: Path<[Value]>, also otherNames: [String] = []
  ) -> RunParameter {
    RunParameter(name, Value.kind, also: otherNames) { text, options in
      guard let value = Value(argument: text) else { return false }
      options[keyPath: path] = [value]
      return true
    }
  }
}

/// What a text of one value is read as.
private protocol ParameterValue: ExpressibleByArgument, Sendable {
  /// Its kind with an article.
  static var kind: String { get }
}

extension Int: ParameterValue { fileprivate static var kind: String { "a whole number" } }
extension Double: ParameterValue { fileprivate static var kind: String { "a number" } }
extension Bool: ParameterValue { fileprivate static var kind: String { "true or false" } }
extension String: ParameterValue { fileprivate static var kind: String { "a text" } }
extension RandomDevice: ParameterValue { fileprivate static var kind: String { "cpu or cuda" } }
