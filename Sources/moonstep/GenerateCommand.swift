internal import ArgumentParser
internal import Foundation
internal import MoonCommand
internal import MoonHost
internal import MoonImage
internal import MoonPipelines
internal import MoonPlugins
internal import MoonTensor

/// Whether plugins are watched.
struct WatchOptions: ParsableArguments {
  @Flag(help: "Makes the pictures again whenever a plugin's file changes, until Ctrl-C; the model stays loaded.")
  var watch = false
}

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

  @OptionGroup var options: RunOptions
  @OptionGroup(title: "Plugins") var watching: WatchOptions
  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup(title: "Output") var recording: RecordingOptions
  @OptionGroup(title: "Output") var previews: PreviewOptions

  func validate() throws {
    try options.picture.checkPrompt()
    if watching.watch && options.plugins.plugins.isEmpty {
      throw ValidationError("--watch: it needs a plugin to watch: --callback")
    }
  }

  func run() async throws {
    MemoryPool.shared.prepare()
    let names = try OutputNames(output.output)
    let files = names.pictures(count: options.picture.batchSize)
    for file in files { try OutputCheck.check(file, option: "--output") }
    if let path = recording.saveLatents { try OutputCheck.check(path, option: "--save-latents") }
    if let path = recording.recordTrace { try OutputCheck.check(path, option: "--record-trace") }
    var request = try options.request()
    request.recordsTrace = recording.recordTrace != nil
    let status = StatusOutput(isQuiet: output.quiet)
    let stop = StopFlag()
    let signals = InterruptSignals(raising: stop, status: status)
    let listeners = signals.listen()
    defer { withExtendedLifetime(listeners) { status.finish() } }
    let run = options.run(imageFolder: names.pluginFolder, status: status)
    var session = Session(
      run: run, request: request, files: files, status: status, style: previews.style(isQuiet: output.quiet),
      stop: stop, signals: signals)
    if watching.watch {
      try await makeAgain(&session)
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
    let (pipeline, loadSeconds) = try session.model ?? options.loadModel(status)
    session.model = (pipeline, loadSeconds)
    status.phase("encoding the prompt")
    let preview = session.style.map { Preview(style: $0, status: status) }
    let result = try await session.run.generate(
      with: pipeline, request, threads: options.sampling.threads, stop: session.stop,
      afterStep: { preview?.show($0) },
      progress: {
        status.stepEnded($0.step, of: $0.count, seconds: $0.seconds)
        if $0.step == $0.count - 1 { status.phase("decoding the picture") }
      })
    // Without a step there is nothing but noise, which is not to replace a picture. What a plugin ends is its own choice.
    let isEmpty = session.stop.isRaised && result.report.stepSeconds.isEmpty
    if !isEmpty { preview?.finish(result.images) }
    status.finish()
    let report = RunReport(
      result.report, files: isEmpty ? [] : session.files, loadSeconds: loadSeconds, plugins: summaries)
    for warning in report.warnings { status.warning(warning) }
    if isEmpty {
      status.warning("ended before the first step: nothing is written")
    } else {
      try session.signals.whileWriting { try write(result, report, request) }
    }
    try output.tell(json: report.json, summary: report.summary)
  }

  /// Makes the pictures, and again after each change of a plugin, until Ctrl-C. A plugin that fails, or that is gone, is
  /// told of, and its next change is waited for; so it is with pictures that cannot be written.
  private func makeAgain(_ session: inout Session) async throws {
    let watch = PluginWatch(options.plugins.plugins)
    try watch.check()
    while true {
      let snapshot = watch.snapshot()
      session.signals.setIdle(false)
      do {
        try await make(&session)
      } catch let error where error.isOfPlugin || (error as? CommandFailure)?.status == .failed {
        session.status.finish()
        try StandardStream.error.write(CommandFailure(error).text)
      }
      if session.stop.isRaised { return }
      session.signals.setIdle(true)
      session.status.note("watching \(snapshot.count) \(snapshot.count == 1 ? "file" : "files"); Ctrl-C ends")
      let status = session.status
      let isChanged = await watch.change(
        since: snapshot, stop: session.stop,
        missing: { status.note("'\($0.shown)' is gone; waiting until it is back; Ctrl-C ends") })
      if !isChanged { return }
    }
  }

  /// Writes the pictures and, if asked for, the latents; each file appears whole or not at all.
  private func write(_ result: GenerationResult, _ report: RunReport, _ request: GenerationRequest) throws {
    do {
      for (index, image) in result.images.enumerated() {
        let parameters = ParametersText(request, report: report, picture: index, model: options.modelName)
        try PNG.write(
          image, to: URL(literalPath: report.files[index]),
          text: [("parameters", parameters.text), ("moonstep", report.json.text)])
      }
      if let path = recording.saveLatents {
        try LatentsFile.write(latents: result.latents, image: result.decoded, to: URL(literalPath: path))
      }
      if let path = recording.recordTrace { try result.trace?.write(to: URL(literalPath: path)) }
    } catch {
      throw CommandFailure.writing(error)
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
