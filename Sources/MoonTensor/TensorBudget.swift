import Synchronization

/// A cap on the bytes that tensors of one owner hold at a time.
///
/// Storage made while the budget is in force is charged before it is allocated and credited when it is freed, whichever
/// thread frees it.
public final class TensorBudget: Sendable {
  /// The most bytes held at a time.
  public let limit: Int
  /// The most elements that one tensor may claim, expanded views counted in full.
  public let maximumElements: Int
  private let held = Atomic<Int>(0)
  private let peak = Atomic<Int>(0)

  /// Creates a budget of which nothing is used.
  ///
  /// - Parameters:
  ///   - limit: The most bytes held at a time.
  ///   - maximumElements: The most elements that one tensor may claim.
  public init(limit: Int, maximumElements: Int = 1 << 27) {
    self.limit = limit
    self.maximumElements = maximumElements
  }

  /// Bytes held now.
  public var used: Int { held.load(ordering: .relaxed) }
  /// The most bytes that were held at a time.
  public var highest: Int { peak.load(ordering: .relaxed) }

  /// Takes `byteCount` bytes, or throws and takes none.
  package func charge(_ byteCount: Int) throws(TensorError) {
    var current = held.load(ordering: .relaxed)
    while true {
      let (sum, overflow) = current.addingReportingOverflow(byteCount)
      if overflow || sum > limit { throw .outOfBudget(requested: byteCount, limit: limit) }
      let (exchanged, original) = held.weakCompareExchange(
        expected: current, desired: sum, ordering: .relaxed)
      if exchanged {
        peak.max(sum, ordering: .relaxed)
        return
      }
      current = original
    }
  }

  /// Gives `byteCount` bytes back.
  package func credit(_ byteCount: Int) {
    held.wrappingSubtract(byteCount, ordering: .relaxed)
  }
}
