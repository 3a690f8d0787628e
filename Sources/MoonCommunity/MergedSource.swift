internal import MoonTensor
internal import MoonWeights

/// Tensors of another source, some of them with adapters added.
///
/// What is added is computed when a tensor is asked for, in float32; the others are handed out as they are.
struct MergedSource: WeightSource {
  /// An adapter's part in one tensor.
  struct Addition: Sendable {
    let layer: LoRALayer
    let strength: Float
  }

  /// Where the tensors come from.
  let base: any WeightSource
  /// What is added to which tensor.
  let additions: [String: [Addition]]
  /// Whether a sum of half precision is rounded to it again.
  let keepsHalf: Bool

  var name: String { base.name }

  var files: [SafetensorsFile] { base.files }

  var keys: [String] { base.keys }

  func shape(of key: String) -> [Int]? { base.shape(of: key) }

  func dtype(of key: String) -> SafetensorsDType? { base.dtype(of: key) }

  func place(of key: String) -> (file: String, key: String) { base.place(of: key) }

  func tensor(_ key: String) throws(WeightsError) -> Tensor {
    let weight = try base.tensor(key)
    guard let found = additions[key] else { return weight }
    do {
      var sum = weight
      for addition in found { sum = try addition.layer.added(to: sum, of: weight, strength: addition.strength) }
      if keepsHalf { sum = try sum.converted(to: weight.dtype) }
      // The sum stands in for the weight, whose pages would count as this process's memory from now on.
      for file in base.files { file.releasePages() }
      return sum
    } catch {
      let place = base.place(of: key)
      throw .tensor(file: place.file, key: place.key, error)
    }
  }
}
