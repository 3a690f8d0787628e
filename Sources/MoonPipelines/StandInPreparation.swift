internal import MoonSchedulers
internal import MoonTensor

/// Prepares a rehearsal with a stand-in: small random embeddings, latents and pictures of the right shapes.
struct StandInPreparation {
  /// Latents along a side, pixels a latent, channels.
  private static let (side, factor, channels) = (8, 8, 4)
  /// Tokens of a prompt, as of all CLIP encoders.
  private static let positions = 77

  let kind: RehearsalKind
  let request: GenerationRequest

  /// Prepares the run.
  func callAsFunction(_ shouldStop: @escaping @Sendable () -> Bool) throws -> PreparedRehearsal {
    var configuration = try configuration()
    let scheduler = try request.scheduler(of: &configuration)
    let strength = request.effectiveStrength(isXL: kind.isXL)
    let window = try request.window(in: scheduler, trainSteps: configuration.trainSteps, strength: strength)
    var noise = NoiseSource(seeds: request.seeds, device: request.randomDevice)
    let start = try start(scheduler, window, isNoiseAlone: strength == 1, &noise)
    let unwanted = try bundle(request.negativePrompts.isEmpty ? [""] : request.negativePrompts)
    let model = StandInModel(
      batchSize: request.batchSize, unwanted: unwanted, factor: Self.factor, channels: Self.channels)
    var state = RunState(
      guidanceScale: request.guidanceScale, guidanceRescale: request.guidanceRescale, latents: start.latents,
      conditional: try bundle(request.prompts))
    if state.guides { state.unconditional = unwanted }
    state.mask = start.mask.map { HalvedTensor($0) }
    state.maskedImageLatents = start.maskedImageLatents.map { HalvedTensor($0) }
    let size = Self.side * Self.factor
    state.controlImages = try request.controls.indices.map { index in
      var source = Generator(seed: UInt64(index) + 40)
      return HalvedTensor(try source.uniform(shape: [1, 3, size, size]).repeatedRows(request.batchSize))
    }
    state.controlScales = request.effectiveControlScales(isXL: kind.isXL)
    state.adapterScales = request.imagePrompts.map(\.scale)
    let meaning = PredictionMeaning(configuration)
    let run = DenoisingRun(
      state: state, start: start, request: request, model: model, pipelineName: kind.pipeline, scheduler: scheduler,
      meaning: meaning, window: window, shouldStop: shouldStop)
    return PreparedRehearsal(
      run: run, noise: noise,
      predictor: try StandInPredictor(latents: start.latents.shape, predictionType: meaning.name),
      configuration: configuration, factor: Self.factor)
  }

  /// A half of the request: text embeddings, and what belongs to SDXL and to image prompts.
  private func bundle(_ texts: [String]) throws -> ConditioningBundle {
    let rows = request.batchSize
    let texts = texts.count == 1 ? [String](repeating: texts[0], count: request.prompts.count) : texts
    let parts = try texts.map { text in
      try StandInModel.embeds(
        of: text,
        like: (
          [request.imagesPerPrompt, Self.positions, kind.isXL ? 32 : 16],
          kind.isXL ? [request.imagesPerPrompt, 24] : nil
        )
      )
    }
    let pooled = parts.compactMap(\.pooledEmbeds)
    let size = Float(Self.side * Self.factor)
    return ConditioningBundle(
      text: TextEmbeds(
        promptEmbeds: try Tensor.concatenated(parts.map(\.promptEmbeds), along: 0),
        pooledEmbeds: pooled.isEmpty ? nil : try Tensor.concatenated(pooled, along: 0)),
      timeIDs: kind.isXL ? try Tensor([size, size, 0, 0, size, size], shape: [1, 6]).repeatedRows(rows) : nil,
      imageEmbeds: try request.imagePrompts.indices.map { index in
        var source = Generator(seed: UInt64(index) + 60)
        return try source.normal(shape: [1, 1, 12]).repeatedRows(rows)
      })
  }

  /// What the run starts from.
  private func start(
    _ scheduler: any Scheduler, _ window: Range<Int>, isNoiseAlone: Bool, _ noise: inout NoiseSource
  ) throws -> RunStart {
    let shape = [request.batchSize, Self.channels, Self.side, Self.side]
    let drawn = try noise.normal(shape: shape)
    let size = PictureSize(height: Self.side * Self.factor, width: Self.side * Self.factor)
    var start = RunStart(size: size, latents: try drawn * scheduler.initialNoiseScale, noise: drawn)
    if kind.task == .textToImage { return start }
    var source = Generator(seed: 80)
    let picture = try source.normal(shape: [1] + shape.dropFirst()).repeatedRows(shape[0])
    start.hasImage = true
    start.imageLatents = picture
    start.isPureNoise = kind.task == .inpainting && isNoiseAlone
    if !start.isPureNoise {
      start.latents = try scheduler.addedNoise(to: picture, noise: drawn, at: window.lowerBound)
    }
    if kind.task == .inpainting {
      let half = [shape[0], 1, Self.side, Self.side / 2]
      let mask = try Tensor.concatenated([.ones(half), .zeros(half)], along: 3)
      start.mask = mask
      if kind.isInpaintingModel { start.maskedImageLatents = try picture * (1 - mask) }
    }
    return start
  }

  /// The scheduler that the request names, with what models of the family have in their files; by default theirs.
  private func configuration() throws -> SchedulerConfiguration {
    var fields: [String: ConfigValue] = [
      "_class_name": kind.isXL ? "EulerDiscreteScheduler" : "PNDMScheduler", "beta_start": 0.00085, "beta_end": 0.012,
      "beta_schedule": "scaled_linear", "num_train_timesteps": 1000, "steps_offset": 1, "timestep_spacing": "leading",
      "clip_sample": false, "set_alpha_to_one": false,
    ]
    if !kind.isXL { fields["skip_prk_steps"] = true }
    var configuration = try SchedulerConfiguration(
      fields, kind: request.scheduler.map { try SchedulerKind($0) }, source: "the scheduler of the rehearsal")
    if !kind.isXL { _ = configuration.correctForStableDiffusion() }
    return configuration
  }
}
