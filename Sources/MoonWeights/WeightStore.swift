/// A source of tensors, and which of them were used.
final class WeightStore {
  /// Where the tensors come from.
  let source: any WeightSource
  private var used: Set<String> = []

  /// Nothing of `source` is used yet.
  init(_ source: any WeightSource) { self.source = source }

  /// Notes that the tensor named `key` is used from now on.
  func use(_ key: String) { used.insert(key) }

  /// The names that nothing used, in the order of the source.
  var unusedKeys: [String] { source.keys.filter { !used.contains($0) } }
}
