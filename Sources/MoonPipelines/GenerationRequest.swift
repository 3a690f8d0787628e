public import MoonTensor

/// What to make: the parameters of one run, named as in the reference.
public struct GenerationRequest: Sendable {
  /// One text or several; each makes `imagesPerPrompt` images.
  public var prompts: [String]
  /// What is not wanted: none, one for all, or one a prompt.
  public var negativePrompts: [String] = []
  /// Images for each prompt, at least 1.
  public var imagesPerPrompt = 1
  /// Steps asked for, at least 1; some schedulers run more of them.
  public var inferenceSteps = 50
  /// Weight of the prompt; guidance is on while it is above 1.
  public var guidanceScale = 7.5
  /// Share of the rescaled guidance, 0...1.
  public var guidanceRescale = 0.0
  /// Noise that DDIM adds, 0 (none) to 1 (as DDPM); other schedulers ignore it.
  public var eta = 0.0
  /// Text encoder layers left out at the end for the prompt, not for the negative one; 0 for none.
  public var clipSkip = 0
  /// Height in pixels, a multiple of the model's factor; the model's own when `nil`.
  public var height: Int?
  /// Width in pixels, a multiple of the model's factor; the model's own when `nil`.
  public var width: Int?
  /// One seed for all images (drawn from one stream), or one an image.
  public var seeds: [UInt64]
  /// Noise to start from instead of a random one, `[batch, channels, height / factor, width / factor]`, unscaled.
  public var latents: Tensor?
  /// Scheduler by name (`ddim`, `euler`, ... or the reference's class name); the model's own when `nil`.
  public var scheduler: String?
  /// Fields of the scheduler's configuration to change, as text.
  public var schedulerOptions: [(key: String, value: String)] = []

  /// A request with the reference's defaults.
  ///
  /// - Parameters:
  ///   - prompt: The text.
  ///   - seed: Seed of PyTorch's CPU generator.
  public init(prompt: String, seed: UInt64) {
    prompts = [prompt]
    seeds = [seed]
  }
}
