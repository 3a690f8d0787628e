internal import MoonTensor
package import MoonWeights

/// How the sums of weights and adapters are kept.
package enum MergedPrecision: Sendable {
  /// As float32: equal to the reference that runs in float32.
  case full
  /// As the file stores the weights: a sum with weights of half precision is rounded once to half precision.
  case stored
  /// `full` where the sums of a network then take at most 2 GiB, `stored` elsewhere.
  case automatic

  /// Bytes of float32 sums up to which `automatic` keeps them.
  static let limit = 2 << 30
}

extension WeightMap {
  /// The same weights with adapters added: `weight + strength * alpha / rank * up * down`, summed in float32, and for
  /// DoRA what its magnitudes make of that.
  ///
  /// This map stays as it is, so an adapter is taken off by going back to it. The sums are computed when the tensors are
  /// taken. Every layer of an adapter that belongs to `component` must be a layer of the network, of the same shape.
  ///
  /// - Parameters:
  ///   - adapters: The adapters with their strengths, in any number and order.
  ///   - component: The network whose weights these are.
  ///   - precision: How the sums are kept.
  /// - Returns: A map of which nothing is used yet.
  /// - Throws: `CommunityError.badKey`, naming the adapter's file and key.
  package func merging(
    _ adapters: [(lora: LoRA, strength: Float)], into component: LoRA.Component,
    precision: MergedPrecision = .automatic
  ) throws(CommunityError) -> WeightMap {
    if adapters.isEmpty { return self }
    let targets = LoRATargets(self, component: component)
    var additions: [String: [MergedSource.Addition]] = [:]
    for (lora, strength) in adapters {
      guard strength.isFinite else { throw .unusable(file: lora.name, reason: "cannot be added \(strength) times") }
      var own: [String: String] = [:]
      for layer in lora.layers where layer.component == component || layer.component == nil {
        guard let key = targets.key(of: layer) else {
          // A name without its network's may be another network's.
          if layer.component == nil, LoRATargets.isOthers(layer.layer, than: component) { continue }
          throw .badKey(
            file: lora.name, key: layer.key,
            reason: "names no layer of the model's \(component.rawValue): the LoRA was made for another model")
        }
        if let other = own.updateValue(layer.key, forKey: key) {
          throw .badKey(file: lora.name, key: layer.key, reason: "means the same layer as \"\(other)\"")
        }
        try layer.requireShape(shape(of: key) ?? [])
        if strength != 0 || layer.hasMagnitude {
          additions[prefix + key, default: []].append(.init(layer: layer, strength: strength))
        }
      }
    }
    let byteCount = additions.keys.reduce(0) { count, key in
      count + 4 * (shape(of: String(key.dropFirst(prefix.count))) ?? []).reduce(1, *)
    }
    let keepsHalf = precision == .stored || precision == .automatic && byteCount > MergedPrecision.limit
    return withSource { MergedSource(base: $0, additions: additions, keepsHalf: keepsHalf) }
  }
}
