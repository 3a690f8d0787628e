import Foundation

/// Changes JSON where it is still JSON: values of other types and sizes, members gone, doubled or renamed.
enum JSONMutation {
  /// `bytes` with one to three changes; bytes that are no JSON are only damaged.
  static func mutated(_ bytes: [UInt8], _ random: inout Randomness) -> [UInt8] {
    guard !random.chance(20), var value = try? JSONSerialization.jsonObject(with: Data(bytes)) else {
      return random.damage(bytes)
    }
    for _ in 0..<random.number(1...3) { value = changed(value, &random) }
    let options: JSONSerialization.WritingOptions = [.sortedKeys, .fragmentsAllowed]
    guard let data = try? JSONSerialization.data(withJSONObject: value, options: options) else { return bytes }
    return random.chance(10) ? random.damage([UInt8](data)) : [UInt8](data)
  }

  private static func changed(_ value: Any, _ random: inout Randomness) -> Any {
    if var object = value as? [String: Any], !random.chance(10) {
      let keys = object.keys.sorted()
      let key = random.pick(keys)
      switch random.number(1...10) {
      case 1: object[key] = nil
      case 2: object[key + random.pick(["", "x", "\u{0}", "é"])] = odd(&random)
      case 3: object[random.pick(keys)] = object[key]
      default: if let inner = object[key] { object[key] = changed(inner, &random) }
      }
      return object
    }
    if var list = value as? [Any], !random.chance(10) {
      if list.isEmpty { return [odd(&random)] }
      let index = random.number(0...list.count - 1)
      switch random.number(1...6) {
      case 1: list.remove(at: index)
      case 2: list.insert(odd(&random), at: index)
      case 3: list.append(list[index])
      default: list[index] = changed(list[index], &random)
      }
      return list
    }
    return odd(&random)
  }

  private static func odd(_ random: inout Randomness) -> Any {
    let numbers: [Any] = [
      0, 1, -1, 2, 3, 7, 64, 65_537, 1 << 31, 1 << 40, Int.max, Int.min, 0.5, -0.5, 1e-30, 1e30, 1e300, 0.9999,
      UInt64.max,
    ]
    let others: [Any] = [
      NSNull(), true, false, "", "a", "1", "linear", "epsilon", "v_prediction", "trailing", "silu", "../x",
      "/etc/passwd",
      String(repeating: "x", count: 5000), "\u{0}\u{301}", [Any](), [1, 2, 3], [-1], [[1]], [String: Any](),
      ["type": "x"],
    ]
    return random.chance(60) ? random.pick(numbers, else: 0) : random.pick(others, else: 0)
  }
}
