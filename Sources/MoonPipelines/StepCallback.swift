public import MoonTensor

/// Code that is called around the steps of a run and may change `run.state`.
///
/// Each method has a default that does nothing. A method that throws ends the run with its error.
public protocol StepCallback: AnyObject {
  /// Called once, before the first step.
  func runBegins(_ run: DenoisingRun) throws
  /// Called before the network sees the step's latents.
  func stepBegins(_ run: DenoisingRun) throws
  /// Called while guidance is on; returns another combination of the two predictions, or `nil` to keep the present one.
  func combinesGuidance(_ run: DenoisingRun, _ predictions: GuidancePredictions) throws -> Tensor?
  /// Called after the scheduler's step: the callback of the reference.
  func stepEnds(_ run: DenoisingRun) throws
  /// Called once, after the last step, also when the run was interrupted.
  func runEnds(_ run: DenoisingRun) throws
}

extension StepCallback {
  /// Does nothing.
  public func runBegins(_ run: DenoisingRun) throws {}
  /// Does nothing.
  public func stepBegins(_ run: DenoisingRun) throws {}
  /// Keeps the present combination.
  public func combinesGuidance(_ run: DenoisingRun, _ predictions: GuidancePredictions) throws -> Tensor? { nil }
  /// Does nothing.
  public func stepEnds(_ run: DenoisingRun) throws {}
  /// Does nothing.
  public func runEnds(_ run: DenoisingRun) throws {}
}

/// The network's predictions of one guided step.
public struct GuidancePredictions: Sendable {
  /// For the prompt, `[batch, channels, height, width]`.
  public let conditional: Tensor
  /// For the negative prompt, same shape.
  public let unconditional: Tensor
  /// The combination so far.
  public var combined: Tensor
  /// The latents that the step started from.
  public let latents: Tensor
}

/// A callback from a closure, called after each step.
public final class ClosureCallback: StepCallback {
  private let body: (DenoisingRun) throws -> Void

  /// A callback that runs `body` after each step.
  ///
  /// - Parameter body: Reads and writes `run.state`, `run.tensor(_:)` and `run.setTensor(_:for:)`.
  public init(_ body: @escaping (DenoisingRun) throws -> Void) {
    self.body = body
  }

  /// Runs the closure.
  public func stepEnds(_ run: DenoisingRun) throws { try body(run) }
}
