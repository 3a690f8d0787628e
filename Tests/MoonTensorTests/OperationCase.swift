import Foundation
import MoonTensor

/// One case of `tensor_ops.json`: an operation, what it is given, and what PyTorch answered.
struct OperationCase: Decodable {
  let op: String
  let inputs: [String]
  /// A view of each input, by its letter.
  let pre: [String]?
  let ints: [Int?]?
  let numbers: [String]?
  let dims: [Int]?
  let dim: Int?
  let keep: Bool?
  let text: String?
  let outputs: [String]?
  let tolerance: Float?
  let error: String?

  /// The case as a line of a failure's text.
  var summary: String {
    let arguments = [
      ints.map { "\($0.map { $0.map(String.init) ?? "nil" })" }, numbers.map { "\($0)" }, dims.map { "dims \($0)" },
      dim.map { "dim \($0)" }, keep.map { "keep \($0)" }, text,
    ]
    return "\(op) of \(zip(inputs, pre ?? inputs.map { _ in "" }).map { $0 + $1 }) \(arguments.compactMap(\.self))"
  }

  /// The view of `tensor` with letter `letter`, as the fixture's writer took it.
  static func view(_ letter: String, of tensor: Tensor) throws -> Tensor {
    switch letter {
    case "T": try tensor.transposed(0, -1)
    case "S": try tensor.slice(-1, by: 2)
    case "E": try tensor.unsqueezed(0).expanded(to: [3] + tensor.shape)
    case "N": try tensor.narrow(-1, start: 1, length: tensor.size(of: -1) - 1)
    default: tensor
    }
  }

  private func number(_ index: Int) -> Double { Double(numbers?[index] ?? "") ?? .nan }
  private func int(_ index: Int) -> Int { (ints?[index]).flatMap(\.self) ?? 0 }
  private var keeps: Bool { keep ?? false }
  private var list: [Int] { (ints ?? []).compactMap(\.self) }

  /// Runs the operation. Nil when the case names none that is known.
  func run(_ given: [Tensor]) throws -> [Tensor]? {
    if let results = try elementwise(given) { return results }
    if let results = try shaping(given) { return results }
    if let results = try changing(given) { return results }
    return try summarising(given)
  }

  private func elementwise(_ given: [Tensor]) throws -> [Tensor]? {
    func a() -> Tensor { given[0] }
    func b() -> Tensor { given[1] }
    func x() -> Float { Float(number(0)) }
    switch op {
    case "add": return [try a() + b()]
    case "sub": return [try a() - b()]
    case "mul": return [try a() * b()]
    case "div": return [try a() / b()]
    case "pow": return [try a().raised(to: b())]
    case "smaller": return [try a().smaller(of: b())]
    case "larger": return [try a().larger(of: b())]
    case "smaller_number": return [try a().smaller(of: x())]
    case "larger_number": return [try a().larger(of: x())]
    case "lt": return [try a() .< b()]
    case "le": return [try a() .<= b()]
    case "gt": return [try a() .> b()]
    case "ge": return [try a() .>= b()]
    case "eq": return [try a() .== b()]
    case "ne": return [try a() .!= b()]
    case "add_number": return [try a() + x()]
    case "sub_number": return [try a() - x()]
    case "mul_number": return [try a() * x()]
    case "div_number": return [try a() / x()]
    case "pow_number": return [try a().raised(to: x())]
    case "lt_number": return [try a() .< x()]
    case "le_number": return [try a() .<= x()]
    case "gt_number": return [try a() .> x()]
    case "ge_number": return [try a() .>= x()]
    case "eq_number": return [try a() .== x()]
    case "ne_number": return [try a() .!= x()]
    case "number_add": return [try x() + a()]
    case "number_sub": return [try x() - a()]
    case "number_mul": return [try x() * a()]
    case "number_div": return [try x() / a()]
    case "number_pow": return [try Tensor.power(x(), a())]
    case "neg": return [try -a()]
    case "abs": return [try a().abs()]
    case "sqrt": return [try a().sqrt()]
    case "exp": return [try a().exp()]
    case "log": return [try a().log()]
    case "sin": return [try a().sin()]
    case "cos": return [try a().cos()]
    case "acos": return [try a().acos()]
    case "tanh": return [try a().tanh()]
    case "sign": return [try a().sign()]
    case "floor": return [try a().floor()]
    case "ceil": return [try a().ceil()]
    case "round": return [try a().round()]
    case "clamp":
      let bounds = (numbers ?? []).map { $0 == "none" ? nil : Float($0) }
      return [try a().clamped(minimum: bounds[0], maximum: bounds[1])]
    case "clamp_tensors": return [try a().clamped(minimum: b(), maximum: given[2])]
    case "lerp": return [try a().lerp(to: b(), weight: x())]
    case "lerp_tensor": return [try a().lerp(to: b(), weight: given[2])]
    case "where": return [try Tensor.where(a(), b(), else: given[2])]
    default: return nil
    }
  }

