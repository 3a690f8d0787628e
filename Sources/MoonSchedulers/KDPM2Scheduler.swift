internal import Foundation
import MoonTensor

/// DPM-Solver-2 in the noise level, plain or ancestral: a step of Euler to the middle, then the whole step along the
/// slope there. The ancestral form steps to a lower level than the next one and adds fresh noise up to it.
///
/// N steps have 2 N - 1 timesteps: each step but the last, which ends at level 0, asks the network twice. `sigmas` are
/// the levels that the latents really stand at, where the reference lists those of whole steps.
///
/// A run that begins at the second prediction of a step goes on from the middle by a step of Euler.
///
/// - Source: arXiv 2206.00364, algorithm 2 with the formulas of k-diffusion; `Fixtures/schedulers/kdpm2.safetensors`,
///   `Fixtures/schedulers/kdpm2_ancestral.safetensors`.
struct KDPM2Scheduler: Scheduler {
  let className: String
  let order = 2
  private(set) var inferenceStepCount = 0
  private(set) var timesteps: [Double] = []
  var sigmas: [Double] { levels.map(Double.init) }
  var initialNoiseScale: Float { SigmaSteps.initialScale(levels, steps.spacing) }

  private let steps: SigmaPlan
  private let prediction: PredictionType
  private let isAncestral: Bool
  private var levels: [Float] = []
  /// Where the slope of each whole step leads, and the noise added there.
  private var ends: [(down: Float, up: Float)] = []
  private var memory: (step: Int, start: Tensor)?

  /// A scheduler without steps, from a configuration of KDPM2.
  init(_ configuration: SchedulerConfiguration, isAncestral: Bool) throws(SchedulerError) {
    self.isAncestral = isAncestral
    className = configuration.kind.className
    steps = try SigmaPlan(configuration)
    prediction = PredictionType(configuration)
  }

  mutating func plan(_ plan: StepPlan) throws(SchedulerError) {
    let (times, whole) = try steps.steps(plan, roundsKarras: true)
    let planned = zip(whole, whole.dropFirst()).map { end(from: $0, to: $1) }
    let middles = zip(whole, planned).map { level, end in exp(log(level) + 0.5 * (log(end.down) - log(level))) }
    let allLevels = whole.prefix(1) + zip(middles, whole.dropFirst()).flatMap { [$0, $1] } + [0]
    try SigmaSteps.checkPositive(allLevels.dropLast(), of: className, count: times.count)
    timesteps = times.prefix(1) + zip(middles, times.dropFirst()).flatMap { [steps.time(of: $0), $1] }
    levels = Array(allLevels)
    ends = planned
    inferenceStepCount = times.count
    restart()
  }

  /// The noise of the next level is that of the lower one and the fresh one together. The difference of their squares is
  /// taken in the reference's steps, in which digits are lost where the levels lie far apart.
  private func end(from level: Float, to next: Float) -> (down: Float, up: Float) {
    if !isAncestral { return (next, 0) }
    let up = (next * next * (level * level - next * next) / (level * level)).squareRoot()
    return ((next * next - up * up).squareRoot(), up)
  }

  mutating func restart() { memory = nil }

  func scaledModelInput(_ latents: Tensor, at step: Int) throws(SchedulerError) -> Tensor {
    try checkScheduled(step)
    return try SigmaSteps.scaledInput(latents, sigma: levels[step])
  }

  mutating func step(
    _ latents: Tensor, prediction output: Tensor, at step: Int, options: StepOptions,
    noise: (_ shape: [Int]) throws(TensorError) -> Tensor
  ) throws(SchedulerError) -> SchedulerStep {
    try checkScheduled(step)
    let sigma = levels[step]
    let clean = try SigmaSteps.clean(prediction, latents, output, sigma: sigma, raised: sigma)
    let isFirst = step % 2 == 0
    var start = latents
    var width = levels[step + 1] - sigma
    var up: Float = 0
    if !isFirst {
      up = ends[step / 2].up
      width = ends[step / 2].down - sigma
      if let first = memory, first.step == step - 1 {
        start = first.start
        width = ends[step / 2].down - levels[step - 1]
      }
    }
    let terms = [(1, start), (width, try SigmaSteps.slope(latents, clean, sigma: sigma))]
    let moved = try onTensors { () throws(TensorError) in
      let drawn: [(Float, Tensor)] = isAncestral && !isFirst ? [(up, try noise(output.shape))] : []
      return try Tensor.linearCombination(terms + drawn)
    }
    memory = isFirst ? (step, latents) : nil
    return SchedulerStep(latents: moved, predictedOriginal: clean)
  }

  /// Moves the kept start of a step, so that its first half, along the same slope, ends in `new`.
  mutating func latentsEdited(from old: Tensor, to new: Tensor, after step: Int) throws(SchedulerError) {
    guard let first = memory, first.step == step else { return }
    memory?.start = try LatentEdit(from: old, to: new).moved(first.start, weight: 1)
  }

  func addedNoise(to clean: Tensor, noise: Tensor, at step: Int) throws(SchedulerError) -> Tensor {
    try checkScheduled(step)
    return try SigmaSteps.addedNoise(to: clean, noise: noise, sigma: levels[step])
  }
}
