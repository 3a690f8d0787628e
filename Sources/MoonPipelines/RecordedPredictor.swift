internal import MoonTensor

/// Answers with the predictions of a trace instead of a network's.
///
/// A step that is the trace's own, by its place in the run and its time, gets what was recorded for it. In a run with
/// another schedule a step gets what was recorded for the nearest time.
final class RecordedPredictor: PredictionSource {
  private let steps: [RunTrace.Step]
  /// Steps of the run that are not in the trace, and those of which it has no prediction of what is not wanted.
  private var unknown = 0, unguided = 0

  /// Answers from a trace, which has at least one step.
  init(_ trace: RunTrace) { steps = trace.steps }

  func callAsFunction(_ run: DenoisingRun, halves: [GuidanceHalf]) throws -> Tensor {
    let own = recorded(run)
    if own == nil { unknown += 1 }
    if let own, own.unconditional == nil, halves.contains(.unconditional) { unguided += 1 }
    let predictions = halves.map { half in
      guard half == .unconditional else { return (own ?? nearest(run) { _ in true }).conditional }
      if let known = own?.unconditional { return known }
      let near = nearest(run) { $0.unconditional != nil }
      // A run without guidance has no prediction of what is not wanted: then guidance changes nothing.
      return near.unconditional ?? (own ?? near).conditional
    }
    return predictions.count == 1 ? predictions[0] : try Tensor.concatenated(predictions, along: 0)
  }

  /// What the predictions of a replay do not come from.
  var notes: [String] {
    var notes: [String] = []
    if unknown > 0 {
      notes.append("steps of which nothing is recorded: \(unknown); they take the predictions of the nearest time")
    }
    if unguided > 0 {
      notes.append(
        "steps that were recorded without guidance: \(unguided); what is not wanted is taken from the nearest time with it, "
          + "or changes nothing")
    }
    return notes
  }

  func freshNoise(_ run: DenoisingRun) -> Tensor? { recorded(run)?.fresh }

  /// The recorded step that is the one that runs.
  private func recorded(_ run: DenoisingRun) -> RunTrace.Step? {
    guard run.stepsTaken < steps.count, steps[run.stepsTaken].timestep == run.timestep else { return nil }
    return steps[run.stepsTaken]
  }

  /// The recorded step of the nearest time among those that fit, or among all where none does.
  private func nearest(_ run: DenoisingRun, _ fits: (RunTrace.Step) -> Bool) -> RunTrace.Step {
    var best = steps[0]
    for step in steps {
      let (isFit, bestFits) = (fits(step), fits(best))
      if isFit == bestFits ? abs(step.timestep - run.timestep) < abs(best.timestep - run.timestep) : isFit {
        best = step
      }
    }
    return best
  }
}
