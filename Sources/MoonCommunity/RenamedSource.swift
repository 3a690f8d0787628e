internal import MoonTensor
internal import MoonWeights

/// Tensors of a file under other names, whole or cut; nothing is copied but what has to be turned.
struct RenamedSource: WeightSource {
  /// What is taken of a tensor of the file.
  enum Cut: Sendable, Equatable {
    /// All of it.
    case whole
    /// One of three equal parts, counted from 0, of its rows.
    case third(Int)
    /// Rows and columns exchanged.
    case transposed
    /// The matrix that a 1x1 convolution is.
    case matrix
  }

  private struct Entry {
    let original: String
    let cut: Cut
    let shape: [Int]
    let dtype: SafetensorsDType
  }

  let keys: [String]
  private let file: SafetensorsFile
  private let entries: [String: Entry]

  /// The tensors of `file` that `names` lists: their new names, what they are called in the file, and what is taken.
  init(
    _ file: SafetensorsFile, names: [(key: String, original: String, cut: Cut)]
  ) throws(CommunityError) {
    var entries: [String: Entry] = [:]
    var keys: [String] = []
    for (key, original, cut) in names {
      guard let found = file.entry(original) else {
        throw .weights(.missingKey(file: file.name, key: original))
      }
      let entry = Entry(
        original: original, cut: cut,
        shape: try Self.shape(found.shape, cut: cut, file: file.name, key: original), dtype: found.dtype)
      if let other = entries.updateValue(entry, forKey: key) {
        throw .badKey(file: file.name, key: original, reason: "means the same as \"\(other.original)\"")
      }
      keys.append(key)
    }
    self.file = file
    self.keys = keys
    self.entries = entries
  }

  private static func shape(
    _ shape: [Int], cut: Cut, file: String, key: String
  ) throws(CommunityError) -> [Int] {
    func refuse(_ wanted: String) -> CommunityError {
      .badKey(file: file, key: key, reason: "has the shape \(TensorError.text(shape)), wanted \(wanted)")
    }
    switch cut {
    case .whole: return shape
    case .third:
      guard let rows = shape.first, shape.count <= 2, rows % 3 == 0 else { throw refuse("queries, keys and values") }
      return [rows / 3] + shape.dropFirst()
    case .transposed:
      guard shape.count == 2 else { throw refuse("a matrix") }
      return shape.reversed()
    case .matrix:
      guard shape.count >= 2, shape.count <= 4, shape.dropFirst(2).allSatisfy({ $0 == 1 }) else {
        throw refuse("a matrix or a 1x1 convolution")
      }
      return Array(shape.prefix(2))
    }
  }

  var name: String { file.name }

  var files: [SafetensorsFile] { [file] }

  func shape(of key: String) -> [Int]? { entries[key]?.shape }

  func dtype(of key: String) -> SafetensorsDType? { entries[key]?.dtype }

  func place(of key: String) -> (file: String, key: String) { (file.name, entries[key]?.original ?? key) }

  func tensor(_ key: String) throws(WeightsError) -> Tensor {
    guard let entry = entries[key] else { throw .missingKey(file: file.name, key: key) }
    let whole = try file.tensor(entry.original)
    do {
      switch entry.cut {
      case .whole: return whole
      case .third(let part):
        return try whole.narrow(0, start: part * entry.shape[0], length: entry.shape[0])
      case .transposed: return try whole.transposed(0, 1)
      case .matrix: return try whole.reshaped(to: entry.shape)
      }
    } catch {
      throw .tensor(file: file.name, key: entry.original, error)
    }
  }
}
