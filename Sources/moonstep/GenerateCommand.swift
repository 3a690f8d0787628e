internal import ArgumentParser
internal import Foundation
internal import MoonCommand
internal import MoonHost
internal import MoonImage
internal import MoonPipelines
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
  @OptionGroup(title: "Output") var output: OutputOptions

  func run() async throws {
    let names = try OutputNames(output.output)
    let files = names.pictures(count: picture.batchSize)
    for file in files { try OutputCheck.check(file, option: "--output") }
    if let path = output.saveLatents { try OutputCheck.check(path, option: "--save-latents") }
    let request = try makeRequest()
    let status = StatusOutput(isQuiet: output.quiet)
    let stop = StopFlag()
    let signals = InterruptSignals(raising: stop, status: status)
    let listeners = signals.listen()
    defer { withExtendedLifetime(listeners) { status.finish() } }
    let run = GenerationRun(
      plugins: plugins.plugins, policy: plugins.policy, limits: plugins.limits, imageFolder: names.pluginFolder,
      log: { status.note($0) }, warn: { status.warning($0) })
    let summaries = try await run.loadPlugins(seed: request.seeds[0])
    status.phase("loading \(picture.model)")
    let start = ContinuousClock.now
    let pipeline = try StableDiffusionPipeline(
      contentsOf: URL(filePath: picture.model), options: networks.modelOptions(variant: picture.variant))
    let loadSeconds = (ContinuousClock.now - start) / .seconds(1)
    status.phase("encoding the prompt")
    let result = try await run.generate(
      with: pipeline, request, threads: sampling.threads, stop: stop,
      progress: { status.stepEnded($0.step, of: $0.count, seconds: $0.seconds) })
    status.finish()
    let report = RunReport(result.report, files: files, loadSeconds: loadSeconds, plugins: summaries)
    for warning in report.warnings { status.warning(warning) }
    try signals.whileWriting { try write(result, report, request) }
    try tell(report)
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
