/// The names of a text encoder of OpenCLIP, which keeps queries, keys and values in one matrix.
enum OpenCLIPKeys {
  private static let outer = [
    "positional_embedding": "text_model.embeddings.position_embedding.weight",
    "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
    "ln_final.weight": "text_model.final_layer_norm.weight",
    "ln_final.bias": "text_model.final_layer_norm.bias",
  ]
  private static let inner = [
    "ln_1": "layer_norm1", "ln_2": "layer_norm2", "mlp.c_fc": "mlp.fc1", "mlp.c_proj": "mlp.fc2",
    "attn.out_proj": "self_attn.out_proj",
  ]
  private static let layer = "transformer.resblocks."

  /// The number of layers among `names`.
  static func layerCount(of names: [String]) -> Int {
    var numbers: Set<Substring> = []
    for name in names where name.hasPrefix(layer) { numbers.insert(name.dropFirst(layer.count).prefix { $0 != "." }) }
    return numbers.count
  }

  /// What the reference calls the parts of the tensor `name`, a name without the network's prefix.
  ///
  /// - Parameters:
  ///   - name: The original name.
  ///   - layers: How many layers are kept; SD 2.x was trained on the last but one.
  ///   - hasProjection: Whether the projection is kept.
  /// - Returns: Names and cuts; empty for what is left out, `nil` for a name that is not known.
  static func parts(
    of name: String, layers: Int, hasProjection: Bool
  ) -> [(key: String, cut: RenamedSource.Cut)]? {
    if let key = outer[name] { return [(key, .whole)] }
    switch name {
    case "text_projection": return hasProjection ? [("text_projection.weight", .transposed)] : []
    case "logit_scale", "attn_mask": return []
    default: break
    }
    guard name.hasPrefix(layer) else { return nil }
    let rest = name.dropFirst(layer.count)
    guard let dot = rest.firstIndex(of: "."), let number = Int(rest[..<dot]) else { return nil }
    let tail = String(rest[rest.index(after: dot)...])
    let prefix = "text_model.encoder.layers.\(number)."
    if let kind = ["attn.in_proj_weight": "weight", "attn.in_proj_bias": "bias"][tail] {
      if number >= layers { return [] }
      return ["q_proj", "k_proj", "v_proj"].enumerated().map { index, part in
        ("\(prefix)self_attn.\(part).\(kind)", .third(index))
      }
    }
    guard let end = tail.lastIndex(of: "."), let module = inner[String(tail[..<end])] else { return nil }
    return number >= layers ? [] : [("\(prefix)\(module)\(tail[end...])", .whole)]
  }
}
