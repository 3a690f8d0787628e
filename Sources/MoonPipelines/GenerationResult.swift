public import MoonImage
public import MoonTensor

/// What a run made, and how.
public struct GenerationResult: Sendable {
  /// The pictures, one a row of the batch.
  public var images: [RGBImage]
  /// The final latents, before the autoencoder's scaling, `[batch, channels, height, width]`.
  public var latents: Tensor
  /// The decoder's output before clamping, `[batch, 3, height, width]`.
  public var decoded: Tensor
  /// How the run went.
  public var report: GenerationReport
  /// What a replay needs, where the request asked for it.
  public var trace: RunTrace?
}

/// How a run went.
public struct GenerationReport: Sendable {
  /// Seeds, as asked for.
  public var seeds: [UInt64]
  /// Width of the pictures in pixels.
  public var width: Int
  /// Height of the pictures in pixels.
  public var height: Int
  /// `sd` for Stable Diffusion 1.x and 2.x.
  public var pipeline: String
  /// Class name of the scheduler, as in the reference.
  public var scheduler: String
  /// Steps asked for.
  public var inferenceSteps: Int
  /// Training time of each step of the schedule.
  public var timesteps: [Double]
  /// Guidance asked for.
  public var guidanceScale: Double
  /// Guidance of each step that ran, in effect: 1 where guidance was off.
  public var effectiveGuidance: [Double] = []
  /// Seconds of each step that ran, callbacks included.
  public var stepSeconds: [Double] = []
  /// Seconds of the autoencoder.
  public var decodeSeconds = 0.0
  /// Whether a callback or the caller ended the run before its last step.
  public var isInterrupted = false
  /// Things the user should know that did not stop the run.
  public var warnings: [String] = []
}

extension GenerationReport {
  /// The report of a run that has not begun.
  init(_ run: DenoisingRun) {
    let request = run.request
    self.init(
      seeds: request.seeds, width: run.width, height: run.height, pipeline: run.pipelineName,
      scheduler: run.schedulerName, inferenceSteps: request.inferenceSteps, timesteps: run.timesteps,
      guidanceScale: request.guidanceScale)
  }
}
