internal import MoonWeights

/// The layers of a network by the names that adapters have for them.
struct LoRATargets {
  /// Keys of weights by dotted names of layers.
  private var dotted: [String: String] = [:]
  /// Keys of weights by names with underscores for dots, in the layout of diffusers and in the original one.
  private var flat: [String: String] = [:]

  /// The first names of layers of a text encoder; all others are a UNet's.
  private static let textNames = [
    "text_model.", "text_projection", "encoder.layers.", "embeddings.", "final_layer_norm",
  ]

  /// The layers of `weights`, the network `component`.
  init(_ weights: WeightMap, component: LoRA.Component) {
    let keys = weights.keys
    let original = component == .unet ? UNetKeys(diffusers: Set(keys))?.table : nil
    let suffix = ".weight"
    for key in keys where key.hasSuffix(suffix) {
      let layer = String(key.dropLast(suffix.count))
      var names = [layer]
      // Text encoders are stored with or without this name; adapters have it, or newer ones not.
      if component != .unet {
        let model = "text_model."
        names.append(layer.hasPrefix(model) ? String(layer.dropFirst(model.count)) : model + layer)
      }
      for name in names {
        dotted[name] = key
        flat[Self.flattened(name)] = key
      }
      for name in original?.originals(layer) ?? [] { flat[Self.flattened(name)] = key }
    }
  }

  private static func flattened(_ name: String) -> String { name.replacing(".", with: "_") }

  /// The key of the weight that `layer` changes; `nil` when the network has no such layer.
  func key(of layer: LoRALayer) -> String? { layer.isFlat ? flat[layer.layer] : dotted[layer.layer] }

  /// Whether `layer`, a name that does not tell its network, belongs to another one than `component`.
  static func isOthers(_ layer: String, than component: LoRA.Component) -> Bool {
    textNames.contains { layer.hasPrefix($0) } == (component == .unet)
  }
}
