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
  private let asked = Atomic<Int>(0)
  /// Which requests are refused on purpose, counted from 0, to test what becomes of it.
  private let refusals: Range<Int>?

  /// Creates a budget of which nothing is used.
  ///
  /// - Parameters:
  ///   - limit: The most bytes held at a time.
  ///   - maximumElements: The most elements that one tensor may claim.
  public convenience init(limit: Int, maximumElements: Int = 1 << 27) {
    self.init(limit: limit, maximumElements: maximumElements, refusing: nil)
  }

  /// Creates a budget that refuses the requests of those numbers on purpose.
  package init(limit: Int, maximumElements: Int, refusing refusals: Range<Int>?) {
    self.limit = limit
    self.maximumElements = maximumElements
    self.refusals = refusals
  }

  /// Bytes held now.
  public var used: Int { held.load(ordering: .relaxed) }
  /// The most bytes that were held at a time.
  public var highest: Int { peak.load(ordering: .relaxed) }
  /// How often bytes were asked for.
  package var requests: Int { asked.load(ordering: .relaxed) }

  /// Takes `byteCount` bytes, or throws and takes none.
  package func charge(_ byteCount: Int) throws(TensorError) {
    let number = asked.wrappingAdd(1, ordering: .relaxed).oldValue
    if let refusals, refusals.contains(number) { throw .outOfBudget(requested: byteCount, limit: limit) }
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
