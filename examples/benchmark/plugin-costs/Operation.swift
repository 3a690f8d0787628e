internal import MoonTensor

/// One operation of `operations.lua`, in Swift.
struct Operation: Sendable {
  /// Its name in `operations.lua` and in `plugin_costs.py`.
  let name: String
  /// How often a call of the plugin repeats it: a call is to take some milliseconds.
  let count: Int
  /// The same in Swift.
  let run: @Sendable (Operands) throws -> Tensor

  /// Those on a million elements, which NumPy has, too.
  static let all = [
    Operation(name: "add", count: 10) { try $0.first + $0.second },
    Operation(name: "mul", count: 10) { try $0.first * $0.second },
    Operation(name: "exp", count: 10) { try $0.first.exp() },
    Operation(name: "mean_last", count: 10) { try $0.first.mean(along: [1]) },
    Operation(name: "mean_first", count: 10) { try $0.first.mean(along: [0]) },
    Operation(name: "where", count: 10) { try Tensor.where($0.mask, $0.first, else: $0.second) },
    Operation(name: "matmul", count: 1) { try $0.first.matmul($0.second) },
    Operation(name: "clamp", count: 10) { try $0.first.clamped(minimum: -0.5, maximum: 0.5) },
    Operation(name: "sum", count: 10) { try $0.first.sum() },
    Operation(name: "transpose", count: 10) { try $0.turned.copied() },
    Operation(name: "std", count: 5) { try $0.first.standardDeviation() },
    Operation(name: "quantile", count: 2) { try $0.first.quantile(0.9) },
  ]
}

/// What the operations work on: the tensors that the plugin keeps, a million numbers in each.
struct Operands {
  let first: Tensor
  let second: Tensor
  let mask: Tensor
  /// A transposed view, which a copy writes out.
  let turned: Tensor
}
