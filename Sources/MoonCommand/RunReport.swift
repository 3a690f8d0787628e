package import MoonHost
package import MoonPipelines
internal import MoonPlugins

/// What a run tells about itself: the object that `--json` prints and that each picture carries.
package struct RunReport: Sendable {
  /// The pictures, in the order of the batch.
  package var files: [String] = []
  /// One seed for all pictures, or one a picture.
  package var seed = SeedList([0])
  /// Size of the pictures in pixels.
  package var width = 0
  package var height = 0
  /// `sd` for Stable Diffusion 1.x and 2.x.
  package var pipeline = ""
  /// Class name of the scheduler in the reference.
  package var scheduler = ""
  /// Steps asked for.
  package var inferenceSteps = 0
  /// Training time of each step of the schedule.
  package var timesteps: [Double] = []
  /// Guidance of each step that ran, in effect.
  package var guidance: [Double] = []
  /// Seconds of each step that ran.
  package var stepSeconds: [Double] = []
  /// Seconds of the loading and of the decoding.
  package var loadSeconds = 0.0
  package var decodeSeconds = 0.0
  /// The most memory that the process had.
  package var peakMemoryBytes = 0
  /// Whether the run ended before its last step.
  package var isInterrupted = false
  /// What the user should know.
  package var warnings: [String] = []
  /// What ran beside the steps, in the order of the calls.
  package var plugins: [JSONText] = []

  /// A report that tells nothing yet.
  package init() {}

  /// The report as one JSON object.
  package var json: JSONText {
    .object([
      .init("files", .strings(files)),
      .init("seed", seed.json),
      .init("width", .integer(Int64(width))),
      .init("height", .integer(Int64(height))),
      .init("pipeline", .string(pipeline)),
      .init("scheduler", .string(scheduler)),
      .init("num_inference_steps", .integer(Int64(inferenceSteps))),
      .init("timesteps", .numbers(timesteps)),
      .init("guidance", .numbers(guidance)),
      .init("step_seconds", .numbers(stepSeconds.map(Self.microseconds))),
      .init("load_seconds", .number(Self.microseconds(loadSeconds))),
      .init("decode_seconds", .number(Self.microseconds(decodeSeconds))),
      .init("peak_memory_bytes", .integer(Int64(peakMemoryBytes))),
      .init("interrupted", .bool(isInterrupted)),
      .init("warnings", .strings(warnings)),
      .init("plugins", .array(plugins)),
    ])
  }

  /// A time in seconds without the digits that no clock tells.
  static func microseconds(_ seconds: Double) -> Double { (seconds * 1e6).rounded() / 1e6 }

  /// What a person is told at the end: one line a picture.
  package var summary: String {
    let seconds = ProgressLine.decimals(stepSeconds.reduce(0, +))
    let count = isInterrupted ? "\(stepSeconds.count) of \(timesteps.count)" : "\(stepSeconds.count)"
    let steps = "\(count) \(timesteps.count == 1 ? "step" : "steps") in \(seconds) s"
    return files.enumerated().map { index, file in
      let seed = self.seed.seeds.count == 1 ? self.seed.seeds[0] : self.seed.seeds[index]
      return "\(file): \(width)x\(height), seed \(seed), \(steps)\n"
    }.joined()
  }
}

extension RunReport {
  /// The report of a run that has ended.
  ///
  /// - Parameters:
  ///   - report: What the pipeline tells.
  ///   - files: The pictures.
  ///   - loadSeconds: Seconds of the loading.
  ///   - plugins: What ran beside the steps.
  package init(_ report: GenerationReport, files: [String], loadSeconds: Double, plugins: [PluginSummary]) {
    self.init()
    self.files = files
    seed = SeedList(report.seeds)
    (width, height) = (report.width, report.height)
    pipeline = report.pipeline
    scheduler = report.scheduler
    inferenceSteps = report.inferenceSteps
    timesteps = report.timesteps
    guidance = report.effectiveGuidance
    stepSeconds = report.stepSeconds
    self.loadSeconds = loadSeconds
    decodeSeconds = report.decodeSeconds
    peakMemoryBytes = PeakMemory.bytes
    isInterrupted = report.isInterrupted
    warnings = report.warnings
    self.plugins = plugins.map(\.json)
  }
}

extension PluginSummary {
  /// The plugin as a member of the report.
  package var json: JSONText {
    .object([
      .init("id", .string(id)),
      .init("version", .string(version)),
      .init("sha256", .string(sha256)),
      .init("options", .object(options.map { .init($0.name, $0.value.json) })),
    ])
  }
}

extension OptionValue {
  /// The value as JSON.
  var json: JSONText {
    switch self {
    case .number(let value): .number(value)
    case .integer(let value): .integer(value)
    case .boolean(let value): .bool(value)
    case .string(let value): .string(value)
    case .numbers(let values): .numbers(values)
    }
  }
}
