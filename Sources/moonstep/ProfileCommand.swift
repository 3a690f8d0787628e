internal import ArgumentParser
internal import Foundation
internal import MoonCommand
internal import MoonPipelines
internal import MoonTensor

/// Where the time of a run goes.
struct ProfileCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile",
    abstract: "Runs a few steps and tells where their time goes, by kind of operation.",
    discussion: """
      Weights are read and prepared in the first step, which is not counted. GFLOP/s count a convolution as a direct \
      one, so those that are transformed may show more than the machine can do.
      """)

  @Option(help: ArgumentHelp("The model: a diffusers folder, or a checkpoint in one file.", valueName: "path"))
  var model: String
  @Option(help: ArgumentHelp("Weights to prefer where the model has several.", valueName: "name")) var variant: String?
  @Option(help: "The prompt.") var prompt = "a photograph of a red apple"
  @Option(parsing: .unconditional, help: ArgumentHelp("Width in pixels; by default the model's.", valueName: "n"))
  var width: Int?
  @Option(parsing: .unconditional, help: ArgumentHelp("Height in pixels; by default the model's.", valueName: "n"))
  var height: Int?
  @Option(parsing: .unconditional, help: ArgumentHelp("Steps that are counted, 1 to 999.", valueName: "n")) var steps =
    2
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Guidance scale; 1 runs the prompt's half alone.", valueName: "x"))
  var guidanceScale = 7.5
  @Option(parsing: .unconditional, help: ArgumentHelp("Threads; all processors by default.", valueName: "n"))
  var threads: Int?
  @OptionGroup(title: "Memory") var memory: MemoryOptions
  @Flag(help: "Prints one JSON object instead of the table.") var json = false

  func validate() throws {
    try PathCheck.requireNames(["--model": [model]])
    if !(1...999).contains(steps) { throw ValidationError("--steps: \(steps) is outside 1..999") }
    try SamplingOptions.check(threads: threads)
    if !Float(guidanceScale).isFinite { throw ValidationError("--guidance-scale is no finite number") }
  }

  func run() throws {
    var options = ModelOptions()
    options.variant = variant
    memory.fill(&options)
    let pipeline = try StableDiffusionPipeline(contentsOf: URL(literalPath: model), options: options)
    var request = GenerationRequest(prompt: prompt, seed: 0)
    (request.width, request.height) = (width, height)
    request.guidanceScale = guidanceScale
    request.scheduler = "ddim"
    request.inferenceSteps = steps + 1
    let profile = RunProfile()
    let clock = ContinuousClock()
    let start = clock.now
    var firstStepEnd = start
    let result = try pipeline.run(
      request, callbacks: [], threads: threads,
      progress: { progress in
        if progress.step > 0 { return }
        firstStepEnd = clock.now
        profile.steps.reset()
      }, profile: profile, observe: { _, _ in })
    let seconds = result.report.stepSeconds
    let table = ProfileTable(
      profile, countedSteps: Array(seconds.dropFirst()),
      prepareSeconds: (firstStepEnd - start) / .seconds(1) - (seconds.first ?? 0),
      decodeSeconds: result.report.decodeSeconds)
    try StandardStream.output.write(json ? table.json.text + "\n" : table.text)
  }
}
