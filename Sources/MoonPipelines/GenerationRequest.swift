public import MoonImage
public import MoonTensor

/// What to make: the parameters of one run, named as in the reference.
public struct GenerationRequest: Sendable {
  /// One text or several; each makes `imagesPerPrompt` images.
  public var prompts: [String]
  /// What is not wanted: none, one for all, or one a prompt.
  public var negativePrompts: [String] = []
  /// SDXL: texts for the second text encoder: none (those of the first), one for all, or one a prompt.
  public var secondPrompts: [String] = []
  /// SDXL: what is not wanted, for the second text encoder; counted likewise.
  public var secondNegativePrompts: [String] = []
  /// Images for each prompt, at least 1.
  public var imagesPerPrompt = 1
  /// Steps asked for, at least 1; some schedulers run more of them.
  public var inferenceSteps = 50
  /// Training times of the steps, falling, instead of a number of steps; for schedulers that take a list.
  public var timesteps: [Int] = []
  /// Noise levels of the steps and the one at the end, falling, instead of a number of steps.
  public var sigmas: [Double] = []
  /// Weight of the prompt; guidance is on while it is above 1.
  public var guidanceScale = 7.5
  /// Share of the rescaled guidance, 0...1.
  public var guidanceRescale = 0.0
  /// Noise that DDIM adds, 0 (none) to 1 (as DDPM); other schedulers ignore it.
  public var eta = 0.0
  /// Text encoder layers left out at the end for the prompt, not for the negative one; 0 for none.
  public var clipSkip = 0
  /// Height in pixels, a multiple of the model's factor; that of the given picture or the model's own when `nil`.
  public var height: Int?
  /// Width in pixels, a multiple of the model's factor; that of the given picture or the model's own when `nil`.
  public var width: Int?
  /// SDXL: sizes and crops that the model is told of.
  public var micro = MicroConditioning()
  /// Share of the denoising at which the run starts, 0...1: the given picture, or `latents`, is taken as it is there.
  public var denoisingStart: Double?
  /// Share of the denoising at which the run ends, 0...1, with latents that another model goes on from.
  public var denoisingEnd: Double?
  /// One seed for all images (drawn from one stream), or one an image.
  public var seeds: [UInt64]
  /// Whose random stream the seeds are for.
  public var randomDevice = Generator.Device.cpu
  /// Noise to start from instead of a random one, `[batch, channels, height / factor, width / factor]`, unscaled.
  public var latents: Tensor?
  /// Scheduler by name (`ddim`, `euler`, ... or the reference's class name); the model's own when `nil`.
  public var scheduler: String?
  /// Fields of the scheduler's configuration to change, as text.
  public var schedulerOptions: [(key: String, value: String)] = []
  /// Pictures to start from (image-to-image) or to mend (inpainting): none, one for all, or one an image.
  public var images: [RGBImage] = []
  /// How much of a given picture is made anew, 0...1: that share of the steps is run. `nil` for the reference's default:
  /// 0.8 from a picture, with SDXL 0.3; 1 when mending, with SDXL 0.9999.
  public var strength: Double?
  /// Inpainting: white where the picture is made anew: one for all, or one an image.
  public var masks: [RGBImage] = []
  /// Radius in pixels by which masks are blurred before use; 0 for none.
  public var maskBlur = 0.0
  /// Inpainting: pixels around the masked region to which the work is confined; `nil` for the whole picture.
  public var maskCropPadding: Int?
  /// What each ControlNet of the pipeline follows, in their order.
  public var controls: [ControlInput] = []
  /// Whether the ControlNets see the wanted half alone, with weights that rise towards the middle of the network.
  public var guessMode = false
  /// Pictures for each IP-Adapter of the pipeline, in their order.
  public var imagePrompts: [ImagePrompt] = []
  /// Whether the result holds a trace of the run, which can be replayed without the model.
  public var recordsTrace = false

  /// A request with the reference's defaults.
  ///
  /// - Parameters:
  ///   - prompt: The text.
  ///   - seed: Seed of PyTorch's generator.
  public init(prompt: String, seed: UInt64) {
    prompts = [prompt]
    seeds = [seed]
  }
}

/// What one ControlNet follows.
public struct ControlInput: Sendable {
  /// The picture: edges, depth, poses, as the network was trained on; one for all images, or one a prompt.
  public var images: [RGBImage]
  /// Weight of the network; `nil` for the reference's default: 1, from a picture 0.8, when mending 0.5, with SDXL 1.
  public var scale: Double?
  /// Share of the steps before it, 0...1.
  public var guidanceStart: Double
  /// Share of the steps at which it ends, 0...1.
  public var guidanceEnd: Double

  /// A picture to follow, by default in all steps.
  ///
  /// - Parameters:
  ///   - image: The picture.
  ///   - scale: Weight of the network; `nil` for the reference's default.
  ///   - guidanceStart: Share of the steps before it.
  ///   - guidanceEnd: Share of the steps at which it ends.
  public init(_ image: RGBImage, scale: Double? = nil, guidanceStart: Double = 0, guidanceEnd: Double = 1) {
    images = [image]
    self.scale = scale
    self.guidanceStart = guidanceStart
    self.guidanceEnd = guidanceEnd
  }
}

/// Pictures that prompt through one IP-Adapter.
public struct ImagePrompt: Sendable {
  /// One picture or several; each adds tokens to every image.
  public var images: [RGBImage]
  /// Weight of the adapter.
  public var scale: Double

  /// Pictures at a weight.
  ///
  /// - Parameters:
  ///   - images: At least one.
  ///   - scale: Weight of the adapter.
  public init(_ images: [RGBImage], scale: Double = 1) {
    self.images = images
    self.scale = scale
  }
}
