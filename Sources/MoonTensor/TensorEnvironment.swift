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
  public var threads: Int {
    get { content.threads }
    set { changed.threads = newValue }
  }
  /// Charged for each allocation; `nil` for no limit.
  public var budget: TensorBudget? {
    get { content.budget }
    set { changed.budget = newValue }
  }
  /// Asked at least every 50 ms by long operations; true makes them throw `TensorError.interrupted`.
  public var shouldStop: (@Sendable () -> Bool)? {
    get { content.shouldStop }
    set { changed.shouldStop = newValue }
  }
  /// Where layers keep their weights between calls; `nil` keeps none.
  package var weightCache: WeightCache? {
    get { content.weightCache }
    set { changed.weightCache = newValue }
  }
  /// Told of each operation that takes time; `nil` counts none.
  package var profile: OperationProfile? {
    get { content.profile }
    set { changed.profile = newValue }
  }

  /// What the environment says, shared by its copies: each operation reads it, and a copy is to cost one count.
  private var content: Content

  /// The content to change, this value's alone.
  private var changed: Content {
    mutating get {
      if !isKnownUniquelyReferenced(&content) { content = Content(content) }
      return content
    }
  }

  /// `@unchecked Sendable`: changed only while one value refers to it.
  private final class Content: @unchecked Sendable {
    var threads: Int
    var budget: TensorBudget?
    var shouldStop: (@Sendable () -> Bool)?
    var weightCache: WeightCache?
    var profile: OperationProfile?

    init(threads: Int, budget: TensorBudget?, shouldStop: (@Sendable () -> Bool)?) {
      (self.threads, self.budget, self.shouldStop) = (threads, budget, shouldStop)
    }

    init(_ other: Content) {
      (threads, budget, shouldStop) = (other.threads, other.budget, other.shouldStop)
      (weightCache, profile) = (other.weightCache, other.profile)
    }
  }

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
    content = Content(
      threads: max(1, threads ?? ProcessInfo.processInfo.activeProcessorCount), budget: budget, shouldStop: shouldStop)
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
