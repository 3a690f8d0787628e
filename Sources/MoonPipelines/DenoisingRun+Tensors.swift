public import MoonTensor

/// The tensors on offer to callbacks, by the reference's names. Every one is writable, and a write changes the next
/// step.
extension DenoisingRun {
  /// The names that this run offers.
  public var tensorNames: [String] { namedSlots.map(\.name) }

  /// The names that a model offers in text-to-image runs, or in inpainting where that is what it was trained for.
  ///
  /// - Parameters:
  ///   - isXL: Whether the model is of the SDXL family.
  ///   - isInpaintingModel: Whether its network takes a mask.
  /// - Returns: The names, in the order in which writes take effect.
  public static func tensorNames(isXL: Bool, isInpaintingModel: Bool) -> [String] {
    ["latents", "prompt_embeds", "negative_prompt_embeds"]
      + (isXL ? ["add_text_embeds", "negative_pooled_prompt_embeds", "add_time_ids", "add_neg_time_ids"] : [])
      + (isInpaintingModel ? ["mask", "masked_image_latents"] : [])
  }

  /// How many tensors are behind a name: more than one for the images of several ControlNets and for the image
  /// embeddings of several IP-Adapters.
  ///
  /// - Parameter name: One of `tensorNames`.
  /// - Returns: The number; 0 for a name that is not on offer.
  public func tensorCount(of name: String) -> Int { namedSlots.first { $0.name == name }?.slots.count ?? 0 }

  /// The tensor of that name as the reference's callbacks see it.
  ///
  /// - Parameters:
  ///   - name: One of `tensorNames`.
  ///   - index: Which one where there are several.
  /// - Returns: For what the reference doubles for guidance the rows of both halves, the unwanted first, while guidance
  ///   is on; else one row an image.
  /// - Throws: `PipelineError.unknownTensor`; an error of the text encoder when the unwanted half is encoded only now.
  public func tensor(_ name: String, at index: Int = 0) throws -> Tensor { try tensor(name, at: index, of: state) }

  /// The tensor of that name as it was in `state`, which may be an earlier state of this run.
  package func tensor(_ name: String, at index: Int = 0, of state: RunState) throws -> Tensor {
    let slot = try slot(name, index)
    switch slot {
    case .latents: return state.latents
    case .both(let part):
      let wanted = try self.part(state.conditional, part, name)
      if !state.guides { return wanted }
      return try Tensor.concatenated([self.part(state.unconditional ?? unconditional(), part, name), wanted], along: 0)
    case .unconditional(let part): return try self.part(state.unconditional ?? unconditional(), part, name)
    case .mask, .maskedImageLatents, .controlImage:
      guard let shared = state[shared: slot] else { throw unknown(name) }
      return try shared.view(doubled: doubles(slot, state))
    }
  }

  /// Writes a copy of a tensor to that name; the next step uses it.
  ///
  /// - Parameters:
  ///   - tensor: Finite numbers. Where the reference doubles for guidance, both halves (twice the batch) or one row an
  ///     image.
  ///   - name: One of `tensorNames`.
  ///   - index: Which one where there are several.
  /// - Throws: `PipelineError.unknownTensor`, `.badShape`, `.notFinite`.
  public func setTensor(_ tensor: Tensor, for name: String, at index: Int = 0) throws {
    let slot = try slot(name, index)
    switch slot {
    case .latents:
      try check(tensor, name, single: latentsShape, isDoubled: false)
      state.latents = try tensor.copied()
    case .both(let part):
      let single = try self.part(state.conditional, part, name).shape
      try check(tensor, name, single: single, isDoubled: true)
      if tensor.shape[0] == single[0] {
        state.conditional[part] = try tensor.copied()
      } else {
        var other = try unconditional()
        other[part] = try tensor.narrow(0, start: 0, length: batchSize).copied()
        state.unconditional = other
        state.conditional[part] = try tensor.narrow(0, start: batchSize, length: batchSize).copied()
      }
    case .unconditional(let part):
      try check(tensor, name, single: self.part(state.conditional, part, name).shape, isDoubled: false)
      var other = try unconditional()
      other[part] = try tensor.copied()
      state.unconditional = other
    case .mask, .maskedImageLatents, .controlImage:
      guard var shared = state[shared: slot] else { throw unknown(name) }
      try check(tensor, name, single: shared.conditional.shape, isDoubled: true)
      try shared.write(tensor)
      state[shared: slot] = shared
    }
  }

  /// Swaps the prompt; sizes and image prompts stay.
  ///
  /// - Parameter prompt: The halves to take, `batchSize` rows each.
  /// - Throws: An error of the text encoder when the unwanted half is encoded only now.
  public func setPrompt(_ prompt: EncodedPrompt) throws {
    state.conditional.text = prompt.conditional
    guard let text = prompt.unconditional else { return }
    var other = try unconditional()
    other.text = text
    state.unconditional = other
  }

  // MARK: Names

  /// Each name with what it stands for. Where two names write to one place, the one that says more comes last.
  private var namedSlots: [(name: String, slots: [TensorSlot])] {
    var slots: [(name: String, slots: [TensorSlot])] = [
      ("latents", [.latents]), ("prompt_embeds", [.both(.promptEmbeds)]),
      ("negative_prompt_embeds", [.unconditional(.promptEmbeds)]),
    ]
    if state.conditional.text.pooledEmbeds != nil {
      slots.append(("add_text_embeds", [.both(.pooledEmbeds)]))
      slots.append(("negative_pooled_prompt_embeds", [.unconditional(.pooledEmbeds)]))
    }
    if state.conditional.timeIDs != nil {
      slots.append(("add_time_ids", [.both(.timeIDs)]))
      slots.append(("add_neg_time_ids", [.unconditional(.timeIDs)]))
    }
    if state.mask != nil { slots.append(("mask", [.mask])) }
    if state.maskedImageLatents != nil { slots.append(("masked_image_latents", [.maskedImageLatents])) }
    if !state.controlImages.isEmpty {
      slots.append((startsFromImage ? "control_image" : "image", state.controlImages.indices.map { .controlImage($0) }))
    }
    if !state.conditional.imageEmbeds.isEmpty {
      slots.append(("image_embeds", state.conditional.imageEmbeds.indices.map { .both(.imageEmbeds($0)) }))
    }
    return slots
  }

  private func slot(_ name: String, _ index: Int) throws -> TensorSlot {
    guard let slots = namedSlots.first(where: { $0.name == name })?.slots, slots.indices.contains(index) else {
      throw unknown(name)
    }
    return slots[index]
  }

  private func part(_ bundle: ConditioningBundle, _ part: BundlePart, _ name: String) throws -> Tensor {
    guard let tensor = bundle[part] else { throw unknown(name) }
    return tensor
  }

  private func unknown(_ name: String) -> PipelineError { .unknownTensor(name: name, onOffer: tensorNames) }

  /// Whether callbacks see an input that both halves share once for each half.
  private func doubles(_ slot: TensorSlot, _ state: RunState) -> Bool {
    if case .controlImage = slot, guessesControl { return false }
    return state.guides
  }

  private func check(_ tensor: Tensor, _ name: String, single: [Int], isDoubled: Bool) throws {
    let shapes = isDoubled ? [[2 * single[0]] + single.dropFirst(), single] : [single]
    guard shapes.contains(tensor.shape) else {
      throw PipelineError.badShape(name: name, found: tensor.shape, wanted: shapes)
    }
    if let index = try tensor.firstNonFinite() { throw PipelineError.notFinite(name: name, index: index) }
  }
}
