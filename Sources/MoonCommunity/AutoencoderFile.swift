package import Foundation
internal import MoonTensor
package import MoonWeights

/// An autoencoder alone: a file in either layout, or a folder in that of diffusers.
package struct AutoencoderFile: Sendable {
  /// The file or folder, for messages.
  package let name: String
  private let source: Source

  private enum Source: Sendable {
    case folder(URL, variant: String?)
    case file(SafetensorsFile, [(key: String, original: String, cut: RenamedSource.Cut)], configuration: URL?)
  }

  /// Opens what lies at `url`: a folder with `config.json`, a model's folder with such a folder `vae`, or a file.
  ///
  /// - Parameters:
  ///   - url: The file or folder.
  ///   - variant: Which weights of a folder to prefer.
  /// - Throws: `CommunityError`.
  package init(contentsOf url: URL, variant: String? = nil) throws(CommunityError) {
    name = url.shownPath
    var isFolder: ObjCBool = false
    if unsafe FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder.boolValue {
      let inner = url.appending(path: "vae")
      let isModel = FileManager.default.fileExists(atPath: inner.appending(path: "config.json").path)
      source = .folder(isModel ? inner : url, variant: variant)
      return
    }
    let file = try CommunityFile.open(url)
    try SafetensorsKind.require(file, wanted: "an autoencoder") { kind in
      switch kind {
      case .vae, .checkpoint: true
      default: false
      }
    }
    let outer = ["first_stage_model.", "vae."].first { outer in file.keys.contains { $0.hasPrefix(outer) } }
    let isModel = SafetensorsKind(file) != .vae
    let prefix = outer ?? ""
    let found =
      isModel && outer == nil
      ? [] : file.keys.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
    if found.isEmpty { throw .unusable(file: file.name, reason: "holds no autoencoder") }
    // A config.json beside the file counts only if it is an autoencoder's.
    let beside = url.deletingLastPathComponent().appending(path: "config.json")
    let className = try? ConfigFile(contentsOf: beside).string("_class_name")
    source = .file(
      file, try Self.names(found, prefix: prefix, file: file.name),
      configuration: className == "AutoencoderKL" ? beside : nil)
  }

  /// The weights by the names of diffusers.
  package func weights() throws(CommunityError) -> WeightMap {
    switch source {
    case .folder(let folder, let variant):
      try onWeights { () throws(WeightsError) in
        try .open(component: folder, baseName: "diffusion_pytorch_model", variant: variant)
      }
    case .file(let file, let names, _): WeightMap(try RenamedSource(file, names: names))
    }
  }

  /// The configuration: `config.json` of the folder, or beside the file, or what the file's sizes tell.
  ///
  /// - Parameter family: The model that the autoencoder is for; it tells the factor of the latents, which no file holds.
  /// - Returns: The configuration.
  /// - Throws: `CommunityError`.
  package func configuration(for family: CheckpointKind.Family) throws(CommunityError) -> ConfigFile {
    switch source {
    case .folder(let folder, _):
      return try onWeights { () throws(WeightsError) in
        try ConfigFile(contentsOf: folder.appending(path: "config.json"))
      }
    case .file(_, _, let beside?):
      return try onWeights { () throws(WeightsError) in try ConfigFile(contentsOf: beside) }
    case .file:
      return ConfigFile(try NetworkShapes(try weights(), name: name).autoencoder(family: family), name: name)
    }
  }

  /// What diffusers calls the tensors named `found`, which have `prefix` before them in the file.
  static func names(
    _ found: [String], prefix: String, file: String
  ) throws(CommunityError) -> [(key: String, original: String, cut: RenamedSource.Cut)] {
    if found.contains(where: { $0.hasPrefix("encoder.down_blocks.") }) {
      return found.map { ($0, prefix + $0, .whole) }
    }
    guard let keys = AutoencoderKeys(original: Set(found)) else {
      throw .unusable(file: file, reason: "has an autoencoder whose blocks are not numbered as in Stable Diffusion")
    }
    let table = keys.table
    return found.compactMap { name in
      // The losses of training, and its averages.
      if name.hasPrefix("loss.") || name.hasPrefix("model_ema.") { return nil }
      let isMatrix = name.contains(".mid.attn_1.") && name.hasSuffix(".weight") && !name.hasSuffix(".norm.weight")
      return (table.diffusers(name) ?? prefix + name, prefix + name, isMatrix ? .matrix : .whole)
    }
  }
}
