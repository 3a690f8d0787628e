package import MoonTensor

/// Tensors by the names that layers ask for: those of files as they are, or renamed, cut or changed on the way.
package protocol WeightSource: Sendable {
  /// The file, or the index of the files, for messages.
  var name: String { get }
  /// The mapped files that stand behind the tensors.
  var files: [SafetensorsFile] { get }
  /// All names.
  var keys: [String] { get }
  /// The shape of the tensor named `key`, or `nil` when there is none.
  func shape(of key: String) -> [Int]?
  /// How the file stores the tensor named `key`, or `nil` when there is none.
  func dtype(of key: String) -> SafetensorsDType?
  /// The file that holds the tensor named `key`, and its name there, for messages.
  func place(of key: String) -> (file: String, key: String)
  /// The tensor named `key`.
  func tensor(_ key: String) throws(WeightsError) -> Tensor
}
