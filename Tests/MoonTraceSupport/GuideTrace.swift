internal import Foundation
internal import MoonImage
package import MoonPipelines
internal import MoonSchedulers
internal import MoonTensor
package import MoonTestSupport
package import MoonWeights
internal import Testing

/// One run of `Fixtures/traces/guide.json`, a pipeline beyond plain text-to-image, or of a list of the same form.
package struct GuideTrace: Sendable, CustomTestStringConvertible {
  package let name: String
  private let object: JSONObject
  private var row: ConfigFile { ConfigFile(object, name: "guide.json") }

  package var testDescription: String { name }

  /// All runs of `guide.json`.
  package static let all = runs(in: "guide.json")

  /// All runs of a list in `Fixtures/traces`.
  package static func runs(in list: String) -> [GuideTrace] {
    do {
      guard case .object(let index) = try FixtureJSON.value("traces/\(list)"), case .array(let rows)? = index["traces"]
      else { return [] }
      return try rows.compactMap { row in
        guard case .object(let object) = row else { return nil }
        return GuideTrace(name: try ConfigFile(object, name: list).string("name"), object: object)
      }
    } catch {
      preconditionFailure("traces/\(list) cannot be read: \(error)")
    }
  }

  /// The recorded numbers.
  package func fixture() throws -> Fixture {
    try Fixture("traces/" + row.string("file").dropLast(".safetensors".count))
  }

  package var stepCount: Int { get throws { try row.int("num_timesteps") } }
  /// Guidance set at each step.
  package var guidance: [Double] { get throws { try row.doubleList("guidance") } }
  /// Rows of each call of the network.
  package var rows: [Int] { get throws { try row.intList("rows") } }
  package var sensitivity: Float { get throws { Float(try row.double("sensitivity")) } }

  /// The bundled plugins that must do what the run did, with their options, in the order of their calls.
  package var plugins: [String] { get throws { try row.stringList("plugins") } }

  /// The callback of the run, `nil` for none.
  package var callback: ConfigFile? { get throws { try row.section("callback") } }

  /// The call's arguments.
  private var call: ConfigFile { get throws { try #require(try row.section("call")) } }

  /// The model with all that was loaded beside it, and the scheduler of the run.
  package func pipeline() throws -> StableDiffusionPipeline {
    let models = Fixture.folder.appending(path: "models")
    var options = ModelOptions()
    if row.has("controlnets") {
      options.controlNets = try row.stringList("controlnets").map { models.appending(path: $0) }
    }
    if let adapters = try row.section("adapters") {
      options.imageAdapters = try adapters.stringList("files").map { models.appending(path: "\($0).safetensors") }
      options.imageEncoder = models.appending(path: "tiny_image_encoder")
    }
    let scheduler = try #require(try row.section("scheduler_config"))
    var fields: [String: ConfigValue] = [:]
    for key in scheduler.keys { fields[key] = scheduler.value(key).flatMap { ConfigValue($0) } }
    return try StableDiffusionPipeline(
      contentsOf: models.appending(path: row.string("model")), options: options
    ).withScheduler(fields, source: "guide.json")
  }

  /// The run as it is asked for here.
  package func request(_ fixture: Fixture) throws -> GenerationRequest {
    let call = try call
    func number<Value>(_ key: String, _ read: (String) throws -> Value) throws -> Value? {
      call.has(key) && !call.isNull(key) ? try read(key) : nil
    }
    func texts(_ key: String) throws -> [String] {
      switch call.value(key) {
      case nil, .null: return []
      case .string(let text): return [text]
      default: return try call.stringList(key)
      }
    }
    var request = GenerationRequest(prompt: "", seed: 0)
    request.prompts = try texts("prompt")
    request.negativePrompts = try texts("negative_prompt")
    request.secondPrompts = try texts("prompt_2")
    request.secondNegativePrompts = try texts("negative_prompt_2")
    request.imagesPerPrompt = try number("num_images_per_prompt") { try call.int($0) } ?? 1
    request.guidanceScale = try number("guidance_scale") { try call.double($0) } ?? 7.5
    request.guidanceRescale = try number("guidance_rescale") { try call.double($0) } ?? 0
    request.eta = try number("eta") { try call.double($0) } ?? 0
    request.clipSkip = try number("clip_skip") { try call.int($0) } ?? 0
    request.inferenceSteps = try number("num_inference_steps") { try call.int($0) } ?? 50
    request.timesteps = try number("timesteps") { try call.intList($0) } ?? []
    request.sigmas = try number("sigmas") { try call.doubleList($0) } ?? []
    request.height = try number("height") { try call.int($0) }
    request.width = try number("width") { try call.int($0) }
    request.strength = try number("strength") { try call.double($0) }
    request.denoisingStart = try number("denoising_start") { try call.double($0) }
    request.denoisingEnd = try number("denoising_end") { try call.double($0) }
    request.seeds = try seeds()
    request.micro = try micro(number)
    try addPictures(to: &request)
    if row.has("latents_of") {
      let other = try row.string("latents_of")
      let latents = try fixture["\(other)/latents"]
      request.latents = try latents.select(0, at: latents.shape[0] - 1)
    }
    return request
  }

  private func seeds() throws -> [UInt64] {
    if case .string(let text)? = row.value("seed") { return [try #require(UInt64(text))] }
    return try row.stringList("seed").map { try #require(UInt64($0)) }
  }

  private func micro(
    _ number: (String, (String) throws -> Double) throws -> Double?
  ) throws -> MicroConditioning {
    let call = try call
    func size(_ key: String) throws -> PictureSize? {
      guard call.has(key) else { return nil }
      let sides = try call.intList(key)
      return PictureSize(height: sides[0], width: sides[1])
    }
    var micro = MicroConditioning()
    micro.originalSize = try size("original_size")
    micro.cropTopLeft = try size("crops_coords_top_left") ?? micro.cropTopLeft
    micro.targetSize = try size("target_size")
    micro.negativeOriginalSize = try size("negative_original_size")
    micro.negativeCropTopLeft = try size("negative_crops_coords_top_left")
    micro.negativeTargetSize = try size("negative_target_size")
    micro.aestheticScore = try number("aesthetic_score") { try call.double($0) } ?? 6
    micro.negativeAestheticScore = try number("negative_aesthetic_score") { try call.double($0) } ?? 2.5
    return micro
  }

  private func addPictures(to request: inout GenerationRequest) throws {
    let call = try call
    func pictures(_ key: String) throws -> [RGBImage] {
      var names: [String] = []
      if case .string(let name)? = call.value(key) {
        names = [name]
      } else if call.has(key) {
        names = try call.stringList(key)
      }
      return try names.map { try Self.picture($0) }
    }
    func numbers(_ key: String, _ count: Int, _ fallback: Double) throws -> [Double] {
      switch call.value(key) {
      case nil, .null: return [Double](repeating: fallback, count: count)
      case .array: return try call.doubleList(key)
      default: return [Double](repeating: try call.double(key), count: count)
      }
    }
    let isControlled = row.has("controlnets")
    let control = try pictures(call.has("control_image") ? "control_image" : isControlled ? "image" : "none")
    if isControlled {
      let scales =
        try call.has("controlnet_conditioning_scale")
        ? numbers("controlnet_conditioning_scale", control.count, 1) : []
      let starts = try numbers("control_guidance_start", control.count, 0)
      let ends = try numbers("control_guidance_end", control.count, 1)
      request.controls = control.indices.map {
        ControlInput(
          control[$0], scale: scales.isEmpty ? nil : scales[$0], guidanceStart: starts[$0], guidanceEnd: ends[$0])
      }
      request.guessMode = try call.has("guess_mode") && call.bool("guess_mode")
    }
    if !isControlled || call.has("control_image") { request.images = try pictures("image") }
    request.masks = try pictures("mask_image")
    if row.has("mask_blur") { request.maskBlur = try row.double("mask_blur") }
    if call.has("padding_mask_crop") { request.maskCropPadding = try call.int("padding_mask_crop") }
    if let adapters = try row.section("adapters") {
      let scales = try adapters.doubleList("scales")
      request.imagePrompts = try zip(imagePrompts(), scales).map { ImagePrompt($0, scale: $1) }
    }
  }

  /// The pictures of each adapter: a name, or a list of a name or a list for each.
  private func imagePrompts() throws -> [[RGBImage]] {
    func names(_ value: JSONValue) -> [String] {
      switch value {
      case .string(let name): [name]
      case .array(let items): items.flatMap { names($0) }
      default: []
      }
    }
    guard let value = try call.value("ip_adapter_image") else { return [] }
    let entries: [JSONValue] = if case .array(let items) = value { items } else { [value] }
    return try entries.map { try names($0).map { try Self.picture($0) } }
  }

  private static func picture(_ name: String) throws -> RGBImage {
    try RGBImage(contentsOf: Fixture.folder.appending(path: "pictures").appending(path: name))
  }
}
