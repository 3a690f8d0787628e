internal import Synchronization

/// Where the time of operations goes, by their kind.
///
/// A profile counts the operations of the scopes whose environment carries it.
package final class OperationProfile: Sendable {
  /// A kind of operation.
  package enum Kind: String, Sendable, CaseIterable {
    case winograd = "convolution 3x3, transformed"
    case convolution = "convolution, direct"
    case pointwise = "convolution 1x1"
    case linear = "linear"
    case gated = "linear, gated GELU"
    case attention
    case groupNorm = "group norm"
    case layerNorm = "layer norm"
    case joining = "joining and resizing"
  }

  /// The operations of one kind.
  package struct Entry: Sendable, Equatable {
    /// Operations that ran.
    package var calls = 0
    /// Seconds that they took together.
    package var seconds = 0.0
    /// Multiplications and additions that they stand for, a convolution's counted as a direct one's.
    package var operations = 0.0
  }

  private let entries = Mutex<[Kind: Entry]>([:])

  /// A profile without entries.
  package init() {}

  /// What was counted since the last reset.
  package var results: [Kind: Entry] { entries.withLock { $0 } }

  /// Forgets what was counted.
  package func reset() { entries.withLock { $0 = [:] } }

  /// Runs `body` and counts it where the environment has a profile.
  static func measure<Result>(
    _ kind: Kind, operations: @autoclosure () -> Double = 0, _ body: () throws(TensorError) -> Result
  ) throws(TensorError) -> Result {
    guard let profile = TensorEnvironment.current.profile else { return try body() }
    let start = ContinuousClock.now
    let result = try body()
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    profile.entries.withLock {
      $0[kind, default: Entry()].calls += 1
      $0[kind, default: Entry()].seconds += seconds
      $0[kind, default: Entry()].operations += operations()
    }
    return result
  }
}
