internal import MoonSchedulers
internal import MoonTensor

/// A recorded run: what a replay needs to take the same steps without the model.
///
/// The real loop, scheduler and callbacks run in a replay; only the networks' predictions, and the fresh noise of
/// schedulers that draw some, come from the record. Ask for one with `GenerationRequest.recordsTrace`.
public struct RunTrace: Sendable {
  /// What the file calls its format.
  static let format = "moonstep-trace"
  /// The version of the format that is written, and the newest that is read.
  static let version = 1
  /// The most steps of a trace.
  static let maximumStepCount = 4_000

  /// One step, as it ran.
  struct Step {
    /// Its number in the schedule, from 0; a number comes again after a jump back.
    var step: Int
    var timestep: Double
    /// Noise level before and after the step.
    var sigma: Double
    var nextSigma: Double
    /// Guidance in effect: 1 where it was off.
    var guidance: Double
    /// The latents that the network saw, and those that the scheduler returned.
    var latents: Tensor
    var nextLatents: Tensor
    /// The predictions; of what is not wanted only while guidance was on.
    var conditional: Tensor
    var unconditional: Tensor?
    /// The clean latents that the step predicted.
    var original: Tensor?
    /// Fresh noise that the scheduler drew.
    var fresh: Tensor?
  }

  /// `sd` or `sdxl`.
  public internal(set) var pipeline: String
  /// Pixels along one side of a latent.
  var factor: Int
  /// What was asked for; its pictures are not kept.
  var request: GenerationRequest
  var scheduler: SchedulerConfiguration
  /// The steps of the schedule that were to run.
  var window: Range<Int>
  /// The state before the first callback.
  var state: RunState
  /// The unwanted half, also of a run that never needed it.
  var unconditional: ConditioningBundle
  /// The normal noise that the run started from.
  var noise: Tensor
  /// The latents of the given picture.
  var imageLatents: Tensor?
  var startsFromImage = false
  var startsFromNoise = true
  var guessesControl = false
  /// The steps, in the order in which they ran.
  var steps: [Step] = []

  /// Steps that were run; one that came again after a jump back is counted again.
  public var stepCount: Int { steps.count }

  /// Which kind of run it is.
  var task: RunTask { state.mask != nil ? .inpainting : startsFromImage ? .imageToImage : .textToImage }
}

/// What a run makes its pictures from.
package enum RunTask: String, Sendable, CaseIterable {
  case textToImage = "text-to-image"
  case imageToImage = "image-to-image"
  case inpainting
}
