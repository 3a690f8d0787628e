import Foundation
import MoonTensor
import MoonTestSupport

/// One case of `tensor_ops.json`: an operation, what it is given, and what PyTorch answered; as a call in Lua.
struct RecordedOperation: Decodable {
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

  /// All cases.
  static let all = Result { try FixtureJSON.decode([RecordedOperation].self, "tensor_ops/tensor_ops.json") }
  /// The tensors that the cases name.
  static let tensors = Result { try Fixture("tensor_ops/tensor_ops") }

  /// The call, of inputs in the table `I`; nil for what plugins are not offered.
  var lua: String? {
    let given = zip(inputs, pre ?? inputs.map { _ in "" }).map { Self.view($1, of: "I.\($0)") }
    let isInPlace = op == "set" || op.hasSuffix("_")
    let a = (given.first ?? "") + (isInPlace ? ":clone()" : "")
    let b = given.count > 1 ? given[1] : ""
    let c = given.count > 2 ? given[2] : ""
    if let sign = Self.signs[op] { return "\(a) \(sign) \(b)" }
    if op.hasSuffix("_number"), let sign = Self.signs[String(op.dropLast(7))] { return "\(a) \(sign) \(number(0))" }
    if op.hasPrefix("number_"), let sign = Self.signs[String(op.dropFirst(7))] { return "\(number(0)) \(sign) \(a)" }
    switch op {
    case "neg": return "-\(a)"
    case "abs", "sqrt", "exp", "log", "sin", "cos", "acos", "tanh", "sign", "floor", "ceil", "round", "fft2", "ifft2":
      return "\(a):\(op)()"
    case "lt", "le", "gt", "ge", "eq", "ne", "dot", "matmul", "copy_", "add_", "mul_": return "\(a):\(op)(\(b))"
    case "lt_number", "le_number", "gt_number", "ge_number", "eq_number", "ne_number":
      return "\(a):\(op.dropLast(7))(\(number(0)))"
    case "smaller": return "\(a):minimum(\(b))"
    case "larger": return "\(a):maximum(\(b))"
    case "smaller_number": return "\(a):minimum(\(number(0)))"
    case "larger_number": return "\(a):maximum(\(number(0)))"
    case "clamp": return "\(a):clamp(\(number(0)), \(number(1)))"
    case "lerp": return "\(a):lerp(\(b), \(number(0)))"
    case "lerp_tensor": return "\(a):lerp(\(b), \(c))"
    case "where": return "moon.where(\(a), \(b), \(c))"
    case "arange": return "moon.arange(\(number(0)), \(number(1)), \(number(2)))"
    case "full": return "moon.full(\(table), \(number(0)))"
    case "narrow", "select", "slice", "transpose", "squeeze", "unsqueeze", "chunk", "split", "repeat_rows", "get":
      return "\(a):\(op)(\(list))"
    case "roll": return "\(a):roll(\(ints?.count == 1 ? list : table), \(dimensions))"
    case "select_scatter", "slice_scatter": return "\(a):\(op)(\(b), \(list))"
    case "permute", "flip", "expand", "reshape": return "\(a):\(op)(\(table))"
    case "split_sizes": return "\(a):split(\(table), \(dim ?? 0))"
    case "cat", "stack": return "moon.\(op)({\(given.joined(separator: ", "))}, \(list))"
    case "resize": return "\(a):resize(\(list), \(Self.quoted(text ?? "")))"
    case "blur", "fill_": return "\(a):\(op)(\(number(0)))"
    case "item": return "\(a):item()"
    case "set": return "\(a):set(\(number(0))\(ints?.isEmpty == false ? ", " : "")\(list))"
    case "sum", "mean", "var", "std", "min", "max", "norm":
      return numbers == nil ? "\(a):\(op)(\(dimensions), \(keep ?? false))" : nil
    case "quantile": return "\(a):quantile(\(number(0)), \(dim.map { "\($0)" } ?? "nil"), \(keep ?? false))"
    case "einsum":
      guard let text, text.utf8.count < 2000 else { return nil }
      return "moon.einsum(\(([Self.quoted(text)] + given).joined(separator: ", ")))"
    default: return nil
    }
  }

  private static let signs = ["add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "^"]

  private static func view(_ letter: String, of name: String) -> String {
    switch letter {
    case "T": "\(name):transpose(0, -1)"
    case "S": "\(name):slice(-1, nil, nil, 2)"
    case "E": "three(\(name))"
    case "N": "\(name):narrow(-1, 1, \(name):size(-1) - 1)"
    default: name
    }
  }

  private func number(_ index: Int) -> String {
    switch numbers?[index] {
    case nil, "none": "nil"
    case "nan": "(0/0)"
    case "inf": "(1/0)"
    case "-inf": "(-1/0)"
    case let text?: "(\(text))"
    }
  }

  private var list: String { (ints ?? []).map { $0.map { "\($0)" } ?? "nil" }.joined(separator: ", ") }
  private var table: String { "{\(list)}" }
  private var dimensions: String {
    guard let dims else { return "nil" }
    return dims.count == 1 ? "\(dims[0])" : "{\(dims.map { "\($0)" }.joined(separator: ", "))}"
  }

  /// A text as a Lua string.
  static func quoted(_ text: String) -> String { quoted(Array(text.utf8)) }

  /// Bytes as a Lua string.
  static func quoted(_ bytes: [UInt8]) -> String {
    "\""
      + bytes.map { byte in
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
          ? String(UnicodeScalar(byte)) : "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
      }.joined() + "\""
  }
}
