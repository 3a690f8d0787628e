internal import MoonTensor

/// One part of a bundle.
enum BundlePart: Sendable {
  case promptEmbeds
  case pooledEmbeds
  case timeIDs
  /// Of one IP-Adapter.
  case imageEmbeds(Int)
}

extension ConditioningBundle {
  /// A part; `nil` where the model has none.
  subscript(part: BundlePart) -> Tensor? {
    get {
      switch part {
      case .promptEmbeds: text.promptEmbeds
      case .pooledEmbeds: text.pooledEmbeds
      case .timeIDs: timeIDs
      case .imageEmbeds(let index): imageEmbeds.indices.contains(index) ? imageEmbeds[index] : nil
      }
    }
    set {
      guard let newValue else { return }
      switch part {
      case .promptEmbeds: text.promptEmbeds = newValue
      case .pooledEmbeds: text.pooledEmbeds = newValue
      case .timeIDs: timeIDs = newValue
      case .imageEmbeds(let index): if imageEmbeds.indices.contains(index) { imageEmbeds[index] = newValue }
      }
    }
  }
}

/// Where a tensor on offer to callbacks lives.
enum TensorSlot: Sendable {
  case latents
  /// Both halves of a part while guidance is on, else the wanted one.
  case both(BundlePart)
  /// The unwanted half of a part.
  case unconditional(BundlePart)
  case mask
  case maskedImageLatents
  /// What one ControlNet follows.
  case controlImage(Int)
}

extension RunState {
  /// The tensor of an input that both halves share; `nil` for other slots and where the run has none.
  subscript(shared slot: TensorSlot) -> HalvedTensor? {
    get {
      switch slot {
      case .mask: mask
      case .maskedImageLatents: maskedImageLatents
      case .controlImage(let index): controlImages.indices.contains(index) ? controlImages[index] : nil
      case .latents, .both, .unconditional: nil
      }
    }
    set {
      guard let newValue else { return }
      switch slot {
      case .mask: mask = newValue
      case .maskedImageLatents: maskedImageLatents = newValue
      case .controlImage(let index): if controlImages.indices.contains(index) { controlImages[index] = newValue }
      case .latents, .both, .unconditional: break
      }
    }
  }
}
