internal import ArgumentParser
internal import Foundation
internal import MoonCommand
internal import MoonHost
internal import MoonImage
internal import MoonPipelines
internal import MoonPlugins
internal import MoonTensor

/// From prompts to pictures.
struct GenerateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Makes pictures from prompts.",
    discussion: """
      Example: moonstep --model examples/moonlet --prompt "red apple on a blue background" --steps 25 --seed 7 \
      --callback sd_cfg_cutoff:cutoff_step_ratio=0.4

      Ctrl-C ends the run with the picture so far, a second one ends it at once. Exit codes: 0 done, 1 the run failed, \
      3 a plugin failed, 64 bad usage, 65 bad model or image file, 130 second Ctrl-C.
      """)

  @OptionGroup(title: "Picture") var picture: PictureOptions
  @OptionGroup(title: "Sampling") var sampling: SamplingOptions
  @OptionGroup(title: "From a picture") var input: InputPictureOptions
  @OptionGroup(title: "Networks beside the model") var networks: NetworkOptions
  @OptionGroup(title: "SDXL") var sdxl: SDXLOptions
  @OptionGroup(title: "Plugins") var plugins: PluginOptions
  @OptionGroup(title: "Memory") var memory: MemoryOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  func run() async throws {
    let names = try OutputNames(output.output)
    let files = names.pictures(count: picture.batchSize)
    for file in files { try OutputCheck.check(file, option: "--output") }
    if let path = output.saveLatents { try OutputCheck.check(path, option: "--save-latents") }
    if let path = output.recordTrace { try OutputCheck.check(path, option: "--record-trace") }
    let request = try makeRequest()
    let status = StatusOutput(isQuiet: output.quiet)
    let stop = StopFlag()
    let signals = InterruptSignals(raising: stop, status: status)
    let listeners = signals.listen()
    defer { withExtendedLifetime(listeners) { status.finish() } }
    let run = GenerationRun(
      plugins: plugins.plugins, policy: plugins.policy, limits: plugins.limits, imageFolder: names.pluginFolder,
      log: { status.note($0) }, warn: { status.warning($0) })
    var session = Session(
      run: run, request: request, files: files, status: status, style: output.previewStyle, stop: stop, signals: signals
    )
    if plugins.watch {
      try await watch(&session)
    } else {
      try await make(&session)
    }
  }

  /// What stays from one run to the next while plugins are watched.
  private struct Session {
    let run: GenerationRun
    let request: GenerationRequest
    let files: [String]
    let status: StatusOutput
    /// How the pictures so far are shown.
    let style: PreviewStyle?
    let stop: StopFlag
    let signals: InterruptSignals
    /// The model and the seconds of its loading, once it is loaded.
    var model: (pipeline: StableDiffusionPipeline, loadSeconds: Double)?
  }

  /// Makes the pictures once.
  private func make(_ session: inout Session) async throws {
    let (status, request) = (session.status, session.request)
    let summaries = try await session.run.loadPlugins(seed: request.seeds[0])
    let (pipeline, loadSeconds) = try session.model ?? loadModel(status)
    session.model = (pipeline, loadSeconds)
    status.phase("encoding the prompt")
    let preview = session.style.map { Preview(style: $0, status: status) }
    let result = try await session.run.generate(
      with: pipeline, request, threads: sampling.threads, stop: session.stop,
      afterStep: { preview?.show($0) },
      progress: { status.stepEnded($0.step, of: $0.count, seconds: $0.seconds) })
    preview?.finish(result.images)
    status.finish()
    let report = RunReport(result.report, files: session.files, loadSeconds: loadSeconds, plugins: summaries)
    for warning in report.warnings { status.warning(warning) }
    try session.signals.whileWriting { try write(result, report, request) }
    try tell(report)
  }

  /// Makes the pictures, and again after each change of a plugin, until Ctrl-C. A plugin that fails is told of, and its
  /// next change is waited for.
  private func watch(_ session: inout Session) async throws {
    let watch = PluginWatch(plugins.plugins)
    while true {
      let snapshot = watch.snapshot()
      session.signals.setIdle(false)
      do {
        try await make(&session)
      } catch let error where error.isOfPlugin {
        session.status.finish()
        try StandardStream.error.write(CommandFailure(error).text)
      }
      if session.stop.isRaised { return }
      session.signals.setIdle(true)
      session.status.note("watching \(snapshot.count) \(snapshot.count == 1 ? "file" : "files"); Ctrl-C ends")
      guard await watch.change(since: snapshot, stop: session.stop) else { return }
    }
  }

  private func loadModel(
    _ status: StatusOutput
  ) throws -> (pipeline: StableDiffusionPipeline, loadSeconds: Double) {
    status.phase("loading \(picture.model)")
    let start = ContinuousClock.now
    var options = networks.modelOptions(variant: picture.variant)
    memory.fill(&options)
    let pipeline = try StableDiffusionPipeline(contentsOf: URL(filePath: picture.model), options: options)
    return (pipeline, (ContinuousClock.now - start) / .seconds(1))
  }

  private func makeRequest() throws -> GenerationRequest {
    let seeds = (picture.seed ?? .random()).seeds
    var request = GenerationRequest(prompt: "", seed: seeds[0])
    request.prompts = picture.prompt
    request.negativePrompts = picture.negativePrompt
    request.imagesPerPrompt = picture.numImages
    request.inferenceSteps = sampling.steps
    request.guidanceScale = sampling.guidanceScale
    request.guidanceRescale = sampling.guidanceRescale
    request.eta = sampling.eta
    request.clipSkip = sampling.clipSkip
    request.height = picture.height
    request.width = picture.width
    request.seeds = seeds
    request.latents = try picture.latents.map { try LatentsFile.read(URL(filePath: $0)) }
    request.scheduler = sampling.scheduler
    request.timesteps = sampling.timesteps?.numbers.compactMap { Int(exactly: $0) } ?? []
    request.sigmas = sampling.sigmas?.numbers ?? []
    request.randomDevice = sampling.rng.device
    try input.fill(&request)
    try networks.fill(&request)
    sdxl.fill(&request)
    request.schedulerOptions = sampling.settings.map { ($0.key, $0.value) }
    request.recordsTrace = output.recordTrace != nil
    return request
  }

  /// Writes the pictures and, if asked for, the latents; each file appears whole or not at all.
  private func write(_ result: GenerationResult, _ report: RunReport, _ request: GenerationRequest) throws {
    let model = URL(filePath: picture.model).standardizedFileURL.lastPathComponent
    do {
      for (index, image) in result.images.enumerated() {
        let parameters = ParametersText(request, report: report, picture: index, model: model)
        try PNG.write(
          image, to: URL(filePath: report.files[index]),
          text: [("parameters", parameters.text), ("moonstep", report.json.text)])
      }
      if let path = output.saveLatents {
        try LatentsFile.write(latents: result.latents, image: result.decoded, to: URL(filePath: path))
      }
      if let path = output.recordTrace { try result.trace?.write(to: URL(filePath: path)) }
    } catch {
      throw CommandFailure.writing(error)
    }
  }

  private func tell(_ report: RunReport) throws {
    if output.json {
      try StandardStream.output.write(report.json.text + "\n")
    } else if !output.quiet {
      try StandardStream.output.write(report.summary)
    }
  }
}

extension Error {
  /// Whether the error is a plugin's, or of a run that a plugin may have spoilt; its author can mend it.
  fileprivate var isOfPlugin: Bool {
    if self is PluginFailure || self is PluginError { return true }
    if case .diverged? = self as? PipelineError { return true }
    return false
  }
}
