internal import MoonImage
internal import MoonNets
internal import MoonSchedulers
internal import MoonTensor

/// Makes the first latents of a run and what inpainting needs beside them, with the draws of the reference in its order.
struct RunPreparation {
  let request: GenerationRequest
  let inputs: PictureInputs
  let autoencoder: Autoencoder
  /// Whether the network takes mask and masked picture beside the latents.
  let isInpaintingModel: Bool
  let scheduler: any Scheduler
  /// The scheduler's steps that the run takes.
  let window: Range<Int>
  /// Share of the picture that is made anew.
  let strength: Double

  /// `[batch, channels, height, width]`.
  private var latentsShape: [Int] {
    let configuration = autoencoder.configuration
    let factor = configuration.factor
    return [request.batchSize, configuration.latentChannels, inputs.size.height / factor, inputs.size.width / factor]
  }

  /// Makes everything, drawing from `noise`.
  ///
  /// - Throws: `PipelineError`, `TensorError`.
  func callAsFunction(_ noise: inout NoiseSource) throws -> RunStart {
    var start: RunStart
    if request.masks.isEmpty {
      start = try inputs.images.isEmpty ? fromNoise(&noise) : fromImage(&noise)
    } else {
      start = try inpainting(&noise)
    }
    start.hasImage = !inputs.images.isEmpty
    return start
  }

  /// Text-to-image, or going on with given latents of another model.
  private func fromNoise(_ noise: inout NoiseSource) throws -> RunStart {
    let given = try request.initialLatents(shape: latentsShape)
    if request.denoisingStart != nil, let given {
      var start = RunStart(size: inputs.size, latents: given, noise: try .zeros(latentsShape))
      start.isPureNoise = false
      return start
    }
    let drawn = try given ?? noise.normal(shape: latentsShape)
    return RunStart(size: inputs.size, latents: try drawn * scheduler.initialNoiseScale, noise: drawn)
  }

  /// Image-to-image: the picture's latents with noise up to the first step.
  private func fromImage(_ noise: inout NoiseSource) throws -> RunStart {
    let encoded = try imageLatents(inputs.images, &noise)
    let given = try request.initialLatents(shape: latentsShape)
    let isFresh = request.denoisingStart == nil
    let drawn = try given ?? (isFresh ? noise.normal(shape: latentsShape) : .zeros(latentsShape))
    var start = RunStart(
      size: inputs.size,
      latents: isFresh ? try scheduler.addedNoise(to: encoded, noise: drawn, at: window.lowerBound) : encoded,
      noise: drawn)
    start.imageLatents = encoded
    start.isPureNoise = false
    return start
  }

  /// Inpainting: with a model trained for it, mask and masked picture; with another, the picture's latents to blend
  /// with. The reference draws for the masked picture in both cases.
  private func inpainting(_ noise: inout NoiseSource) throws -> RunStart {
    let isNoiseAlone = strength == 1 && request.denoisingStart == nil
    var encoded: Tensor?
    if !isInpaintingModel || !isNoiseAlone { encoded = try imageLatents(inputs.images, &noise) }
    let given = try request.initialLatents(shape: latentsShape)
    let drawn = try given ?? noise.normal(shape: latentsShape)
    let latents: Tensor
    if request.denoisingStart != nil, let encoded {
      latents = encoded
    } else if isNoiseAlone || given != nil {
      latents = try drawn * scheduler.initialNoiseScale
    } else if let encoded {
      latents = try scheduler.addedNoise(to: encoded, noise: drawn, at: window.lowerBound)
    } else {
      latents = drawn
    }
    var start = RunStart(size: inputs.size, latents: latents, noise: drawn)
    start.imageLatents = encoded
    start.isPureNoise = isNoiseAlone
    let masks = try inputs.masks.map { mask in
      try mask.resized(height: latentsShape[2], width: latentsShape[3], mode: .nearest)
    }
    start.mask = try perImage(masks, "--mask")
    if isInpaintingModel {
      start.maskedImageLatents = try imageLatents(maskedImages(), &noise)
    } else {
      // The numbers are drawn and not used, so that the noise of the steps is the reference's.
      let rows = max(inputs.images.count, inputs.masks.count)
      _ = try noise.normal(firstRows: rows, of: Array(latentsShape.dropFirst()))
    }
    return start
  }

  /// The pictures without what the masks select.
  private func maskedImages() throws -> [Tensor] {
    let (images, masks) = (inputs.images, inputs.masks)
    let count = max(images.count, masks.count)
    guard count % images.count == 0, count % masks.count == 0 else {
      throw PipelineError.badRequest(
        option: "--mask",
        detail: "\(masks.count) masks are given for \(images.count) pictures; give one, or one a picture")
    }
    return try (0..<count).map { try images[$0 % images.count] * (1 - masks[$0 % masks.count]) }
  }

  /// A sample of the pictures' latents, scaled, for every image; each picture is encoded once.
  ///
  /// One seed draws a sample a picture. Of several seeds each draws its own when starting from a picture; when mending,
  /// only the first ones do, one a picture: as in the reference.
  private func imageLatents(_ images: [Tensor], _ noise: inout NoiseSource) throws -> Tensor {
    var moments = try images.map { try autoencoder.encode($0) }
    if noise.generators.count > 1 && request.masks.isEmpty {
      moments = try (0..<request.batchSize).map { try row($0, of: moments, "--image") }
    }
    let rows = try Tensor.concatenated(moments, along: 0)
    let distribution = try AutoencoderDistribution(moments: rows)
    let drawn = try noise.normal(firstRows: moments.count, of: Array(distribution.mean.shape.dropFirst()))
    let sample = try distribution.sample(noise: drawn)
    // The reference's inpainting looks at the scaling factor alone.
    let configuration = autoencoder.configuration
    let latents =
      try request.masks.isEmpty ? configuration.scaled(sample) : sample * configuration.scalingFactor
    return try perImage((0..<latents.shape[0]).map { try latents.narrow(0, start: $0, length: 1) }, "--image")
  }

  /// One row an image of the batch: the rows given, over and over.
  private func perImage(_ rows: [Tensor], _ option: String) throws -> Tensor {
    try Tensor.concatenated((0..<request.batchSize).map { try row($0, of: rows, option) }, along: 0)
  }

  /// The row of an image of the batch.
  private func row(_ index: Int, of rows: [Tensor], _ option: String) throws -> Tensor {
    let count = request.batchSize
    guard !rows.isEmpty, count % rows.count == 0 else {
      throw PipelineError.badRequest(
        option: option, detail: "\(rows.count) pictures are given for \(count) images; give one, or one an image")
    }
    return rows[index % rows.count]
  }
}
