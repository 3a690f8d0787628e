package import MoonTensor

/// What can be wrong with a file of weights or a configuration.
package enum WeightsError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A file cannot be read or written at all.
  case file(FileError)
  /// The file is not what the format demands.
  case malformed(file: String, reason: String)
  /// A name that a file to be written cannot hold.
  case badKey(file: String, key: String, reason: String)
  /// A tensor that was asked for is not in the file.
  case missingKey(file: String, key: String)
  /// A tensor has another shape than the layer that reads it.
  case shapeMismatch(file: String, key: String, found: [Int], wanted: [Int])
  /// A tensor's elements cannot be read as `wanted`.
  case unsupportedDType(file: String, key: String, found: String, wanted: String)
  /// A tensor cannot be handed out, for example because memory ran out.
  case tensor(file: String, key: String, TensorError)
  /// Tensors that no layer read: the first few names, and how many there are.
  case unusedKeys(file: String, keys: [String], count: Int)
  /// A folder without a file of weights; `reason` says what was looked for.
  case noWeights(folder: String, reason: String)
  /// A configuration value of another kind than wanted.
  case badValue(file: String, key: String, found: String, wanted: String)
  /// A configuration value that is not there.
  case missingValue(file: String, key: String)
  /// Configuration values that nothing reads: the first few names, and how many there are.
  case unusedValues(file: String, keys: [String], count: Int)

  package var description: String {
    switch self {
    case .file(let error): error.description
    case .malformed(let file, let reason): "\(file) \(reason)"
    case .badKey(let file, let key, let reason): "\(file): the name \(Self.quoted(key)) \(reason)"
    case .missingKey(let file, let key): "\(file) has no tensor \(Self.quoted(key))"
    case .shapeMismatch(let file, let key, let found, let wanted):
      "\(file): \(Self.quoted(key)) has the shape \(TensorError.text(found)), wanted \(TensorError.text(wanted))"
    case .unsupportedDType(let file, let key, let found, let wanted):
      "\(file): \(Self.quoted(key)) holds \(found), wanted \(wanted)"
    case .tensor(let file, let key, let error): "\(file): \(Self.quoted(key)): \(error)"
    case .unusedKeys(let file, let keys, let count):
      "\(file) has \(count == 1 ? "a tensor" : "\(count) tensors") that the model does not use: "
        + Self.list(keys, of: count)
    case .noWeights(let folder, let reason): "\(folder) has no weights in the safetensors format: \(reason)"
    case .badValue(let file, let key, let found, let wanted):
      "\(file): \(Self.quoted(key)) should be \(wanted), found \(found)"
    case .missingValue(let file, let key): "\(file): \(Self.quoted(key)) is missing"
    case .unusedValues(let file, let keys, let count):
      "\(file) has \(count == 1 ? "a setting" : "\(count) settings") not known here: " + Self.list(keys, of: count)
    }
  }

  /// `"key"`, on one line.
  static func quoted(_ key: String) -> String { "\"\(key.shown)\"" }

  private static func list(_ keys: [String], of count: Int) -> String {
    keys.map(quoted).joined(separator: ", ") + (count > keys.count ? ", ..." : "")
  }
}
