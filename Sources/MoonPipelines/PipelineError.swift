internal import MoonTensor

/// What a pipeline finds wrong in a model folder, a request or a callback's writes.
public enum PipelineError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A model folder without a part that it needs, or with one of a kind that is not supported.
  case badModel(path: String, detail: String)
  /// A request that cannot be run; `option` is the name of the parameter.
  case badRequest(option: String, detail: String)
  /// A tensor name that the pipeline does not offer to callbacks.
  case unknownTensor(name: String, onOffer: [String])
  /// A write whose shape fits none of the accepted ones.
  case badShape(name: String, found: [Int], wanted: [[Int]])
  /// A write that contains NaN or infinity; `index` counts the elements in row-major order.
  case notFinite(name: String, index: Int)
  /// A number that is NaN, infinite, or outside the range of float32.
  case notFiniteNumber(name: String)
  /// A callback asked for what cannot be done at this moment of the run.
  case untimely(detail: String)
  /// The latents became NaN or infinite at `step`.
  case diverged(step: Int)

  /// One sentence with the path, option, tensor or step in it.
  public var description: String {
    switch self {
    case .badModel(let path, let detail): "\(path): \(detail)"
    case .badRequest(let option, let detail): "\(option): \(detail)"
    case .unknownTensor(let name, let onOffer):
      "this pipeline offers no tensor '\(name.shown)'; it offers \(onOffer.joined(separator: ", "))"
    case .badShape(let name, let found, let wanted):
      "'\(name)' has shape \(TensorError.text(found)), wanted "
        + wanted.map { TensorError.text($0) }.joined(separator: " or ")
    case .notFinite(let name, let index): "'\(name)' is NaN or infinite (element \(index))"
    case .notFiniteNumber(let name): "'\(name)' must be a finite number that float32 can hold"
    case .untimely(let detail): detail
    case .diverged(let step): "the latents became NaN or infinite at step \(step)"
    }
  }
}
