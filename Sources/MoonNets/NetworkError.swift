internal import MoonTensor
internal import MoonWeights

/// What a network finds wrong in its configuration or its input.
public enum NetworkError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A configuration value that this library does not compute; `detail` says what is supported.
  case unsupported(file: String, key: String, found: String, detail: String)
  /// Configuration values that contradict one another.
  case inconsistent(file: String, detail: String)
  /// An input of another shape than the network takes.
  case badInput(network: String, found: [Int], wanted: String)
  /// A number given to a network that is outside its range.
  case outOfRange(network: String, name: String, found: Int, range: ClosedRange<Int>)

  /// One sentence with the file and key, or the network, in it.
  public var description: String {
    switch self {
    case .unsupported(let file, let key, let found, let detail):
      "\(file): \"\(key)\" is \(found), which is not supported: \(detail)"
    case .inconsistent(let file, let detail):
      "\(file): \(detail)"
    case .badInput(let network, let found, let wanted):
      "\(network): the input has shape \(TensorError.text(found)), wanted \(wanted)"
    case .outOfRange(let network, let name, let found, let range):
      "\(network): \(name) \(found) is outside \(range.lowerBound)..\(range.upperBound)"
    }
  }
}
