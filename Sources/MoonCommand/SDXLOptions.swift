package import ArgumentParser
package import MoonPipelines

/// Options for models of the SDXL family.
package struct SDXLOptions: ParsableArguments {
  @Option(
    name: .customLong("prompt-2"),
    help: ArgumentHelp("Text for the second text encoder; by default the prompt.", valueName: "text"))
  package var secondPrompt: [String] = []

  @Option(
    name: .customLong("negative-prompt-2"),
    help: ArgumentHelp("Likewise for the negative prompt.", valueName: "text"))
  package var secondNegativePrompt: [String] = []

  @Option(
    help: ArgumentHelp("Size that the model is told the picture had; by default its own.", valueName: "HxW"),
    transform: SizeArgument.reading)
  package var originalSize: SizeArgument?

  @Option(
    name: .customLong("crops-coords-top-left"),
    help: ArgumentHelp("Top and left that the model is told the picture was cut at.", valueName: "TOPxLEFT"),
    transform: SizeArgument.reading)
  package var crop: SizeArgument?

  @Option(
    help: ArgumentHelp("Size that the model is told the picture has; by default its own.", valueName: "HxW"),
    transform: SizeArgument.reading)
  package var targetSize: SizeArgument?

  @Option(
    help: ArgumentHelp("--original-size of what is not wanted.", valueName: "HxW"), transform: SizeArgument.reading)
  package var negativeOriginalSize: SizeArgument?

  @Option(
    name: .customLong("negative-crops-coords-top-left"),
    help: ArgumentHelp("--crops-coords-top-left of what is not wanted.", valueName: "TOPxLEFT"),
    transform: SizeArgument.reading)
  package var negativeCrop: SizeArgument?

  @Option(help: ArgumentHelp("--target-size of what is not wanted.", valueName: "HxW"), transform: SizeArgument.reading)
  package var negativeTargetSize: SizeArgument?

  @Option(parsing: .unconditional, help: ArgumentHelp("Score that the refiner is asked for.", valueName: "x"))
  package var aestheticScore = 6.0

  @Option(parsing: .unconditional, help: ArgumentHelp("Score of what is not wanted.", valueName: "x"))
  package var negativeAestheticScore = 2.5

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Share of the denoising at which the run starts, from --latents or --image as they are.", valueName: "x"))
  package var denoisingStart: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Share of the denoising at which the run ends, for a refiner to go on (--save-latents).", valueName: "x"))
  package var denoisingEnd: Double?

  /// Options with their defaults, to be parsed.
  package init() {}

  /// Checks the shares.
  ///
  /// - Throws: `ValidationError` that names the option.
  package func validate() throws {
    for (option, share) in [("--denoising-start", denoisingStart), ("--denoising-end", denoisingEnd)] {
      if let share, !(0...1).contains(share) { throw ValidationError("\(option): \(share) is outside 0..1") }
    }
  }

  /// Writes the options into a request.
  package func fill(_ request: inout GenerationRequest) {
    request.secondPrompts = secondPrompt
    request.secondNegativePrompts = secondNegativePrompt
    request.micro.originalSize = originalSize?.size
    request.micro.cropTopLeft = crop?.size ?? request.micro.cropTopLeft
    request.micro.targetSize = targetSize?.size
    request.micro.negativeOriginalSize = negativeOriginalSize?.size
    request.micro.negativeCropTopLeft = negativeCrop?.size
    request.micro.negativeTargetSize = negativeTargetSize?.size
    request.micro.aestheticScore = aestheticScore
    request.micro.negativeAestheticScore = negativeAestheticScore
    request.denoisingStart = denoisingStart
    request.denoisingEnd = denoisingEnd
  }
}

/// Two numbers of pixels, from text such as `1024x768`.
package struct SizeArgument: TextForm, Sendable, Equatable {
  package static let form = "two whole numbers from 0 to 65536 with an x between them"

  /// The numbers, the vertical one first.
  package let size: PictureSize

  /// Reads `HEIGHTxWIDTH`, both in 0..65536.
  package init?(argument: String) {
    let sides = argument.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard sides.count == 2, let height = sides[0], let width = sides[1], (0...65536).contains(height),
      (0...65536).contains(width)
    else { return nil }
    size = PictureSize(height: height, width: width)
  }
}
