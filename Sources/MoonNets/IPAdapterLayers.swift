internal import MoonTensor
package import MoonWeights

/// Keys and values that one attention to the text gets for an image prompt.
struct ImageAttention: Sendable {
  let key: LinearLayer
  let value: LinearLayer
}

/// The attention layers of an IP-Adapter file, for `UNet.adding`. Proved by `Fixtures/guide_networks`.
package struct IPAdapterLayers: Sendable {
  /// The memory that its mapped weights take; given back, it comes again with the next call.
  package let pages: WeightPages
  /// Widths of the attentions that it was made for, in the order of the file.
  let widths: [Int]
  let contextWidth: Int
  let layers: [ImageAttention]

  /// Takes `ip_adapter.1.to_k_ip.weight`, `ip_adapter.1.to_v_ip.weight`, `ip_adapter.3...`: odd numbers, one for each
  /// attention to the text of a network of the sizes given, on the way down, on the way up, then innermost.
  ///
  /// - Parameters:
  ///   - configuration: Sizes of the network that the adapter shall guide.
  ///   - weights: The whole file; other keys than those of `ip_adapter.` are not looked at.
  /// - Throws: `WeightsError`, naming the missing or misshapen key, or keys under `ip_adapter.` that no layer reads.
  package init(_ configuration: UNetConfiguration, weights: WeightMap) throws {
    pages = WeightPages(of: weights)
    widths = configuration.crossAttentionWidths
    contextWidth = configuration.contextWidth
    let scope = weights.scoped("ip_adapter.")
    var layers: [ImageAttention] = []
    var known: Set<String> = []
    for (index, width) in widths.enumerated() {
      let names = ["k", "v"].map { "\(2 * index + 1).to_\($0)_ip" }
      layers.append(
        ImageAttention(
          key: try scope.linear(names[0], contextWidth, width, hasBias: false),
          value: try scope.linear(names[1], contextWidth, width, hasBias: false)))
      known.formUnion(names.map { "\($0).weight" })
    }
    let unused = scope.keys.filter { !known.contains($0) }
    if !unused.isEmpty {
      throw WeightsError.unusedKeys(
        file: weights.name, keys: unused.prefix(5).map { "\(scope.prefix)\($0)" }, count: unused.count)
    }
    self.layers = layers
  }
}
