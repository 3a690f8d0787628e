package import ArgumentParser
internal import Foundation
package import MoonPipelines
internal import MoonTensor

/// Options of the run that `plugin dry-run` rehearses.
package struct DryRunOptions: ParsableArguments {
  @Option(parsing: .unconditional, help: ArgumentHelp("Denoising steps; 25, or those of the trace.", valueName: "n"))
  package var steps: Int?

  @Option(
    help: ArgumentHelp("The scheduler, as of generate; by default PNDM for sd, Euler for sdxl.", valueName: "name"))
  package var scheduler: String?

  @Option(
    name: .customLong("scheduler-option"),
    help: ArgumentHelp("Changes a field of the scheduler's configuration.", valueName: "key=value"))
  package var schedulerOptions: [SchedulerSetting] = []

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Weight of the prompt; 7.5, or that of the trace.", valueName: "x"))
  package var guidanceScale: Double?

  @Option(help: ArgumentHelp("The pipeline; by default the first that the plugin fits.", valueName: "sd|sdxl"))
  package var pipeline: String?

  @Option(
    help: ArgumentHelp(
      "What pictures are made from.", valueName: RunTask.allCases.map(\.rawValue).joined(separator: "|")))
  package var task: String?

  @Option(parsing: .unconditional, help: ArgumentHelp("Pictures of the run.", valueName: "n"))
  package var numImages: Int?

  @Option(parsing: .unconditional, help: ArgumentHelp("ControlNets of the run.", valueName: "n"))
  package var controlnets: Int?

  @Option(parsing: .unconditional, help: ArgumentHelp("IP-Adapters of the run.", valueName: "n"))
  package var ipAdapters: Int?

  @Option(
    help: ArgumentHelp("A run that generate --record-trace has recorded, to replay.", valueName: "file"))
  package var trace: String?

  /// Options with their defaults, to be parsed.
  package init() {}

  /// Checks what can be checked without the plugin.
  ///
  /// - Throws: `ValidationError` that names the option.
  package func validate() throws {
    try PathCheck.requireNames(["--trace": [trace].compactMap(\.self)])
    let counts = [
      ("--steps", steps, 1...1000), ("--num-images", numImages, 1...16), ("--controlnets", controlnets, 0...8),
      ("--ip-adapters", ipAdapters, 0...8),
    ]
    for case (let option, let count?, let range) in counts where !range.contains(count) {
      throw ValidationError("\(option): \(count) is outside \(range.lowerBound)..\(range.upperBound)")
    }
    if let guidanceScale, !Float(guidanceScale).isFinite {
      throw ValidationError("--guidance-scale: \(guidanceScale) is not a finite number that float32 can hold")
    }
    if let pipeline, pipeline != "sd", pipeline != "sdxl" {
      throw ValidationError("--pipeline: '\(pipeline)' is neither sd nor sdxl")
    }
    let tasks = RunTask.allCases.map(\.rawValue)
    if let task, !tasks.contains(task) {
      throw ValidationError("--task: '\(task)' is none of \(tasks.joined(separator: ", "))")
    }
    let fixed: [(String, Bool)] = [
      ("--pipeline", pipeline != nil), ("--task", task != nil), ("--num-images", numImages != nil),
      ("--controlnets", controlnets != nil), ("--ip-adapters", ipAdapters != nil),
    ]
    if trace != nil, let option = fixed.first(where: \.1)?.0 {
      throw ValidationError("\(option): it cannot be given with --trace, which fixes it")
    }
  }

  /// The run.
  ///
  /// - Parameter pipelines: Those that the plugin fits.
  /// - Returns: The rehearsal of the run.
  /// - Throws: One sentence about a trace that cannot be read.
  package func rehearsal(pipelines: [String]) throws -> Rehearsal {
    var rehearsal: Rehearsal
    if let trace {
      rehearsal = Rehearsal(try RunTrace(contentsOf: URL(literalPath: trace)))
    } else {
      var kind = RehearsalKind(
        pipeline ?? pipelines.first ?? "sd", task.flatMap { RunTask(rawValue: $0) } ?? .textToImage)
      kind.controlNets = controlnets ?? 0
      kind.imageAdapters = ipAdapters ?? 0
      rehearsal = try Rehearsal(kind)
      rehearsal.request.guidanceScale = 7.5
      rehearsal.request.imagesPerPrompt = numImages ?? 1
    }
    if let steps {
      rehearsal.request.inferenceSteps = steps
      rehearsal.request.timesteps = []
      rehearsal.request.sigmas = []
    }
    rehearsal.request.guidanceScale = guidanceScale ?? rehearsal.request.guidanceScale
    rehearsal.request.scheduler = scheduler ?? rehearsal.request.scheduler
    rehearsal.request.schedulerOptions += schedulerOptions.map { ($0.key, $0.value) }
    return rehearsal
  }
}
