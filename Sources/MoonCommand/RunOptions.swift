package import ArgumentParser
package import Foundation
package import MoonHost
package import MoonPipelines
package import MoonPlugins
internal import MoonTensor

/// Options of a run: all that says what is made, from what and how, but not where the results go.
package struct RunOptions: ParsableArguments {
  @OptionGroup(title: "Picture") package var picture: PictureOptions
  @OptionGroup(title: "Sampling") package var sampling: SamplingOptions
  @OptionGroup(title: "From a picture") package var input: InputPictureOptions
  @OptionGroup(title: "Networks beside the model") package var networks: NetworkOptions
  @OptionGroup(title: "SDXL") package var sdxl: SDXLOptions
  @OptionGroup(title: "Plugins") package var plugins: PluginOptions
  @OptionGroup(title: "Memory") package var memory: MemoryOptions

  /// Options with their defaults, to be parsed.
  package init() {}

  /// Checks what can be checked without the model, for options that were changed after they were parsed.
  ///
  /// - Throws: `ValidationError` that names the option.
  package func check() throws {
    try picture.validate()
    try sampling.validate()
    try input.validate()
    try networks.validate()
    try sdxl.validate()
    try plugins.validate()
  }

  /// What is asked for. A seed is drawn where none is given; given pictures and latents are read.
  ///
  /// - Throws: One sentence that names a file.
  package func request() throws -> GenerationRequest {
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
    request.latents = try picture.latents.map { try LatentsFile.read(URL(literalPath: $0)) }
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

  /// The last part of the model's path.
  package var modelName: String { URL(literalPath: picture.model).standardizedFileURL.lastPathComponent }

  /// Loads the model and what is loaded beside it.
  ///
  /// - Parameter status: Told that it is loaded.
  /// - Returns: The model, and the seconds that it took.
  /// - Throws: One sentence that names the file.
  package func loadModel(
    _ status: StatusOutput
  ) throws -> (pipeline: StableDiffusionPipeline, loadSeconds: Double) {
    status.phase("loading \(picture.model)")
    let start = ContinuousClock.now
    var options = networks.modelOptions(variant: picture.variant)
    memory.fill(&options)
    let pipeline = try StableDiffusionPipeline(contentsOf: URL(literalPath: picture.model), options: options)
    return (pipeline, (ContinuousClock.now - start) / .seconds(1))
  }

  /// A run of the plugins, which tell of themselves on `status`.
  ///
  /// - Parameters:
  ///   - imageFolder: Where their pictures go.
  ///   - status: Takes their lines and warnings; `nil` for silence.
  ///   - registry: Where they are looked for.
  /// - Returns: A run that has loaded nothing yet.
  package func run(
    imageFolder: URL?, status: StatusOutput?, registry: PluginRegistry = PluginRegistry()
  ) -> GenerationRun {
    GenerationRun(
      plugins: plugins.plugins, registry: registry, policy: plugins.policy, limits: plugins.limits,
      imageFolder: imageFolder, log: { status?.note($0) }, warn: { status?.warning($0) })
  }
}
