public import MoonTensor

/// Turns predictions of the network into latents with less noise, step by step.
///
/// A scheduler is a value: `setSteps` plans a run and forgets the one before, `step` moves on and keeps what the next
/// step needs. All work is elementwise, so latents may have any shape whose first dimension is the batch.
/// ```swift
/// var scheduler = try SchedulerConfiguration(.euler).makeScheduler()
/// try scheduler.setSteps(25)
/// var latents = noise * scheduler.initialNoiseScale
/// for step in scheduler.timesteps.indices {
///   let input = try scheduler.scaledModelInput(latents, at: step)
///   let prediction = try network(input, scheduler.timesteps[step])
///   latents = try scheduler.step(latents, prediction: prediction, at: step, noise: draw).latents
/// }
/// ```
/// The steps of a run are taken in rising order, from any first one; a step that does not follow the one before starts
/// afresh, as the first step of a run does.
public protocol Scheduler: Sendable {
  /// The name of the class in diffusers.
  var className: String { get }

  /// The number of steps that was asked for; 0 before `setSteps`.
  var inferenceStepCount: Int { get }

  /// Training time of each step, as the network is told it: whole numbers for most schedulers, fractions for some.
  var timesteps: [Double] { get }

  /// Noise level `sqrt((1 - alpha) / alpha)` of the latents at each step, then the level that the run ends at.
  ///
  /// One more than `timesteps`. Where the reference keeps a list of its own, these are its numbers; a level that would
  /// be infinite is given as 4096.
  var sigmas: [Double] { get }

  /// Entries of `timesteps` for each step asked for: 2 where a step asks the network twice, else 1.
  var order: Int { get }

  /// What standard normal noise is multiplied by to make the first latents.
  var initialNoiseScale: Float { get }

  /// Plans the steps of a run, and forgets the run before.
  ///
  /// - Parameter plan: How many steps, or which.
  /// - Throws: `SchedulerError.badStepCount`, `.badStepList`, `.notSupported`; the scheduler is then as it was.
  mutating func plan(_ plan: StepPlan) throws(SchedulerError)

  /// Forgets the steps taken, not the plan.
  mutating func restart()

  /// The latents as the network wants them.
  ///
  /// - Parameters:
  ///   - latents: Latents at the noise level of `step`.
  ///   - step: One of `timesteps.indices`.
  /// - Returns: The network's input, same shape.
  /// - Throws: `SchedulerError.stepNotScheduled`, `.tensor`.
  func scaledModelInput(_ latents: Tensor, at step: Int) throws(SchedulerError) -> Tensor

  /// Moves the latents to the noise level of the next step.
  ///
  /// - Parameters:
  ///   - latents: `[batch, ...]`, at the noise level of `step`.
  ///   - prediction: The network's output, same shape, after guidance.
  ///   - step: One of `timesteps.indices`.
  ///   - options: Arguments of the step that are no part of the configuration.
  ///   - noise: Draws standard normal noise of the shape given, which is that of `prediction`. Called exactly when the
  ///     reference draws, at most once a step.
  /// - Returns: The next latents and the clean ones that were predicted.
  /// - Throws: `SchedulerError.stepNotScheduled`, `.tensor`; the scheduler is then as it was.
  mutating func step(
    _ latents: Tensor, prediction: Tensor, at step: Int, options: StepOptions,
    noise: (_ shape: [Int]) throws(TensorError) -> Tensor
  ) throws(SchedulerError) -> SchedulerStep

  /// Tells that the latents returned by a step were changed before the next one.
  ///
  /// Every scheduler goes on from the changed latents: they are what the next `step` is given. This call repairs what a
  /// scheduler keeps beside them, which the reference never does.
  ///
  /// - Earlier predictions stay. DPM-Solver, UniPC, DEIS, LMS and PNDM keep some of the clean latents, of the noise or of
  ///   the slope; they tell how predictions change along the way, so that a small change in every step costs no
  ///   accuracy, and the next prediction is of the changed latents anyway.
  /// - Earlier latents move along. PNDM's first and Runge-Kutta steps, Heun, KDPM2 and DPM-Solver without memory compute
  ///   the end of a step again from its start, and UniPC's corrector does so after every step: there the change would
  ///   be lost. The start is moved so that the same step from it, with the predictions it was taken with, ends in the
  ///   changed latents: by the change over the weight that the start has in the latents returned.
  /// - Schedulers without memory keep nothing.
  ///
  /// Where nothing was changed nothing moves, bit for bit.
  ///
  /// - Parameters:
  ///   - old: The latents that `step` returned.
  ///   - new: The latents that the next step will be given, same shape.
  ///   - step: The step that returned them.
  /// - Throws: `SchedulerError.tensor`; the scheduler is then as it was.
  mutating func latentsEdited(from old: Tensor, to new: Tensor, after step: Int) throws(SchedulerError)

  /// Clean latents with noise added to the level at which `step` starts.
  ///
  /// - Parameters:
  ///   - clean: Clean latents.
  ///   - noise: Standard normal noise, same shape.
  ///   - step: One of `timesteps.indices`.
  /// - Returns: Latents at the noise level of `step`.
  /// - Throws: `SchedulerError.stepNotScheduled`, `.tensor`.
  func addedNoise(to clean: Tensor, noise: Tensor, at step: Int) throws(SchedulerError) -> Tensor
}

