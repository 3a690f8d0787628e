package import ArgumentParser
internal import MoonSchedulers

/// Options that say how the picture is made.
package struct SamplingOptions: ParsableArguments {
  @Option(
    name: [.customLong("num-inference-steps"), .customLong("steps")], parsing: .unconditional,
    help: ArgumentHelp("Denoising steps; some schedulers run more of them.", valueName: "n"))
  package var steps = 50

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Weight of the prompt; guidance is on above 1.", valueName: "x"))
  package var guidanceScale = 7.5

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Share of the rescaled guidance, 0 to 1.", valueName: "x"))
  package var guidanceRescale = 0.0

  @Option(
    help: ArgumentHelp(
      "The scheduler: \(SamplingOptions.schedulerNames), or its class name in diffusers; by default the model's own.",
      valueName: "name"))
  package var scheduler: String?

  @Option(
    name: .customLong("scheduler-option"),
    help: ArgumentHelp(
      "Changes a field of the scheduler's configuration, for example timestep_spacing=trailing.",
      valueName: "key=value"), transform: SchedulerSetting.reading)
  package var schedulerOptions: [SchedulerSetting] = []

  @Flag(help: "Noise levels as of Karras: the same as --scheduler-option use_karras_sigmas=true.")
  package var karras = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Noise that DDIM adds, 0 (none) to 1 (as DDPM).", valueName: "x"))
  package var eta = 0.0

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Training times of the steps, falling, instead of a number of steps; for schedulers that take a list.",
      valueName: "n,n..."), transform: NumberList.reading)
  package var timesteps: NumberList?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Noise levels of the steps and the one at the end, falling, instead of a number of steps.", valueName: "x,x..."),
    transform: NumberList.reading)
  package var sigmas: NumberList?

  @Option(help: ArgumentHelp("Whose random numbers the seed stands for: cpu or cuda.", valueName: "cpu|cuda"))
  package var rng = RandomDevice.cpu

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Layers of the text encoder to leave out at its end.", valueName: "n"))
  package var clipSkip = 0

  @Option(parsing: .unconditional, help: ArgumentHelp("Threads to use; by default one a processor.", valueName: "n"))
  package var threads: Int?

  /// Options with their defaults, to be parsed.
  package init() {}

  /// The fields of the scheduler's configuration to change, `--karras` included.
  package var settings: [SchedulerSetting] {
    (karras ? [SchedulerSetting(key: Self.karrasKey, value: "true")] : []) + schedulerOptions
  }

  /// The field that `--karras` sets.
  static let karrasKey = "use_karras_sigmas"

  private static var schedulerNames: String {
    SchedulerKind.allCases.map(\.rawValue).filter { !$0.hasSuffix("Scheduler") }.joined(separator: ", ")
  }

  /// Checks what can be checked without the model.
  ///
  /// - Throws: `ValidationError` that names the option.
  package func validate() throws {
    if !(1...1_000_000).contains(steps) { throw ValidationError("--steps: \(steps) is outside 1..1000000") }
    if karras, let setting = schedulerOptions.first(where: { $0.key == Self.karrasKey }), setting.value != "true" {
      throw ValidationError("--karras: --scheduler-option says \(setting.key)=\(setting.value)")
    }
    if timesteps != nil && sigmas != nil { throw ValidationError("--timesteps: give either --timesteps or --sigmas") }
    if let numbers = timesteps?.numbers, numbers.contains(where: { Int(exactly: $0) == nil }) {
      throw ValidationError("--timesteps: whole numbers are wanted")
    }
    let numbers = [
      ("--guidance-scale", guidanceScale), ("--guidance-rescale", guidanceRescale), ("--eta", eta),
    ]
    for (option, value) in numbers where !Float(value).isFinite {
      throw ValidationError("\(option): \(value) is not a finite number that float32 can hold")
    }
    for (option, share) in [("--guidance-rescale", guidanceRescale), ("--eta", eta)] where !(0...1).contains(share) {
      throw ValidationError("\(option): \(share) is outside 0..1")
    }
    if !(0...1000).contains(clipSkip) { throw ValidationError("--clip-skip: \(clipSkip) is outside 0..1000") }
    try Self.check(threads: threads)
    if let scheduler { try check(scheduler) }
  }

  /// Checks a number of threads.
  ///
  /// - Throws: `ValidationError` that names the option.
  package static func check(threads: Int?) throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads: \(threads) is outside 1..1024")
    }
  }

  /// Checks the scheduler's name and the fields to change.
  private func check(_ name: String) throws {
    do {
      var configuration = SchedulerConfiguration(try SchedulerKind(name))
      for setting in settings {
        try configuration.set(setting.key, text: setting.value, source: "--scheduler-option")
      }
    } catch SchedulerError.unknownScheduler(let name, let names, let nearest) {
      let error = SchedulerError.unknownScheduler(name: name, names: names, nearest: nearest)
      throw ValidationError("--scheduler: \(error)")
    } catch {
      throw ValidationError("\(error)")
    }
  }
}
