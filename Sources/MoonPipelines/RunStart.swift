internal import MoonTensor

/// What a run starts from, apart from its prompts.
struct RunStart {
  /// Size of the pictures that the network makes.
  var size: PictureSize
  /// The first latents, at the noise level of the first step.
  var latents: Tensor
  /// Standard normal noise, as drawn or given.
  var noise: Tensor
  /// The latents of the given picture.
  var imageLatents: Tensor?
  /// Inpainting: `[batch, 1, height, width]` in latents.
  var mask: Tensor?
  /// Inpainting models: the latents of what stays.
  var maskedImageLatents: Tensor?
  /// Whether a picture was given.
  var hasImage = false
  /// Whether the first latents are noise alone.
  var isPureNoise = true
  /// Whether the ControlNets see the wanted half alone.
  var guessesControl = false
  /// Inpainting with a model that was not trained for it.
  var blends: Bool { mask != nil && maskedImageLatents == nil }
}
