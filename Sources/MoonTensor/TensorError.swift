/// What an operation on tensors can find wrong.
public enum TensorError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Two shapes that do not fit together, in the operation named.
  case shapeMismatch(operation: String, found: [Int], wanted: [Int])
  /// Two shapes that cannot be broadcast to one.
  case notBroadcastable([Int], [Int])
  /// An argument outside its range; `detail` says the value and the range.
  case badArgument(operation: String, argument: Int, detail: String)
  /// A shape with a negative size, too many dimensions or too many elements.
  case badShape([Int], reason: String)
  /// The memory budget in force refuses `requested` more bytes.
  case outOfBudget(requested: Int, limit: Int)
  /// The environment asked to stop.
  case interrupted

  /// One sentence.
  public var description: String {
    switch self {
    case .shapeMismatch(let operation, let found, let wanted):
      "\(operation): the shape is \(Self.text(found)), wanted \(Self.text(wanted))"
    case .notBroadcastable(let left, let right):
      "the shapes \(Self.text(left)) and \(Self.text(right)) cannot be broadcast together"
    case .badArgument(let operation, let argument, let detail):
      "bad argument #\(argument) to '\(operation)' (\(detail))"
    case .badShape(let shape, let reason):
      "the shape \(Self.text(shape)) is not allowed: \(reason)"
    case .outOfBudget(let requested, let limit):
      "not enough tensor memory: \(requested) bytes more would pass the limit of \(limit)"
    case .interrupted:
      "interrupted"
    }
  }

  /// `[2, 4, 8]`, cut after 16 sizes.
  package static func text(_ shape: [Int]) -> String {
    let shown = shape.prefix(16).map(String.init).joined(separator: ", ")
    return shape.count > 16 ? "[\(shown), ...]" : "[\(shown)]"
  }
}
