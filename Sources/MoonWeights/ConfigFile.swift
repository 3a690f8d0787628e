package import Foundation
internal import MoonTensor

/// The settings in a JSON file, `unet/config.json` for example, read by name and kind.
///
/// A value of another kind than asked for, `null` included, is an error with file and key; a setting that is absent takes
/// the default where one is given and is an error elsewhere. What was asked for is noted, so that `finish` finds the
/// settings that nothing reads. A configuration is read by one task at a time.
package struct ConfigFile {
  /// The path as given, for messages.
  package let name: String
  private let object: JSONObject
  private let path: String
  private let usage = Usage()

  /// The keys that were asked for.
  private final class Usage {
    var keys: Set<String> = []
  }

  /// Reads the JSON object in the file at `url`, which has at most `limit` bytes.
  ///
  /// `Infinity` and `-Infinity` are accepted where Python writes them for a number; `NaN` is not.
  package init(contentsOf url: URL, limit: Int = 1 << 24) throws(WeightsError) {
    let bytes: [UInt8]
    do { bytes = try FileBytes.read(url, limit: limit) } catch { throw .file(error) }
    try self.init(bytes, name: url.shownPath)
  }

  /// Reads the JSON object in `bytes`; messages call it `name`.
  package init(_ bytes: [UInt8], name: String) throws(WeightsError) {
    let value: JSONValue
    do { value = try JSONReader.parse(bytes, limits: JSONReader.Limits(allowsInfinity: true)) } catch {
      throw .malformed(file: name, reason: "is not valid JSON: \(error)")
    }
    guard case .object(let object) = value else { throw .malformed(file: name, reason: "is not a JSON object") }
    self.init(object, name: name)
  }

  /// The settings in `object`; messages call its file `name` and put `path` before its keys.
  package init(_ object: JSONObject, name: String, path: String = "") {
    self.object = object
    self.name = name
    self.path = path
  }

  /// Names of the settings, in the order of the file.
  package var keys: [String] { object.keys }

  /// Whether the setting is there, `null` included; asking counts as reading.
  package func has(_ key: String) -> Bool { value(key) != nil }

  /// Whether the setting is there and `null`.
  package func isNull(_ key: String) -> Bool { value(key) == .null }

  /// The setting, whatever it is.
  package func value(_ key: String) -> JSONValue? {
    usage.keys.insert(key)
    return object[key]
  }

  /// The setting, of the kind `kind`; without a default it must be there.
  package func get<Value>(_ key: String, _ kind: JSONKind<Value>, default: Value? = nil) throws(WeightsError) -> Value {
    guard let found = value(key) else {
      if let `default` { return `default` }
      throw .missingValue(file: name, key: path + key)
    }
    guard let value = kind.read(found) else {
      throw .badValue(file: name, key: path + key, found: found.shown, wanted: kind.name)
    }
    return value
  }

  /// The setting, of the kind `kind`, or `nil` when it is absent or `null`.
  package func optional<Value>(_ key: String, _ kind: JSONKind<Value>) throws(WeightsError) -> Value? {
    if !has(key) || isNull(key) { return nil }
    return try get(key, kind)
  }

  /// An integer, in `range` when one is given.
  package func int(
    _ key: String, in range: ClosedRange<Int>? = nil, default: Int? = nil
  ) throws(WeightsError) -> Int {
    try get(key, .integer(in: range), default: `default`)
  }

  /// A number; finite unless told otherwise.
  package func double(
    _ key: String, allowsInfinity: Bool = false, default: Double? = nil
  ) throws(WeightsError) -> Double {
    try get(key, .number(allowsInfinity: allowsInfinity), default: `default`)
  }

  /// A truth value.
  package func bool(_ key: String, default: Bool? = nil) throws(WeightsError) -> Bool {
    try get(key, .bool, default: `default`)
  }

  /// Text.
  package func string(_ key: String, default: String? = nil) throws(WeightsError) -> String {
    try get(key, .string, default: `default`)
  }

  /// A list of integers, each in `range` when one is given.
  package func intList(
    _ key: String, in range: ClosedRange<Int>? = nil, default: [Int]? = nil
  ) throws(WeightsError) -> [Int] {
    let plural = "integers" + (range.map { " in \($0.lowerBound)...\($0.upperBound)" } ?? "")
    return try get(key, .list(of: .integer(in: range), named: plural), default: `default`)
  }

  /// A list of finite numbers.
  package func doubleList(_ key: String, default: [Double]? = nil) throws(WeightsError) -> [Double] {
    try get(key, .list(of: .number(), named: "numbers"), default: `default`)
  }

  /// A list of texts.
  package func stringList(_ key: String, default: [String]? = nil) throws(WeightsError) -> [String] {
    try get(key, .list(of: .string, named: "texts"), default: `default`)
  }

  /// A nested object, which notes its own use; `nil` when it is absent or `null`.
  package func section(_ key: String) throws(WeightsError) -> ConfigFile? {
    let kind = JSONKind("an object") { value in if case .object(let object) = value { object } else { nil } }
    guard let object = try optional(key, kind) else { return nil }
    return ConfigFile(object, name: name, path: path + key + ".")
  }

  /// The settings that nothing asked for, in the order of the file.
  package var unusedKeys: [String] { object.keys.filter { !usage.keys.contains($0) } }

  /// Throws when a setting was not read and no pattern lists it.
  ///
  /// - Parameter ignored: Names, in which `*` stands for any text, that change no result.
  /// - Throws: `WeightsError.unusedValues`.
  package func finish(ignoring ignored: [String] = []) throws(WeightsError) {
    let patterns = ignored.map(NamePattern.init)
    let unused = unusedKeys.filter { key in !patterns.contains { $0.matches(key) } }
    if unused.isEmpty { return }
    throw .unusedValues(file: name, keys: unused.prefix(5).map { path + $0 }, count: unused.count)
  }
}
