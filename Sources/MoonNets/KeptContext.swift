internal import Synchronization
package import MoonTensor

/// Keys and values that the attentions of networks make of one text. A step after the first finds them here: the text
/// stays, and with it they do.
package final class KeptContext: Sendable {
  /// Names one attention among all.
  final class Owner: Sendable {}

  /// The text embeddings, `[rows, positions, width]`.
  package let context: Tensor
  private let limit: Int
  private let contents = Mutex(Contents())

  private struct Contents {
    var bytes = 0
    var pairs: [ObjectIdentifier: (keys: Tensor, values: Tensor)] = [:]
  }

  /// For one text.
  ///
  /// - Parameters:
  ///   - context: The text embeddings.
  ///   - limit: Bytes to keep at most; attentions that find no room make their keys and values at each step.
  package init(context: Tensor, limit: Int) {
    self.context = context
    self.limit = limit
  }

  /// What `owner` made before, or makes now.
  func pair(
    of owner: Owner, make: () throws(TensorError) -> (keys: Tensor, values: Tensor)
  ) throws(TensorError) -> (keys: Tensor, values: Tensor) {
    let name = ObjectIdentifier(owner)
    if let known = contents.withLock({ $0.pairs[name] }) { return known }
    let pair = try make()
    let bytes = (pair.keys.count + pair.values.count) * MemoryLayout<Float>.size
    contents.withLock {
      if $0.bytes + bytes > limit { return }
      $0.bytes += bytes
      $0.pairs[name] = pair
    }
    return pair
  }
}

/// The kept contexts of the texts that a run used last.
package struct KeptContexts {
  private static let texts = 2
  private let limit: Int
  private var kept: [KeptContext] = []

  /// For one run.
  ///
  /// - Parameter limit: Bytes for each text.
  package init(limit: Int = 128 << 20) { self.limit = limit }

  /// What is kept for these text embeddings: of the calls before when one of them had the same, to the bit.
  package mutating func kept(for context: Tensor) -> KeptContext {
    let place = kept.firstIndex { $0.context.isIdentical(to: context) }
    let found = place.map { kept.remove(at: $0) } ?? KeptContext(context: context, limit: limit)
    kept = [found] + kept.prefix(Self.texts - 1)
    return found
  }
}
