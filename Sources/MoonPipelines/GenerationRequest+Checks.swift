internal import MoonImage
internal import MoonNets
internal import MoonTensor

extension GenerationRequest {
  /// Rows of the batch.
  var batchSize: Int { prompts.count * imagesPerPrompt }

  /// The negative prompt of each prompt.
  var negativePromptOfEach: [String] {
    negativePrompts.count == prompts.count
      ? negativePrompts : [String](repeating: negativePrompts.first ?? "", count: prompts.count)
  }

  /// Checks every parameter that can be checked without running anything, and gives the size in pixels.
  ///
  /// - Throws: `PipelineError.badRequest`, naming the option.
  func checked(
    factor: Int, unet: UNetConfiguration, textEncoder: CLIPTextConfiguration
  ) throws -> (height: Int, width: Int) {
    func refuse(_ option: String, _ detail: String) -> PipelineError { .badRequest(option: option, detail: detail) }
    if prompts.isEmpty { throw refuse("--prompt", "at least one is needed") }
    if negativePrompts.count > 1 && negativePrompts.count != prompts.count {
      throw refuse(
        "--negative-prompt",
        "\(negativePrompts.count) are given for \(prompts.count) prompts; give one, or one a prompt")
    }
    if imagesPerPrompt < 1 || imagesPerPrompt > 1024 {
      throw refuse("--num-images", "\(imagesPerPrompt) is outside 1..1024")
    }
    if inferenceSteps < 1 { throw refuse("--steps", "\(inferenceSteps) is less than 1") }
    for (option, value) in [
      ("--guidance-scale", guidanceScale), ("--guidance-rescale", guidanceRescale), ("--eta", eta),
    ]
    where !Float(value).isFinite {
      throw refuse(option, "\(value) is not a finite number that float32 can hold")
    }
    for (option, share) in [("--guidance-rescale", guidanceRescale), ("--eta", eta)] where share < 0 || share > 1 {
      throw refuse(option, "\(share) is outside 0..1")
    }
    if clipSkip < 0 || clipSkip > textEncoder.layers {
      throw refuse("--clip-skip", "\(clipSkip) is outside 0..\(textEncoder.layers)")
    }
    if seeds.count != 1 && seeds.count != batchSize {
      throw refuse("--seed", "\(seeds.count) seeds are given for \(batchSize) images; give one, or one an image")
    }
    let size = (
      height: height ?? unet.sampleHeight &* factor,
      width: width ?? unet.sampleWidth &* factor
    )
    for (option, value) in [("--height", size.height), ("--width", size.width)]
    where value < factor || value % factor != 0 || value > 16384 {
      throw refuse(option, "\(value) is not a multiple of \(factor) in \(factor)..16384")
    }
    if size.height * size.width > RGBImage.maximumPixelCount {
      throw refuse("--height", "\(size.height)x\(size.width) are more than \(RGBImage.maximumPixelCount) pixels")
    }
    return size
  }

  /// The given latents, checked.
  func initialLatents(shape: [Int]) throws -> Tensor? {
    guard let latents else { return nil }
    if latents.shape != shape { throw PipelineError.badShape(name: "--latents", found: latents.shape, wanted: [shape]) }
    if let index = try latents.firstNonFinite() { throw PipelineError.notFinite(name: "--latents", index: index) }
    return try latents.contiguous()
  }
}
