/// Names of modules in two layouts: that in which a model was trained, and that of diffusers.
///
/// A row stands for every tensor whose name begins with the module's.
struct KeyTable: Sendable {
  /// How names go on below a module.
  enum Inside: Sendable {
    /// In the same way in both layouts.
    case same
    /// As in a residual block of a UNet.
    case residual
    /// As in a residual block of an autoencoder.
    case plainResidual
    /// As in the attention of an autoencoder.
    case pixelAttention

    /// The names that differ, original first; empty for `same`.
    var names: [(original: String, diffusers: String)] {
      switch self {
      case .same: []
      case .residual:
        [
          ("in_layers.0", "norm1"), ("in_layers.2", "conv1"), ("emb_layers.1", "time_emb_proj"),
          ("out_layers.0", "norm2"), ("out_layers.3", "conv2"), ("skip_connection", "conv_shortcut"),
        ]
      case .plainResidual:
        [
          ("norm1", "norm1"), ("conv1", "conv1"), ("norm2", "norm2"), ("conv2", "conv2"),
          ("nin_shortcut", "conv_shortcut"),
        ]
      case .pixelAttention:
        [("norm", "group_norm"), ("q", "to_q"), ("k", "to_k"), ("v", "to_v"), ("proj_out", "to_out.0")]
      }
    }
  }

  private struct Row {
    let name: String
    let inside: Inside
  }

  /// By the module's original name.
  private var byOriginal: [String: Row] = [:]
  /// By the module's name in diffusers; a module may have had several names.
  private var byDiffusers: [String: [Row]] = [:]

  /// Adds a module with its names.
  mutating func add(_ original: String, _ diffusers: String, inside: Inside = .same) {
    byOriginal[original] = Row(name: diffusers, inside: inside)
    byDiffusers[diffusers, default: []].append(Row(name: original, inside: inside))
  }

  /// What diffusers calls the tensor or module that was called `original`; `nil` when no row stands for it.
  func diffusers(_ original: String) -> String? {
    for (module, rest) in Self.splits(of: original) {
      guard let row = byOriginal[module] else { continue }
      return Self.renamed(rest, row.inside.names.map { ($0.original, $0.diffusers) }).map { row.name + $0 }
    }
    return nil
  }

  /// What the tensor or module was called that diffusers calls `diffusers`, in every form that files have.
  func originals(_ diffusers: String) -> [String] {
    for (module, rest) in Self.splits(of: diffusers) {
      guard let rows = byDiffusers[module] else { continue }
      return rows.compactMap { row in
        Self.renamed(rest, row.inside.names.map { ($0.diffusers, $0.original) }).map { row.name + $0 }
      }
    }
    return []
  }

  /// The beginnings of `name` that end before a dot, the longest first, and what follows them.
  private static func splits(of name: String) -> [(module: String, rest: Substring)] {
    var result = [(name, Substring())]
    var end = name.endIndex
    while let dot = name[..<end].lastIndex(of: ".") {
      result.append((String(name[..<dot]), name[dot...]))
      end = dot
    }
    return result
  }

  /// `rest`, a dot and names, with the first of `names` that it begins with replaced; as it is when there are no `names`.
  private static func renamed(_ rest: Substring, _ names: [(String, String)]) -> String? {
    if names.isEmpty || rest.isEmpty { return String(rest) }
    for (old, new) in names where rest.dropFirst().hasPrefix(old) {
      let tail = rest.dropFirst(1 + old.count)
      if tail.isEmpty || tail.first == "." { return ".\(new)\(tail)" }
    }
    return nil
  }
}
