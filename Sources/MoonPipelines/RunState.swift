public import MoonTensor

/// What a callback may change of a run. A value: a copy taken before a callback is the state to go back to.
public struct RunState: Sendable {
  /// Weight of the prompt; guidance is on while it is above 1.
  public var guidanceScale: Double
  /// How far the guided prediction's spread is pulled back to the conditional one's, 0...1 (arXiv 2305.08891, 3.4).
  public var guidanceRescale: Double
  /// Latents at the present noise level, `[batch, channels, height, width]`.
  public var latents: Tensor
  /// The wanted half.
  public var conditional: ConditioningBundle
  /// The unwanted half; `nil` until it is first needed.
  public var unconditional: ConditioningBundle?
  /// Inpainting: 1 where the picture is made anew, `[batch, 1, height, width]` in latents.
  public var mask: HalvedTensor?
  /// Inpainting models: the latents of what stays, `[batch, channels, height, width]`.
  public var maskedImageLatents: HalvedTensor?
  /// The picture that each ControlNet follows, `[batch, 3, height, width]` in pixels, 0...1.
  public var controlImages: [HalvedTensor] = []
  /// Weight of each ControlNet; those outside of their share of the steps do nothing at any weight.
  public var controlScales: [Double] = []
  /// Weight of each IP-Adapter.
  public var adapterScales: [Double] = []
  /// Who asked for the loop to end after this step; each callback that asks has a number of its own.
  public var interruptRequests: Set<Int> = []
  /// The number of those that have none of their own.
  static let anybody = -1

  /// Where the run goes on after the step that runs, when that is not the next step.
  public internal(set) var jump: StepJump?

  /// Whether the loop ends after this step.
  public var isInterrupted: Bool { !interruptRequests.isEmpty }

  /// Whether the network was trained to imitate guidance and takes its scale as an input: then one half is enough.
  var imitatesGuidance = false

  /// Whether both halves are run through the network.
  public var guides: Bool { guidanceScale > 1 && !imitatesGuidance }

  init(guidanceScale: Double, guidanceRescale: Double, latents: Tensor, conditional: ConditioningBundle) {
    self.guidanceScale = guidanceScale
    self.guidanceRescale = guidanceRescale
    self.latents = latents
    self.conditional = conditional
  }
}
