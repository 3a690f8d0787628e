package import MoonTensor
package import MoonWeights
internal import Testing

/// One layer of `Fixtures/layers`: settings, weights, inputs and output, in the reference's own layout.
package struct LayerFixture: Sendable, CustomTestStringConvertible {
  /// Its name, the prefix of its tensors.
  package let name: String
  /// Its class in the reference.
  package let kind: String
  private let settings: JSONObject

  /// The layers of these kinds.
  package static func all(_ kinds: String...) -> [LayerFixture] { rows.filter { kinds.contains($0.kind) } }

  /// Every layer.
  package static let rows: [LayerFixture] = {
    guard case .object(let index)? = try? FixtureJSON.value("layers/layers.json"),
      case .array(let rows)? = index["layers"]
    else { preconditionFailure("layers/layers.json cannot be read") }
    return rows.compactMap { row in
      guard case .object(let settings) = row, case .string(let name)? = settings["name"],
        case .string(let kind)? = settings["kind"]
      else { return nil }
      return LayerFixture(name: name, kind: kind, settings: settings)
    }
  }()

  private static let file = Result { try Fixture("layers/layers") }

  package var testDescription: String { name }

  /// The tensor `NAME/key`.
  package subscript(key: String) -> Tensor {
    get throws { try Self.file.get()["\(name)/\(key)"] }
  }

  /// The tensor `NAME/key`, if the layer has it.
  package func optional(_ key: String) throws -> Tensor? {
    try Self.file.get().contains("\(name)/\(key)") ? self[key] : nil
  }

  /// The weights, by their names within the reference's module.
  package var weights: WeightMap {
    get throws { WeightMap(try Self.file.get().file).scoped("\(name)/weights/") }
  }

  /// A whole number among the settings.
  package func integer(_ key: String) throws -> Int {
    guard case .integer(let value)? = settings[key] else { throw MissingSetting(layer: name, key: key) }
    return value
  }

  /// A number among the settings.
  package func number(_ key: String) throws -> Double {
    switch settings[key] {
    case .integer(let value): return Double(value)
    case .number(let value): return value
    default: throw MissingSetting(layer: name, key: key)
    }
  }

  /// A truth value among the settings.
  package func flag(_ key: String) throws -> Bool {
    guard case .bool(let value)? = settings[key] else { throw MissingSetting(layer: name, key: key) }
    return value
  }

  /// A list of whole numbers among the settings.
  package func integers(_ key: String) throws -> [Int] {
    guard case .array(let items)? = settings[key] else { throw MissingSetting(layer: name, key: key) }
    return items.compactMap { if case .integer(let value) = $0 { value } else { nil } }
  }

  private struct MissingSetting: Error {
    let layer: String
    let key: String
  }
}
