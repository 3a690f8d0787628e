public import Foundation
internal import MoonSchedulers
internal import MoonTensor
internal import MoonWeights

extension RunTrace {
  /// Makes or replaces a safetensors file with the trace; it appears whole or not at all.
  ///
  /// The metadata hold `format`, `version` and `run`, a JSON object with all that is no tensor. Of each step there are
  /// `step.N.noise.cond`, `step.N.latents.next`, `step.N.x0`, and where they are needed `step.N.noise.uncond`,
  /// `step.N.noise.fresh` and `step.N.latents`, which is left out where the step began with what the one before returned.
  ///
  /// - Parameter url: The file.
  /// - Throws: One sentence that names the file.
  public func write(to url: URL) throws {
    var tensors: [(key: String, tensor: Tensor)] = [("noise", noise)]
    func add(_ key: String, _ tensor: Tensor?) { if let tensor { tensors.append((key, tensor)) } }
    add("image_latents", imageLatents)
    add("latents", state.latents)
    for (name, bundle) in [("cond", state.conditional), ("uncond", unconditional)] {
      add("\(name).prompt_embeds", bundle.text.promptEmbeds)
      add("\(name).pooled_prompt_embeds", bundle.text.pooledEmbeds)
      add("\(name).time_ids", bundle.timeIDs)
      for (index, embeds) in bundle.imageEmbeds.enumerated() { add("\(name).image_embeds.\(index)", embeds) }
    }
    add("mask", state.mask?.conditional)
    add("masked_image_latents", state.maskedImageLatents?.conditional)
    for (index, image) in state.controlImages.enumerated() { add("control_image.\(index)", image.conditional) }
    for (index, step) in steps.enumerated() {
      let before = index == 0 ? state.latents : steps[index - 1].nextLatents
      if !step.latents.isIdentical(to: before) { add(Self.key(index, "latents"), step.latents) }
      add(Self.key(index, "latents.next"), step.nextLatents)
      add(Self.key(index, "noise.cond"), step.conditional)
      add(Self.key(index, "noise.uncond"), step.unconditional)
      add(Self.key(index, "noise.fresh"), step.fresh)
      add(Self.key(index, "x0"), step.original)
    }
    try SafetensorsFile.write(
      tensors, metadata: ["format": Self.format, "version": "\(Self.version)", "run": description.text], to: url)
  }

  /// The name of a tensor of the step at a place in the order of the run.
  static func key(_ index: Int, _ name: String) -> String {
    let digits = String(index)
    return "step.\(String(repeating: "0", count: max(4 - digits.count, 0)))\(digits).\(name)"
  }

  /// All that is no tensor.
  private var description: JSONValue {
    .members([
      "pipeline": .string(pipeline), "task": .string(task.rawValue),
      "model": .members([
        "factor": .integer(factor), "latents": Self.sizes(state.latents.shape),
        "prompt_embeds": Self.sizes(state.conditional.promptEmbeds.shape),
        "imitates_guidance": .bool(state.imitatesGuidance),
      ]),
      "names_on_offer": .object(namesOnOffer),
      "starts_from_image": .bool(startsFromImage), "starts_from_noise": .bool(startsFromNoise),
      "guesses_control": .bool(guessesControl),
      "controlnet_scales": Self.numbers(state.controlScales),
      "ip_adapter_scales": Self.numbers(state.adapterScales),
      "window": .array([.integer(window.lowerBound), .integer(window.upperBound)]),
      "scheduler": schedulerDescription, "request": requestDescription,
      "steps": .array(
        steps.map {
          .members([
            "step": .integer($0.step), "timestep": .number($0.timestep), "sigma": .number($0.sigma),
            "sigma_next": .number($0.nextSigma), "guidance": .number($0.guidance),
          ])
        }),
    ])
  }

  /// The tensors that callbacks saw at the start, with their shapes once an image.
  private var namesOnOffer: JSONObject {
    var object = JSONObject()
    func add(_ name: String, _ tensors: [Tensor?]) {
      let shapes = tensors.compactMap { $0?.shape }
      guard let first = shapes.first else { return }
      _ = object.add(shapes.count == 1 ? Self.sizes(first) : .array(shapes.map { Self.sizes($0) }), for: name)
    }
    let wanted = state.conditional
    add("latents", [state.latents])
    for name in ["prompt_embeds", "negative_prompt_embeds"] { add(name, [wanted.promptEmbeds]) }
    for name in ["add_text_embeds", "negative_pooled_prompt_embeds"] { add(name, [wanted.text.pooledEmbeds]) }
    for name in ["add_time_ids", "add_neg_time_ids"] { add(name, [wanted.timeIDs]) }
    add("mask", [state.mask?.conditional])
    add("masked_image_latents", [state.maskedImageLatents?.conditional])
    add(startsFromImage ? "control_image" : "image", state.controlImages.map(\.conditional))
    add("image_embeds", wanted.imageEmbeds)
    return object
  }

  private var schedulerDescription: JSONValue {
    var object = JSONObject()
    _ = object.add(.string(scheduler.kind.className), for: "_class_name")
    for name in scheduler.fieldNames { _ = object.add((scheduler[name] ?? .null).json, for: name) }
    return .object(object)
  }

  private var requestDescription: JSONValue {
    .members([
      "prompts": Self.texts(request.prompts), "negative_prompts": Self.texts(request.negativePrompts),
      "prompts_2": Self.texts(request.secondPrompts),
      "negative_prompts_2": Self.texts(request.secondNegativePrompts),
      "num_images_per_prompt": .integer(request.imagesPerPrompt),
      "num_inference_steps": .integer(request.inferenceSteps),
      "timesteps": .array(request.timesteps.map { .integer($0) }), "sigmas": Self.numbers(request.sigmas),
      "guidance_scale": .number(request.guidanceScale), "guidance_rescale": .number(request.guidanceRescale),
      "eta": .number(request.eta), "clip_skip": .integer(request.clipSkip),
      "strength": request.strength.map { .number($0) } ?? .null,
      // Seeds have 64 bits, which no number of JSON holds for certain.
      "seeds": Self.texts(request.seeds.map(String.init)),
      "rng": .string(request.randomDevice.rawValue),
    ])
  }

  private static func sizes(_ shape: [Int]) -> JSONValue { .array(shape.map { .integer($0) }) }
  private static func numbers(_ numbers: [Double]) -> JSONValue { .array(numbers.map { .number($0) }) }
  private static func texts(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }
}
