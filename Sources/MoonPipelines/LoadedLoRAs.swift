internal import MoonCommunity
internal import MoonWeights

/// The LoRAs of a model with their weights.
struct LoadedLoRAs {
  private let adapters: [(lora: LoRA, strength: Float)]

  /// Opens the files and checks that the model has the networks that they change.
  init(_ list: [ModelOptions.Adapter], isXL: Bool) throws {
    adapters = try list.map { (try LoRA(contentsOf: $0.url), Float($0.weight)) }
    let available: Set<LoRA.Component> = isXL ? [.unet, .textEncoder, .textEncoder2] : [.unet, .textEncoder]
    for adapter in adapters { try adapter.lora.requireComponents(in: available) }
  }

  /// The weights of the network in the folder `part` with the LoRAs merged in.
  func merged(into weights: WeightMap, _ part: String) throws -> WeightMap {
    guard let component = LoRA.Component(rawValue: part) else { return weights }
    return try weights.merging(adapters, into: component)
  }
}
