internal import Foundation
internal import MoonTensor

/// The tensors of one or several files, and which of them were used.
final class WeightStore {
  /// The file, or the index of the files, for messages.
  let name: String
  private let files: [SafetensorsFile]
  /// Which of `files` holds a key.
  private let places: [String: Int]
  private var used: Set<String> = []

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

  /// The file that holds `key`, which is used from now on, or `nil`.
  func use(_ key: String) -> SafetensorsFile? {
    guard let place = places[key] else { return nil }
    used.insert(key)
    return files[place]
  }

  /// The shape of a tensor, which stays unused.
  func shape(_ key: String) -> [Int]? { places[key].flatMap { files[$0].entry(key)?.shape } }

  /// The mapped files.
  var mappings: [MappedFile] { files.map(\.mapping) }

  /// All names, file by file in the order of the headers.
  var keys: [String] { files.flatMap(\.keys) }

  /// The names that nothing used, in the order of `keys`.
  var unusedKeys: [String] { keys.filter { !used.contains($0) } }
}
