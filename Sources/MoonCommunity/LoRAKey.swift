/// A name in an adapter's file: the layer that it is for, and what the tensor is.
struct LoRAKey: Equatable, Sendable {
  /// What a tensor of an adapter is.
  enum Role: Sendable, Hashable {
    /// The matrix that narrows, `[rank, in]`, or a convolution `[rank, in, kernel, kernel]`.
    case down
    /// The matrix that widens, `[out, rank]`, or a convolution.
    case up
    /// The convolution between them (Tucker decomposition), `[rank, rank, kernel, kernel]`.
    case mid
    /// The number that the product is scaled by, times the rank.
    case alpha
    /// The length that each row of the changed weight is given (DoRA), `[out]`, with sizes of 1 around it.
    case magnitude
    /// Something that changes the layer in a way that is not computed here; its name.
    case unsupported(String)
  }

  /// The network that the layer belongs to; `nil` where the name does not tell.
  let component: LoRA.Component?
  /// The layer: in diffusers' dotted form, or where `isFlat` with underscores for all dots.
  let layer: String
  /// Whether dots and underscores are not told apart.
  let isFlat: Bool
  /// What the tensor is.
  let role: Role
  /// Whether the name has the prefix that PEFT puts before the model's own names.
  let isPEFT: Bool

  private static let suffixes: KeyValuePairs<String, Role> = [
    ".lora_down.weight": .down, ".lora_up.weight": .up, ".lora_mid.weight": .mid, ".alpha": .alpha,
    ".lora_A.weight": .down, ".lora_B.weight": .up, ".lora_A.default.weight": .down, ".lora_B.default.weight": .up,
    ".lora.down.weight": .down, ".lora.up.weight": .up,
    ".lora_linear_layer.down.weight": .down, ".lora_linear_layer.up.weight": .up,
    "_lora.down.weight": .down, "_lora.up.weight": .up,
    ".dora_scale": .magnitude, ".lora_magnitude_vector": .magnitude, ".lora_magnitude_vector.weight": .magnitude,
    ".lora_magnitude_vector.default.weight": .magnitude, ".lora_B.bias": .unsupported("a LoRA with biases"),
    ".hada_w1_a": .unsupported("LoHa"), ".hada_w1_b": .unsupported("LoHa"), ".hada_w2_a": .unsupported("LoHa"),
    ".hada_w2_b": .unsupported("LoHa"), ".hada_t1": .unsupported("LoHa"), ".hada_t2": .unsupported("LoHa"),
    ".lokr_w1": .unsupported("LoKr"), ".lokr_w1_a": .unsupported("LoKr"), ".lokr_w1_b": .unsupported("LoKr"),
    ".lokr_w2": .unsupported("LoKr"), ".lokr_w2_a": .unsupported("LoKr"), ".lokr_w2_b": .unsupported("LoKr"),
    ".lokr_t2": .unsupported("LoKr"), ".oft_blocks": .unsupported("OFT"), ".oft_diag": .unsupported("OFT"),
    ".diff": .unsupported("a full difference"), ".diff_b": .unsupported("a full difference"),
    ".on_input": .unsupported("(IA)3"),
  ]

  private static let prefixes: KeyValuePairs<String, (LoRA.Component, isFlat: Bool)> = [
    "lora_unet_": (.unet, true), "lora_te1_": (.textEncoder, true), "lora_te2_": (.textEncoder2, true),
    "lora_te_": (.textEncoder, true), "unet.": (.unet, false), "text_encoder.": (.textEncoder, false),
    "text_encoder_2.": (.textEncoder2, false), "text_model.": (.textEncoder, false),
  ]

  /// Takes a name apart; `nil` when it is none that adapters have.
  init?(_ name: String) {
    let wrapper = "base_model.model."
    isPEFT = name.hasPrefix(wrapper)
    let inner = isPEFT ? String(name.dropFirst(wrapper.count)) : name
    // Of suffixes that end alike the longer one counts: ".lora_down.weight" is no "_lora.down.weight".
    guard
      let (suffix, role) = Self.suffixes.filter({ inner.hasSuffix($0.key) }).max(by: { $0.key.count < $1.key.count })
    else { return nil }
    self.role = role
    let module = String(inner.dropLast(suffix.count))
    let found = Self.prefixes.first { module.hasPrefix($0.key) }
    component = found?.value.0
    isFlat = found?.value.isFlat ?? false
    // The text model's own first name stays.
    let dropped = found.map { $0.key == "text_model." ? 0 : $0.key.count } ?? 0
    let rest = String(module.dropFirst(dropped))
    layer = isFlat ? rest : Self.plain(rest, isText: component == .textEncoder || component == .textEncoder2)
  }

  /// Whether `name` is one by which an adapter is known; an alpha alone is none.
  static func isLoRA(_ name: String) -> Bool {
    guard let key = LoRAKey(name) else { return false }
    switch key.role {
    case .alpha: return name.hasPrefix("lora_")
    case .unsupported("a full difference"), .unsupported("(IA)3"): return key.isFlat
    default: return true
    }
  }

  /// The layer's present name, for names that the reference once gave to attention layers.
  private static func plain(_ layer: String, isText: Bool) -> String {
    var parts = layer.split(separator: ".", omittingEmptySubsequences: false).filter { $0 != "processor" }
    guard let last = parts.popLast() else { return layer }
    switch (String(last), isText) {
    case ("to_out", false): parts += ["to_out", "0"]
    case ("to_out", true): parts.append("out_proj")
    case ("to_q", true): parts.append("q_proj")
    case ("to_k", true): parts.append("k_proj")
    case ("to_v", true): parts.append("v_proj")
    default: parts.append(last)
    }
    return parts.joined(separator: ".")
  }
}
