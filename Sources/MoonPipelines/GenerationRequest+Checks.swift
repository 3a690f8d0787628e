internal import MoonImage
internal import MoonNets
internal import MoonTensor

extension GenerationRequest {
  /// Rows of the batch.
  var batchSize: Int { prompts.count * imagesPerPrompt }

  /// Checks every parameter that can be checked without running anything.
  ///
  /// - Throws: `PipelineError.badRequest`, naming the option.
  func check(against parts: ModelParts, controlNets: Int, adapters: Int) throws {
    try checkTexts(isXL: parts.encoder.isXL)
    let layers = parts.encoder.parts.map(\.textEncoder.configuration.layers).min() ?? 0
    // SDXL always leaves out one.
    try checkNumbers(layers: parts.encoder.isXL ? layers - 1 : layers)
    if seeds.count != 1 && seeds.count != batchSize {
      throw refusal("--seed", "\(seeds.count) seeds are given for \(batchSize) images; give one, or one an image")
    }
    try checkPictures(parts, controlNets: controlNets, adapters: adapters)
  }

  private func refusal(_ option: String, _ detail: String) -> PipelineError {
    .badRequest(option: option, detail: detail)
  }

  private func checkTexts(isXL: Bool) throws {
    if prompts.isEmpty { throw refusal("--prompt", "at least one is needed") }
    if imagesPerPrompt < 1 || imagesPerPrompt > 1024 {
      throw refusal("--num-images", "\(imagesPerPrompt) is outside 1..1024")
    }
    for (option, texts) in [
      ("--negative-prompt", negativePrompts), ("--prompt-2", secondPrompts),
      ("--negative-prompt-2", secondNegativePrompts),
    ] where texts.count > 1 && texts.count != prompts.count {
      throw refusal(
        option, "\(texts.count) are given for \(prompts.count) prompts; give one, or one a prompt")
    }
    for (option, texts) in [("--prompt-2", secondPrompts), ("--negative-prompt-2", secondNegativePrompts)]
    where !isXL && !texts.isEmpty {
      throw refusal(option, "the model has no second text encoder")
    }
    if !isXL { try checkNoMicroConditioning() }
  }

  /// Refuses what only models of the SDXL family are told.
  private func checkNoMicroConditioning() throws {
    let (given, none) = (micro, MicroConditioning())
    for (option, isGiven) in [
      ("--original-size", given.originalSize != nil), ("--target-size", given.targetSize != nil),
      ("--crops-coords-top-left", given.cropTopLeft != none.cropTopLeft),
      ("--negative-original-size", given.negativeOriginalSize != nil),
      ("--negative-target-size", given.negativeTargetSize != nil),
      ("--negative-crops-coords-top-left", given.negativeCropTopLeft != nil),
      ("--aesthetic-score", given.aestheticScore != none.aestheticScore),
      ("--negative-aesthetic-score", given.negativeAestheticScore != none.negativeAestheticScore),
    ] where isGiven {
      throw refusal(option, "only models of the SDXL family are told it")
    }
  }

  /// Checks the numbers; the text encoders have `layers` to leave out.
  func checkNumbers(layers: Int) throws {
    if inferenceSteps < 1 { throw refusal("--steps", "\(inferenceSteps) is less than 1") }
    if !timesteps.isEmpty && !sigmas.isEmpty { throw refusal("--timesteps", "give either --timesteps or --sigmas") }
    for (option, value) in [
      ("--guidance-scale", guidanceScale), ("--guidance-rescale", guidanceRescale), ("--eta", eta),
      ("--aesthetic-score", micro.aestheticScore), ("--negative-aesthetic-score", micro.negativeAestheticScore),
    ]
    where !Float(value).isFinite {
      throw refusal(option, "\(value) is not a finite number that float32 can hold")
    }
    let shares: [(String, Double?)] = [
      ("--guidance-rescale", guidanceRescale), ("--eta", eta), ("--strength", strength),
      ("--denoising-start", denoisingStart), ("--denoising-end", denoisingEnd),
    ]
    for case (let option, let share?) in shares where !(0...1).contains(share) {
      throw refusal(option, "\(share) is outside 0..1")
    }
    if let denoisingStart, let denoisingEnd, denoisingStart >= denoisingEnd {
      throw refusal("--denoising-start", "\(denoisingStart) is not below --denoising-end \(denoisingEnd)")
    }
    if clipSkip < 0 || clipSkip > layers { throw refusal("--clip-skip", "\(clipSkip) is outside 0..\(layers)") }
  }

