internal import MoonWeights

/// Checks of configuration values that this library computes in one way only.
extension ConfigFile {
  /// Refuses a text other than those listed; absent and null pass.
  func expect(_ key: String, oneOf allowed: [String]) throws {
    guard let found = try optional(key, .string) else { return }
    if !allowed.contains(found) {
      let list = allowed.map { "\"\($0)\"" }.joined(separator: " and ")
      throw NetworkError.unsupported(file: name, key: key, found: "\"\(found)\"", detail: "\(list) is")
    }
  }

  /// Refuses anything but null or absence.
  func expectNull(_ key: String) throws {
    if has(key) && !isNull(key) {
      throw NetworkError.unsupported(file: name, key: key, found: "set", detail: "only null is")
    }
  }

  /// Refuses true; null and absence count as false.
  func expectFalse(_ key: String) throws {
    if try bool(key, default: false) {
      throw NetworkError.unsupported(file: name, key: key, found: "true", detail: "only false is")
    }
  }

  /// Refuses a number other than `wanted`; absent passes.
  func expectNumber(_ key: String, _ wanted: Double) throws {
    let found = try double(key, default: wanted)
    if found != wanted {
      throw NetworkError.unsupported(file: name, key: key, found: "\(found)", detail: "only \(wanted) is")
    }
  }

  /// A list of `count` integers, or one integer that stands for all of them.
  func intOrList(_ key: String, count: Int, default fallback: [Int]) throws -> [Int] {
    if !has(key) { return fallback }
    guard case .array = value(key) else { return [Int](repeating: try int(key), count: count) }
    let list = try intList(key)
    if list.count != count {
      throw NetworkError.inconsistent(
        file: name, detail: "\"\(key)\" has \(list.count) entries, wanted \(count)")
    }
    return list
  }
}
