internal import MoonWeights

/// Checks of configuration values that this library computes in one way only. Null counts as absent, as in the
/// reference's own files.
extension ConfigFile {
  /// Whether the key is there with a value other than null.
  func isSet(_ key: String) -> Bool { has(key) && !isNull(key) }

  /// Refuses a text other than those listed; absent and null pass.
  func expect(_ key: String, oneOf allowed: [String]) throws {
    guard isSet(key) else { return }
    let found = try string(key)
    if !allowed.contains(found) {
      let list = allowed.map { "\"\($0)\"" }.joined(separator: " and ")
      throw NetworkError.unsupported(
        file: name, key: key, found: "\"\(found)\"", detail: list + (allowed.count == 1 ? " is" : " are"))
    }
  }

  /// Refuses anything but null or absence.
  func expectNull(_ key: String) throws {
    if isSet(key) {
      throw NetworkError.unsupported(file: name, key: key, found: "set", detail: "only null is")
    }
  }

  /// Refuses true, in a list too; null and absence count as false.
  func expectFalse(_ key: String) throws {
    if case .array(let items) = value(key), items.allSatisfy({ $0 == .bool(false) }) { return }
    if try isSet(key) && bool(key) {
      throw NetworkError.unsupported(file: name, key: key, found: "true", detail: "only false is")
    }
  }

  /// Refuses a number other than `wanted`; absent and null pass.
  func expectNumber(_ key: String, _ wanted: Int) throws {
    guard isSet(key) else { return }
    let found = try double(key)
    if found != Double(wanted) {
      let shown = Int(exactly: found).map(String.init) ?? "\(found)"
      throw NetworkError.unsupported(file: name, key: key, found: shown, detail: "only \(wanted) is")
    }
  }

  /// Refuses sizes outside `1...most`, with the key that they came from.
  func requireSizes(_ sizes: KeyValuePairs<String, [Int]>, most: Int) throws {
    for (key, values) in sizes {
      if let value = values.first(where: { $0 < 1 || $0 > most }) {
        throw NetworkError.inconsistent(file: name, detail: "\"\(key)\": \(value) is outside 1..\(most)")
      }
    }
  }

  /// A list of `count` integers, or one integer that stands for all of them.
  func intOrList(_ key: String, count: Int, default fallback: [Int]) throws -> [Int] {
    if !isSet(key) { return fallback }
    guard case .array = value(key) else { return [Int](repeating: try int(key), count: count) }
    let list = try intList(key)
    if list.count != count {
      throw NetworkError.inconsistent(
        file: name, detail: "\"\(key)\" has \(list.count) entries, wanted \(count)")
    }
    return list
  }
}
