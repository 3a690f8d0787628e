package import Foundation
internal import MoonWeights

/// A low-rank adapter: for some layers of a model, what is to be added to their weights.
///
/// Read in the layouts of diffusers (`unet.….lora_A.weight`, `….lora.down.weight`, `….processor.to_q_lora.down.weight`),
/// of kohya (`lora_unet_….lora_down.weight`, `lora_te1_…`, with `alpha`, convolutions, Tucker's middle, and the original
/// numbers of blocks) and of PEFT (`base_model.model.…` with `adapter_config.json` beside the file). Each layer has its
/// own rank. `WeightMap.merging` adds it to a network. Proved by `Fixtures/community`.
package struct LoRA: Sendable {
  /// A network that an adapter may change, named as its folder.
  package enum Component: String, Sendable, CaseIterable {
    case unet
    case textEncoder = "text_encoder"
    case textEncoder2 = "text_encoder_2"
  }

  /// The file, for messages.
  package let name: String
  /// The layers, in the order of the file; a `nil` component is the UNet's or the text encoder's, as the names fit.
  let layers: [LoRALayer]

  /// Maps the file at `url` and pairs its tensors.
  ///
  /// - Throws: `CommunityError`, naming the file and the key: a pickle, a file of another kind, a half of a pair, a rank
  ///   that differs between the halves, LoHa, LoKr and others that are not computed here.
  package init(contentsOf url: URL) throws(CommunityError) {
    let file = try CommunityFile.open(url)
    try SafetensorsKind.require(file, wanted: "a LoRA") { $0 == .lora }
    name = file.name
    var pieces: [String: LoRALayer.Pieces] = [:]
    var order: [String] = []
    var isPEFT = false
    for name in file.keys {
      guard let key = LoRAKey(name) else {
        throw .badKey(file: file.name, key: name, reason: "is not the name of a part of a LoRA")
      }
      if case .unsupported(let kind) = key.role {
        throw .badKey(file: file.name, key: name, reason: "belongs to \(kind), which is not supported; LoRA is")
      }
      isPEFT = isPEFT || key.isPEFT
      let place = "\(key.component?.rawValue ?? "")/\(key.layer)"
      if pieces[place] == nil {
        pieces[place] = LoRALayer.Pieces(key)
        order.append(place)
      }
      if let other = pieces[place]?.names.updateValue(name, forKey: key.role) {
        throw .badKey(file: file.name, key: name, reason: "means the same as \"\(other)\"")
      }
    }
    let scaling = try LoRAScaling(file, url: url, isPEFT: isPEFT)
    var layers: [LoRALayer] = []
    for place in order {
      if let piece = pieces[place] { layers.append(try LoRALayer(piece, file: file, scaling: scaling)) }
    }
    self.layers = layers
  }

  /// The networks that it changes.
  package var components: [Component] {
    Component.allCases.filter { component in layers.contains { $0.component == component } }
  }

  /// Throws when it changes a network that the model does not have.
  ///
  /// - Parameter available: The networks of the model.
  /// - Throws: `CommunityError.badKey`.
  package func requireComponents(in available: Set<Component>) throws(CommunityError) {
    for layer in layers {
      guard let component = layer.component, !available.contains(component) else { continue }
      throw .badKey(
        file: name, key: layer.key, reason: "is for a \(component.rawValue), which the model does not have")
    }
  }
}
