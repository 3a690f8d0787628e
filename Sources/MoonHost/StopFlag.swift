import Synchronization

/// Raised once, from any thread, to end a run.
public final class StopFlag: Sendable {
  private let raised = Atomic<Bool>(false)

  /// A flag that is down.
  public init() {}

  /// Raises the flag; it stays up.
  public func raise() { raised.store(true, ordering: .relaxed) }

  /// Whether the flag is up.
  public var isRaised: Bool { raised.load(ordering: .relaxed) }
}
