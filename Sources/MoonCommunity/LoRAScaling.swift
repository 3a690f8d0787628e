internal import Foundation
internal import MoonTensor
internal import MoonWeights

/// The factor of each layer of an adapter: alpha divided by the rank.
///
/// Alpha is a tensor beside the layer's, or stands in the file's metadata (`lora_adapter_metadata`, as diffusers writes
/// it) or in `adapter_config.json` beside the file (as PEFT does); without any of these it is the rank.
struct LoRAScaling: Sendable {
  private struct Rule: Sendable {
    /// PEFT's own default.
    var alpha: Double = 8
    var patterns: [(name: String, alpha: Double)] = []
    var dividesByRoot = false
    var usesDoRA = false

    /// The alpha of a layer: that of the first pattern that is the end of its name, from a dot on.
    func alpha(of layer: String) -> Double {
      let found = patterns.first { name, _ in
        name.hasPrefix("^") ? layer == name.dropFirst() : layer == name || layer.hasSuffix("." + name)
      }
      return found?.alpha ?? alpha
    }
  }

  /// By the beginning of the layers' names, `unet.` for example.
  private var rules: [String: Rule] = [:]

  /// Reads what goes with `file`.
  ///
  /// - Throws: `CommunityError`, when a file of PEFT has no configuration, or one asks for what is not computed here.
  init(_ file: SafetensorsFile, url: URL, isPEFT: Bool) throws(CommunityError) {
    if isPEFT {
      let beside = url.deletingLastPathComponent().appending(path: "adapter_config.json")
      guard FileManager.default.fileExists(atPath: beside.path) else {
        throw .unusable(file: file.name, reason: "has no adapter_config.json beside it, which tells its scale")
      }
      let config = try onWeights { () throws(WeightsError) in try ConfigFile(contentsOf: beside) }
      rules[""] = try Self.rule(config, prefix: "")
    } else if let text = file.metadata["lora_adapter_metadata"] {
      let config = try onWeights { () throws(WeightsError) in
        try ConfigFile(Array(text.utf8), name: "\(file.name) (lora_adapter_metadata)")
      }
      for prefix in LoRA.Component.allCases.map({ $0.rawValue + "." })
      where config.keys.contains(where: { $0.hasPrefix(prefix) }) {
        rules[prefix] = try Self.rule(config, prefix: prefix)
      }
    }
  }

  private static func rule(_ config: ConfigFile, prefix: String) throws(CommunityError) -> Rule {
    try onWeights { () throws(WeightsError) in
      for kind in ["use_qalora", "use_bdlora"] {
        guard try config.optional(prefix + kind, .bool) ?? false else { continue }
        throw .badValue(
          file: config.name, key: prefix + kind, found: "true", wanted: "false; only LoRA and DoRA are supported")
      }
      let type = try config.string(prefix + "peft_type", default: "LORA")
      if type != "LORA" {
        throw .badValue(file: config.name, key: prefix + "peft_type", found: "\"\(type.shown)\"", wanted: "\"LORA\"")
      }
      var rule = Rule()
      if let alpha = try config.optional(prefix + "lora_alpha", .number()) { rule.alpha = alpha }
      rule.usesDoRA = try config.optional(prefix + "use_dora", .bool) ?? false
      rule.dividesByRoot = try config.optional(prefix + "use_rslora", .bool) ?? false
      guard let patterns = try config.section(prefix + "alpha_pattern") else { return rule }
      for name in patterns.keys {
        guard name.utf8.allSatisfy(isPlain) else {
          throw .badValue(
            file: config.name, key: prefix + "alpha_pattern", found: "\"\(name.shown)\"", wanted: "names of layers")
        }
        rule.patterns.append((name, try patterns.double(name)))
      }
      return rule
    }
  }

  /// What a name of a layer has, `^` for its beginning included; other marks of regular expressions are not understood.
  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "^"):
      true
    default: false
    }
  }

  /// The factor of a layer.
  ///
  /// - Parameters:
  ///   - key: The layer.
  ///   - rank: Its rank.
  ///   - alpha: The tensor that holds its alpha, if there is one.
  ///   - file: The adapter.
  /// - Returns: The factor, finite.
  /// - Throws: `CommunityError`, when the alpha is no finite number.
  func scale(of key: LoRAKey, rank: Int, alpha: String?, in file: SafetensorsFile) throws(CommunityError) -> Float {
    if let alpha {
      let value = try Self.number(alpha, in: file)
      guard value.isFinite else { throw .badKey(file: file.name, key: alpha, reason: "is \(value)") }
      return Float(value / Double(rank))
    }
    guard let rule = rule(of: key) else { return 1 }
    return Float(rule.alpha(of: key.layer) / (rule.dividesByRoot ? Double(rank).squareRoot() : Double(rank)))
  }

  /// Whether what goes with the file says that its layers have magnitudes.
  func needsMagnitude(of key: LoRAKey) -> Bool { rule(of: key)?.usesDoRA ?? false }

  private func rule(of key: LoRAKey) -> Rule? { rules["\(key.component?.rawValue ?? "")."] ?? rules[""] }

  private static func number(_ key: String, in file: SafetensorsFile) throws(CommunityError) -> Double {
    guard let entry = file.entry(key), entry.shape.allSatisfy({ $0 == 1 }) else {
      throw .badKey(file: file.name, key: key, reason: "is not one number")
    }
    return try onWeights { () throws(WeightsError) in
      do {
        let isFloat = entry.dtype.tensorDType != nil || entry.dtype == .float64
        return isFloat ? Double(try file.tensor(key).floats().first ?? .nan) : Double(try file.integers(key).first ?? 0)
      } catch let error as WeightsError {
        throw error
      } catch {
        throw .malformed(file: file.name, reason: "cannot be read: \(error)")
      }
    }
  }
}