  private func checkPictures(_ parts: ModelParts, controlNets: Int, adapters: Int) throws {
    if !masks.isEmpty && images.isEmpty { throw refusal("--mask", "it needs the picture that it belongs to: --image") }
    if parts.isInpaintingModel && masks.isEmpty {
      throw refusal("--mask", "the model was trained for inpainting; give it --image and --mask")
    }
    if let denoisingStart, denoisingStart > 0, images.isEmpty, latents == nil {
      throw refusal("--denoising-start", "it needs what the run goes on from: --image or --latents")
    }
    if strength != nil && images.isEmpty { throw refusal("--strength", "it needs a picture to start from: --image") }
    for (index, mask) in masks.enumerated() {
      let image = images[index < images.count ? index : 0]
      if maskCropPadding != nil && (mask.width, mask.height) != (image.width, image.height) {
        throw refusal(
          "--mask",
          "it has \(mask.width)x\(mask.height) pixels, the picture \(image.width)x\(image.height); "
            + "--mask-crop needs them alike")
      }
    }
    if maskCropPadding != nil && (masks.count != 1 || images.count != 1) {
      throw refusal("--mask-crop", "it needs one picture and one mask")
    }
    if !(0...1000).contains(maskBlur) { throw refusal("--mask-blur", "\(maskBlur) is outside 0..1000") }
    if controls.count != controlNets {
      throw refusal(
        "--control-image", "\(controls.count) are given for \(controlNets) ControlNets; give one for each --controlnet")
    }
    for control in controls {
      if let scale = control.scale, !Float(scale).isFinite {
        throw refusal("--controlnet-scale", "\(scale) is not a finite number that float32 can hold")
      }
      if !(0 <= control.guidanceStart && control.guidanceStart <= control.guidanceEnd && control.guidanceEnd <= 1) {
        throw refusal(
          "--control-start", "\(control.guidanceStart)..\(control.guidanceEnd) are no shares of the steps in 0..1")
      }
      if control.images.isEmpty { throw refusal("--control-image", "at least one is needed") }
    }
    if imagePrompts.count != adapters {
      throw refusal(
        "--ip-image", "pictures are given for \(imagePrompts.count) of \(adapters) IP-Adapters; give each its own")
    }
    for prompt in imagePrompts {
      if prompt.images.isEmpty { throw refusal("--ip-image", "at least one is needed for each adapter") }
      if !Float(prompt.scale).isFinite {
        throw refusal("--ip-scale", "\(prompt.scale) is not a finite number that float32 can hold")
      }
    }
  }

  /// Checks the size of the pictures.
  ///
  /// - Throws: `PipelineError.badRequest`, naming the option.
  func check(_ size: PictureSize, factor: Int) throws {
    for (option, value) in [("--height", size.height), ("--width", size.width)]
    where value < factor || value % factor != 0 || value > 16384 {
      throw refusal(option, "\(value) is not a multiple of \(factor) in \(factor)..16384")
    }
    if size.height * size.width > RGBImage.maximumPixelCount {
      throw refusal("--height", "\(size.height)x\(size.width) are more than \(RGBImage.maximumPixelCount) pixels")
    }
  }

  /// The given latents, checked.
  func initialLatents(shape: [Int]) throws -> Tensor? {
    guard let latents else { return nil }
    if latents.shape != shape { throw PipelineError.badShape(name: "--latents", found: latents.shape, wanted: [shape]) }
    if let index = try latents.firstNonFinite() { throw PipelineError.notFinite(name: "--latents", index: index) }
    return try latents.contiguous()
  }
}
