package import Foundation
package import MoonTensor
package import MoonWeights

/// Numbers of the reference, from `Tests/Fixtures`.
package struct Fixture {
  /// The folder of all fixtures.
  package static var folder: URL {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fixtures")
  }

  /// The bytes of a fixture file of any kind, `tokenizer/vocab.json` for example.
  package static func bytes(_ path: String) throws -> [UInt8] {
    try FileBytes.read(folder.appending(path: path), limit: 1 << 26)
  }

  /// The open file.
  package let file: SafetensorsFile

  /// Opens `Tests/Fixtures/<name>.safetensors`.
  package init(_ name: String) throws {
    file = try SafetensorsFile(contentsOf: Self.folder.appending(path: name + ".safetensors"))
  }

  /// What the fixture's writer noted: the reference's versions, seeds, settings.
  package var metadata: [String: String] { file.metadata }

  /// Names of the tensors, in the order of the file.
  package var keys: [String] { file.keys }

  /// The tensor named `key`.
  package subscript(key: String) -> Tensor {
    get throws { try file.tensor(key) }
  }

  /// The elements of an integer tensor, row-major.
  package func integers(_ key: String) throws -> [Int] { try file.integers(key) }

  /// The shape of a tensor of any element type, or `nil` when there is none of that name.
  package func shape(of key: String) -> [Int]? { file.entry(key)?.shape }

  /// Whether there is a tensor named `key`.
  package func contains(_ key: String) -> Bool { shape(of: key) != nil }
}

/// A JSON file from `Tests/Fixtures`.
package enum FixtureJSON {
  /// The value in `Tests/Fixtures/<path>`.
  package static func value(_ path: String) throws -> JSONValue {
    try JSONReader.parse(try Fixture.bytes(path), limits: JSONReader.Limits(allowsInfinity: true))
  }

  /// `Tests/Fixtures/<path>` decoded as `type`.
  package static func decode<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value {
    try JSONDecoder().decode(type, from: Data(try Fixture.bytes(path)))
  }
}
