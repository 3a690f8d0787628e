package import Foundation
package import MoonTensor
internal import MoonWeights

/// Embeddings for new tokens: a word of a prompt that stands for one or several learned vectors.
///
/// Read from safetensors files of three forms: one tensor named by its token (diffusers), one named `emb_params` (the web
/// UIs), and `clip_l` with `clip_g` for the two encoders of SDXL. The last two have no token's name in them; it is the
/// file's name unless one is given.
package struct TextualInversion: Sendable {
  /// The file, for messages.
  package let name: String
  /// The word that stands for all vectors.
  package let token: String
  /// The number of vectors.
  package let count: Int
  private let file: SafetensorsFile
  private let keys: [LoRA.Component: String]
  /// The tensor of a file with only one.
  private let onlyKey: String?

  private static let pair: KeyValuePairs<String, LoRA.Component> = ["clip_l": .textEncoder, "clip_g": .textEncoder2]

  /// Maps the file at `url`.
  ///
  /// - Parameters:
  ///   - url: The file.
  ///   - token: The word to use instead of the file's own.
  /// - Throws: `CommunityError`, for a pickle and a file of another kind too.
  package init(contentsOf url: URL, token: String? = nil) throws(CommunityError) {
    file = try CommunityFile.open(url)
    name = file.name
    try SafetensorsKind.require(file, wanted: "a textual inversion") { $0 == .textualInversion }
    let isPair = file.keys.contains { $0 == "clip_l" || $0 == "clip_g" }
    let stem = url.deletingPathExtension().lastPathComponent
    let own = file.keys.count == 1 && file.keys[0] != "emb_params" && !isPair ? file.keys[0] : stem
    self.token = token ?? own
    if self.token.isEmpty || self.token.contains(where: \.isWhitespace) {
      throw .unusable(file: name, reason: "cannot be called \"\(self.token.shown)\": a token is a word without spaces")
    }
    var keys: [LoRA.Component: String] = [:]
    for (key, component) in Self.pair where file.entry(key) != nil { keys[component] = key }
    self.keys = keys
    onlyKey = isPair ? nil : file.keys.first
    var counts: [Int] = []
    for key in file.keys {
      let shape = file.entry(key)?.shape ?? []
      guard (1...2).contains(shape.count), !shape.contains(0) else {
        throw .badKey(
          file: name, key: key, reason: "has the shape \(TensorError.text(shape)), wanted [vectors, width]")
      }
      counts.append(shape.count == 1 ? 1 : shape[0])
    }
    count = counts.first ?? 0
    if let other = counts.first(where: { $0 != count }) {
      throw .unusable(file: name, reason: "has \(count) vectors for one text encoder and \(other) for the other")
    }
    if count > 1 << 10 { throw .unusable(file: name, reason: "has \(count) vectors, more than the \(1 << 10) allowed") }
  }

  /// Whether `file` can be one.
  static func isOne(_ file: SafetensorsFile) -> Bool {
    let isPair = !file.keys.isEmpty && file.keys.allSatisfy { $0 == "clip_l" || $0 == "clip_g" }
    guard isPair || file.keys.count == 1 else { return false }
    return file.keys.allSatisfy { (1...2).contains(file.entry($0)?.shape.count ?? 0) }
  }

  /// The token of each vector: `token`, `token_1`, `token_2` ..., as in the reference.
  package var tokens: [String] { [token] + (1..<max(count, 1)).map { "\(token)_\($0)" } }

  /// The vectors for one text encoder, `[count, width]`, float32 or as the file stores them.
  ///
  /// - Parameters:
  ///   - encoder: `.textEncoder`, or `.textEncoder2` of SDXL.
  ///   - width: The width of the encoder's embeddings.
  /// - Returns: The vectors; `nil` when a file with one tensor has another width and so is for the other encoder.
  /// - Throws: `CommunityError.badKey` when they do not fit.
  package func vectors(for encoder: LoRA.Component, width: Int) throws(CommunityError) -> Tensor? {
    guard let key = onlyKey ?? keys[encoder], let shape = file.entry(key)?.shape else { return nil }
    if shape.last != width {
      if onlyKey != nil { return nil }
      throw .badKey(
        file: name, key: key,
        reason: "has vectors of width \(shape.last ?? 0), but the model's \(encoder.rawValue) has \(width)")
    }
    let tensor = try onWeights { () throws(WeightsError) in try file.tensor(key) }
    try tensor.requireFinite(file: name, key: key)
    do { return try tensor.reshaped(to: [count, width]) } catch {
      throw .weights(.tensor(file: name, key: key, error))
    }
  }

  /// The widths of its vectors.
  package var widths: [Int] { file.keys.compactMap { file.entry($0)?.shape.last } }
}
