package import Foundation
package import MoonWeights

/// A ControlNet in one file, in the original layout (`control_model.`) or that of diffusers.
package struct ControlNetFile: Sendable {
  /// The file, for messages.
  package let name: String
  private let file: SafetensorsFile
  private let names: [(key: String, original: String, cut: RenamedSource.Cut)]
  /// The `config.json` beside the file, where that is one of a diffusers folder.
  private let beside: URL?

  /// Maps the file at `url`.
  ///
  /// - Throws: `CommunityError`, for a pickle and a file of another kind too.
  package init(contentsOf url: URL) throws(CommunityError) {
    file = try CommunityFile.open(url)
    name = file.name
    try SafetensorsKind.require(file, wanted: "a ControlNet") { $0 == .controlNet }
    let other = url.deletingLastPathComponent().appending(path: "config.json")
    let isOfFolder =
      url.lastPathComponent.hasPrefix("diffusion_pytorch_model.") && FileManager.default.fileExists(atPath: other.path)
    beside = isOfFolder ? other : nil
    let outer = "control_model."
    let prefix = file.keys.contains { $0.hasPrefix(outer) } ? outer : ""
    let found = file.keys.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
    if found.contains(where: { $0.hasPrefix("controlnet_cond_embedding.") }) {
      names = found.map { ($0, prefix + $0, .whole) }
      return
    }
    let all = Set(found)
    let hints = (0..<32).prefix { all.contains("input_hint_block.\(2 * $0).weight") }.count
    guard let keys = UNetKeys(original: all), hints > 1 else {
      throw .unusable(file: file.name, reason: "has a ControlNet whose blocks are not numbered as in Stable Diffusion")
    }
    let table = keys.controlTable(hints: hints)
    names = found.map { (table.diffusers($0) ?? prefix + $0, prefix + $0, .whole) }
  }

  /// The weights by the names of diffusers.
  package func weights() throws(CommunityError) -> WeightMap { WeightMap(try RenamedSource(file, names: names)) }

  /// The configuration: `config.json` beside the file, or as the published folders have it, with the sizes of this file.
  package func configuration() throws(CommunityError) -> ConfigFile {
    if let beside { return try onWeights { () throws(WeightsError) in try ConfigFile(contentsOf: beside) } }
    return ConfigFile(try NetworkShapes(try weights(), name: name).controlNet(), name: name)
  }
}
