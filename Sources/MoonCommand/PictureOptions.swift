package import ArgumentParser

/// Options that say what is made.
package struct PictureOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The model: a diffusers folder, or a checkpoint in one safetensors file.", valueName: "path"))
  package var model: String

  @Option(
    help: ArgumentHelp("What the picture shows. Repeat it for several prompts in one run.", valueName: "text"))
  package var prompt: [String] = []

  @Option(
    help: ArgumentHelp("What the picture should not show: once for all prompts, or once a prompt.", valueName: "text"))
  package var negativePrompt: [String] = []

  @Option(parsing: .unconditional, help: ArgumentHelp("Width in pixels; by default the model's own.", valueName: "n"))
  package var width: Int?

  @Option(parsing: .unconditional, help: ArgumentHelp("Height in pixels; by default the model's own.", valueName: "n"))
  package var height: Int?

  @Option(parsing: .unconditional, help: ArgumentHelp("Pictures for each prompt.", valueName: "n"))
  package var numImages = 1

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      """
      Where the noise starts: a whole number of 64 bits, as of PyTorch's CPU generator, or a list such as 1,2,3 with \
      one for each picture. By default a random one, which is told at the end.
      """, valueName: "n[,n...]"), transform: SeedList.reading)
  package var seed: SeedList?

  @Option(
    help: ArgumentHelp(
      "Noise to start from instead of a random one: a tensor 'latents' in a safetensors file.", valueName: "file"))
  package var latents: String?

  @Option(help: ArgumentHelp("Weights to prefer where the model has several, for example fp16.", valueName: "name"))
  package var variant: String?

  /// Options with their defaults, to be parsed.
  package init() {}

  /// Pictures of the run.
  package var batchSize: Int { prompt.count * numImages }

  /// Checks that there is a prompt.
  ///
  /// - Throws: `ValidationError`.
  package func checkPrompt() throws {
    if prompt.isEmpty { throw ValidationError("Missing expected argument '--prompt <text> ...'") }
  }

  /// Checks what can be checked without the model.
  ///
  /// - Throws: `ValidationError` that names the option.
  package func validate() throws {
    try PathCheck.requireNames(["--model": [model], "--latents": [latents].compactMap(\.self)])
    if let variant, variant.isEmpty || variant.contains("/") {
      throw ValidationError("--variant: '\(variant)' is no name of a variant, such as fp16")
    }
    if negativePrompt.count > 1 && negativePrompt.count != prompt.count && !prompt.isEmpty {
      throw ValidationError(
        "--negative-prompt: \(negativePrompt.count) are given for \(prompt.count) prompts; give one, or one a prompt")
    }
    if !(1...1024).contains(numImages) { throw ValidationError("--num-images: \(numImages) is outside 1..1024") }
    for (option, size) in [("--width", width), ("--height", height)] {
      if let size, !(1...16384).contains(size) { throw ValidationError("\(option): \(size) is outside 1..16384") }
    }
    if let count = seed?.seeds.count, count != 1 && count != batchSize && !prompt.isEmpty {
      throw ValidationError(
        "--seed: \(count) seeds are given, but the run makes \(batchSize) picture\(batchSize == 1 ? "" : "s"); "
          + "give one seed, or one a picture")
    }
  }
}