  private func shaping(_ given: [Tensor]) throws -> [Tensor]? {
    func a() -> Tensor { given[0] }
    switch op {
    case "arange": return [try Tensor.arange(from: number(0), to: number(1), by: number(2))]
    case "full": return [try Tensor.full(list, value: Float(number(0)))]
    case "narrow": return [try a().narrow(int(0), start: int(1), length: int(2))]
    case "select": return [try a().select(int(0), at: int(1))]
    case "slice": return [try a().slice(int(0), from: ints?[1], to: ints?[2], by: int(3))]
    case "permute": return [try a().permuted(list)]
    case "transpose": return [try a().transposed(int(0), int(1))]
    case "squeeze": return [try a().squeezed(list.first)]
    case "unsqueeze": return [try a().unsqueezed(int(0))]
    case "expand": return [try a().expanded(to: list)]
    case "reshape": return [try a().reshaped(to: list)]
    case "flatten": return [try a().flattened(from: int(0), to: int(1))]
    case "chunk": return try a().chunks(int(0), along: int(1))
    case "split": return try a().split(int(0), along: int(1))
    case "split_sizes": return try a().split(list, along: dim ?? 0)
    case "cat": return [try Tensor.concatenated(given, along: int(0))]
    case "stack": return [try Tensor.stacked(given, along: int(0))]
    case "repeat_rows": return [try a().repeatedRows(int(0))]
    case "roll": return [try a().rolled(list, along: dims ?? [])]
    case "flip": return [try a().flipped(list)]
    case "select_scatter": return [try a().replacing(int(0), at: int(1), with: given[1])]
    case "slice_scatter":
      return [try a().replacing(int(0), from: ints?[1], to: ints?[2], by: int(3), with: given[1])]
    case "resize":
      return [try a().resized(height: int(0), width: int(1), mode: ResizeMode(rawValue: text ?? "") ?? .nearest)]
    case "blur": return [try a().blurred(sigma: number(0))]
    case "fft2": return [try a().fft2()]
    case "ifft2": return [try a().ifft2()]
    default: return nil
    }
  }

  private func changing(_ given: [Tensor]) throws -> [Tensor]? {
    guard var result = given.first else { return nil }
    switch op {
    case "item": return [try Tensor(scalar: result.item())]
    case "get": return [try Tensor(scalar: result.get(list))]
    case "set": try result.set(Float(number(0)), at: list)
    case "fill_": try result.fill(Float(number(0)))
    case "copy_": try result.copy(from: given[1])
    case "add_": try result.add(given[1])
    case "mul_": try result.multiply(by: given[1])
    default: return nil
    }
    return [result]
  }

  private func summarising(_ given: [Tensor]) throws -> [Tensor]? {
    func a() -> Tensor { given[0] }
    switch op {
    case "sum": return [try a().sum(along: dims, keepDimensions: keeps)]
    case "mean": return [try a().mean(along: dims, keepDimensions: keeps)]
    case "var":
      return [try a().variance(along: dims, correction: numbers == nil ? 1 : number(0), keepDimensions: keeps)]
    case "std":
      return [
        try a().standardDeviation(along: dims, correction: numbers == nil ? 1 : number(0), keepDimensions: keeps)
      ]
    case "min": return [try a().minimum(along: dims, keepDimensions: keeps)]
    case "max": return [try a().maximum(along: dims, keepDimensions: keeps)]
    case "norm": return [try a().norm(order: numbers == nil ? 2 : number(0), along: dims, keepDimensions: keeps)]
    case "matmul": return [try a().matmul(given[1])]
    case "einsum": return [try Tensor.einsum(text ?? "", given)]
    case "dot": return [try a().dot(given[1])]
    case "quantile": return [try a().quantile(number(0), along: dim, keepDimensions: keeps)]
    case "quantiles":
      return [try a().quantile((numbers ?? []).map { Double($0) ?? .nan }, along: dim, keepDimensions: keeps)]
    default: return nil
    }
  }
}
