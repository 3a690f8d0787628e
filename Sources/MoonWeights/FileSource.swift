internal import Foundation
internal import MoonTensor

/// The tensors of one or several files, under the names that they have there.
struct FileSource: WeightSource {
  let name: String
  let files: [SafetensorsFile]
  /// Which of `files` holds a key.
  private let places: [String: Int]

  /// The tensors of one file.
  init(_ file: SafetensorsFile) {
    name = file.name
    files = [file]
    places = Dictionary(uniqueKeysWithValues: file.keys.map { ($0, 0) })
  }

  /// The tensors of the files that the index at `url` names; they lie beside it.
  init(index url: URL) throws(WeightsError) {
    name = url.shownPath
    let index = try ConfigFile(contentsOf: url, limit: 1 << 27)
    guard case .object(let map)? = index.value("weight_map") else {
      throw .badValue(
        file: name, key: "weight_map", found: index.value("weight_map")?.shown ?? "nothing",
        wanted: "an object of file names")
    }
    var files: [SafetensorsFile] = []
    var numbers: [String: Int] = [:]
    var places: [String: Int] = [:]
    for key in map.keys {
      guard let value = map[key] else { continue }
      guard case .string(let shard) = value, Self.isPlain(shard) else {
        throw .badValue(
          file: name, key: "weight_map." + key, found: value.shown, wanted: "the name of a safetensors file beside it")
      }
      if numbers[shard] == nil {
        numbers[shard] = files.count
        files.append(try SafetensorsFile(contentsOf: url.deletingLastPathComponent().appending(path: shard)))
      }
      guard let number = numbers[shard] else { continue }
      if files[number].entry(key) == nil { throw .missingKey(file: files[number].name, key: key) }
      places[key] = number
    }
    for (number, file) in files.enumerated() {
      if let extra = file.keys.first(where: { places[$0] != number }) {
        throw .malformed(file: name, reason: "does not place the tensor \(WeightsError.quoted(extra)) in \(file.name)")
      }
    }
    self.files = files
    self.places = places
  }

  /// A name without folders that ends as weights do.
  private static func isPlain(_ name: String) -> Bool {
    name.hasSuffix(".safetensors") && !name.utf8.contains { $0 == UInt8(ascii: "/") || $0 == 0 }
  }

  /// All names, file by file in the order of the headers.
  var keys: [String] { files.flatMap(\.keys) }

  func shape(of key: String) -> [Int]? { file(of: key)?.entry(key)?.shape }

  func dtype(of key: String) -> SafetensorsDType? { file(of: key)?.entry(key)?.dtype }

  func place(of key: String) -> (file: String, key: String) { (file(of: key)?.name ?? name, key) }

  func tensor(_ key: String) throws(WeightsError) -> Tensor {
    guard let file = file(of: key) else { throw .missingKey(file: name, key: key) }
    return try file.tensor(key)
  }

  private func file(of key: String) -> SafetensorsFile? { places[key].map { files[$0] } }
}