/// Which steps a run takes.
public enum StepPlan: Sendable, Equatable {
  /// So many, spread as the configuration says.
  case count(Int)
  /// These training times, falling.
  case timesteps([Int])
  /// These noise levels, falling; the last is where the run ends.
  case sigmas([Double])
}

/// What a step returns.
public struct SchedulerStep: Sendable {
  /// Latents at the noise level of the next step.
  public let latents: Tensor
  /// The clean latents that the prediction stands for, as the solver uses them: clipped where it clips.
  public let predictedOriginal: Tensor
}

/// Arguments of one step that are no part of a scheduler's configuration.
public struct StepOptions: Sendable, Equatable {
  /// DDIM: how much of the noise is fresh, from 0, none, to 1, as much as in DDPM. Others ignore it.
  public var eta: Float
  /// DDIM: whether the noise is computed again from the clipped clean latents. Others ignore it.
  public var usesClippedPrediction: Bool
  /// Euler: fresh noise before the step. Others ignore it.
  public var churn: Churn

  /// Options, by default those of the reference.
  ///
  /// - Parameters:
  ///   - eta: DDIM: how much of the noise is fresh.
  ///   - usesClippedPrediction: DDIM: whether the noise follows the clipping.
  ///   - churn: Euler: fresh noise before the step.
  public init(eta: Float = 0, usesClippedPrediction: Bool = false, churn: Churn = Churn()) {
    self.eta = eta
    self.usesClippedPrediction = usesClippedPrediction
    self.churn = churn
  }

  /// Noise that Euler's method adds before a step: arXiv 2206.00364, algorithm 2.
  public struct Churn: Sendable, Equatable {
    /// How much, over all steps.
    public var amount: Double
    /// The noise levels at which it is added.
    public var range: ClosedRange<Float>
    /// What the noise is multiplied by.
    public var scale: Float

    /// Noise before steps, by default none.
    ///
    /// - Parameters:
    ///   - amount: How much, over all steps.
    ///   - range: The noise levels at which it is added.
    ///   - scale: What the noise is multiplied by.
    public init(amount: Double = 0, range: ClosedRange<Float> = 0...Float.infinity, scale: Float = 1) {
      self.amount = amount
      self.range = range
      self.scale = scale
    }
  }
}

extension Scheduler {
  /// One entry a step.
  public var order: Int { 1 }

  /// Plans a run of `count` steps, spread as the configuration says, and forgets the run before.
  ///
  /// - Parameter count: At least 1; some schedulers make more entries of `timesteps` of it.
  /// - Throws: `SchedulerError.badStepCount`; the scheduler is then as it was.
  public mutating func setSteps(_ count: Int) throws(SchedulerError) { try plan(.count(count)) }

  /// Moves the latents to the noise level of the next step, with the reference's default options.
  ///
  /// - Parameters:
  ///   - latents: `[batch, ...]`, at the noise level of `step`.
  ///   - prediction: The network's output, same shape, after guidance.
  ///   - step: One of `timesteps.indices`.
  ///   - noise: Draws standard normal noise of the shape given.
  /// - Returns: The next latents and the clean ones that were predicted.
  /// - Throws: `SchedulerError.stepNotScheduled`, `.tensor`; the scheduler is then as it was.
  public mutating func step(
    _ latents: Tensor, prediction: Tensor, at step: Int,
    noise: (_ shape: [Int]) throws(TensorError) -> Tensor
  ) throws(SchedulerError) -> SchedulerStep {
    try self.step(latents, prediction: prediction, at: step, options: StepOptions(), noise: noise)
  }

  /// Noise level of the latents that `step` returns.
  ///
  /// - Parameter step: One of `timesteps.indices`.
  /// - Returns: The level; 0 for clean latents, and for a step that is not scheduled.
  public func sigma(after step: Int) -> Double {
    timesteps.indices.contains(step) ? sigmas[step + 1] : 0
  }

  /// Noise level of the latents that `step` is given.
  ///
  /// - Parameter step: One of `timesteps.indices`.
  /// - Returns: The level; 0 for a step that is not scheduled.
  public func sigma(at step: Int) -> Double { timesteps.indices.contains(step) ? sigmas[step] : 0 }

  /// Throws unless `step` is one of the run.
  func checkScheduled(_ step: Int) throws(SchedulerError) {
    if !timesteps.indices.contains(step) { throw .stepNotScheduled(step: step, count: timesteps.count) }
  }
}

/// The number of steps that a plan asks for, checked; the list of steps where it gives one.
extension StepPlan {
  /// The count of a plan that must be one, within `1...maximum`.
  func count(maximum: Int, of scheduler: String) throws(SchedulerError) -> Int {
    guard case .count(let count) = self else {
      throw .notSupported(scheduler: scheduler, setting: "a list of steps", reason: "it takes a number of steps only")
    }
    guard count >= 1, count <= maximum else {
      throw .badStepCount(scheduler: scheduler, found: count, wanted: "1 to \(maximum)")
    }
    return count
  }
}
