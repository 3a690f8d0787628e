internal import Foundation

/// What surrounds tensor operations: how many threads they use, whose memory they take, and who may stop them.
///
/// The environment is bound to a scope, never changed in place:
/// ```swift
/// try TensorEnvironment.$current.withValue(environment) { try a.matmul(b) }
/// ```
public struct TensorEnvironment: Sendable {
  /// The environment of the running scope.
  @TaskLocal public static var current = TensorEnvironment()

  /// Threads that one operation may use, at least 1.
  public var threads: Int
  /// Charged for each allocation; `nil` for no limit.
  public var budget: TensorBudget?
  /// Asked at least every 50 ms by long operations; true makes them throw `TensorError.interrupted`.
  public var shouldStop: (@Sendable () -> Bool)?
  /// Where layers keep their weights between calls; `nil` keeps none.
  package var weightCache: WeightCache?
  /// Told of each operation that takes time; `nil` counts none.
  package var profile: OperationProfile?

  /// Creates an environment.
  ///
  /// - Parameters:
  ///   - threads: Threads that one operation may use, at least 1; by default all processors.
  ///   - budget: Charged for each allocation.
  ///   - shouldStop: True when operations must end.
  public init(
    threads: Int? = nil,
    budget: TensorBudget? = nil,
    shouldStop: (@Sendable () -> Bool)? = nil
  ) {
    self.threads = max(1, threads ?? ProcessInfo.processInfo.activeProcessorCount)
    self.budget = budget
    self.shouldStop = shouldStop
  }

  /// Calls `body` in the scope's environment, but with layers that keep nothing of their weights: for networks that are
  /// called once in a while, beside those that are called step after step.
  package static func withoutKeptWeights<Result>(_ body: () throws -> Result) rethrows -> Result {
    var environment = current
    environment.weightCache = nil
    return try $current.withValue(environment, operation: body)
  }

  /// Throws when the scope was asked to stop.
  package func check() throws(TensorError) {
    if let shouldStop, shouldStop() { throw .interrupted }
  }
}
