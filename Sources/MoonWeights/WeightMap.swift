package import Foundation
package import MoonTensor

/// Tensors by name, for the layers of a network: from one file or several, each name looked up under a prefix.
///
/// ```swift
/// let weights = try WeightMap.open(component: folder, baseName: "diffusion_pytorch_model")
/// let block = weights.scoped("down_blocks.0.")
/// let kernel = try block.take("resnets.0.conv1.weight", shape: [320, 320, 3, 3])
/// try weights.finish(ignoring: ["*.position_ids"])
/// ```
/// All scopes of a map note in one place what was used, so that `finish` finds what no layer read. A map is used by one
/// task at a time.
package struct WeightMap {
  /// What is put before each name.
  package let prefix: String
  /// The variant that was loaded; `nil` for the files without one.
  package let variant: String?
  private let store: WeightStore

  private init(store: WeightStore, prefix: String = "", variant: String? = nil) {
    self.store = store
    self.prefix = prefix
    self.variant = variant
  }

  /// The tensors of `file`.
  package init(_ file: SafetensorsFile) { self.init(store: WeightStore(file)) }

  /// The tensors of a `.safetensors` file, or of the files that a `.json` index beside them names.
  package init(contentsOf url: URL) throws(WeightsError) {
    let store =
      url.pathExtension == "json" ? try WeightStore(index: url) : WeightStore(try SafetensorsFile(contentsOf: url))
    self.init(store: store)
  }

  /// The weights in a component's folder; `WeightFiles.find` says which files are looked for.
  package static func open(
    component folder: URL, baseName: String, variant: String? = nil
  ) throws(WeightsError) -> WeightMap {
    let files = try WeightFiles.find(in: folder, baseName: baseName, variant: variant)
    let map = try WeightMap(contentsOf: files.url)
    return WeightMap(store: map.store, variant: files.variant)
  }

  /// The file, or the index of the files, for messages.
  package var name: String { store.name }

  /// The mapped files.
  var mappings: [MappedFile] { store.mappings }

  /// The names under the prefix, without it, in the order of the files.
  package var keys: [String] {
    store.keys.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
  }

  /// The same tensors, each name looked up after `prefix`, which ends in a dot where the names do.
  package func scoped(_ prefix: String) -> WeightMap {
    WeightMap(store: store, prefix: self.prefix + prefix, variant: variant)
  }

  /// Whether there is a tensor named `key`; asking does not use it.
  package func contains(_ key: String) -> Bool { store.shape(prefix + key) != nil }

  /// The shape of the tensor named `key`, or `nil`; asking does not use it.
  package func shape(of key: String) -> [Int]? { store.shape(prefix + key) }

  /// The tensor named `key`, which must have the shape `shape`.
  package func take(_ key: String, shape: [Int]) throws(WeightsError) -> Tensor {
    guard let tensor = try takeIfPresent(key, shape: shape) else {
      throw .missingKey(file: store.name, key: prefix + key)
    }
    return tensor
  }

  /// The tensor named `key`, which must have the shape `shape`, or `nil` when there is none.
  package func takeIfPresent(_ key: String, shape: [Int]) throws(WeightsError) -> Tensor? {
    let key = prefix + key
    guard let file = store.use(key), let found = file.entry(key)?.shape else { return nil }
    if found != shape { throw .shapeMismatch(file: file.name, key: key, found: found, wanted: shape) }
    return try file.tensor(key)
  }

  /// Throws when a tensor was not used and no pattern lists it.
  ///
  /// - Parameter ignored: Names, in which `*` stands for any text, that no layer needs to read.
  /// - Throws: `WeightsError.unusedKeys`.
  package func finish(ignoring ignored: [String] = []) throws(WeightsError) {
    let patterns = ignored.map(NamePattern.init)
    let unused = store.unusedKeys.filter { key in !patterns.contains { $0.matches(key) } }
    if unused.isEmpty { return }
    throw .unusedKeys(file: store.name, keys: Array(unused.prefix(5)), count: unused.count)
  }
}
