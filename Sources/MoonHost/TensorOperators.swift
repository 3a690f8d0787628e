internal import MoonTensor

/// The arithmetic operators of tensors, with a number on either side.
enum TensorOperators {
  /// An operator: its sign, for messages, and what it does with two operands, at least one of them a tensor.
  struct Operator: Sendable {
    let sign: String
    let run: @Sendable (TensorOperand, TensorOperand) throws(TensorError) -> Tensor
  }

  /// The operators by Lua's names of their events.
  static let table: [String: Operator] = [
    "__add": Operator(sign: "+") { left, right throws(TensorError) in
      switch (left, right) {
      case (.tensor(let left), .tensor(let right)): try left + right
      case (.tensor(let left), .number(let right)): try left + right
      case (.number(let left), .tensor(let right)): try left + right
      case (.number(let left), .number(let right)): try Tensor(scalar: left + right)
      }
    },
    "__sub": Operator(sign: "-") { left, right throws(TensorError) in
      switch (left, right) {
      case (.tensor(let left), .tensor(let right)): try left - right
      case (.tensor(let left), .number(let right)): try left - right
      case (.number(let left), .tensor(let right)): try left - right
      case (.number(let left), .number(let right)): try Tensor(scalar: left - right)
      }
    },
    "__mul": Operator(sign: "*") { left, right throws(TensorError) in
      switch (left, right) {
      case (.tensor(let left), .tensor(let right)): try left * right
      case (.tensor(let left), .number(let right)): try left * right
      case (.number(let left), .tensor(let right)): try left * right
      case (.number(let left), .number(let right)): try Tensor(scalar: left * right)
      }
    },
    "__div": Operator(sign: "/") { left, right throws(TensorError) in
      switch (left, right) {
      case (.tensor(let left), .tensor(let right)): try left / right
      case (.tensor(let left), .number(let right)): try left / right
      case (.number(let left), .tensor(let right)): try left / right
      case (.number(let left), .number(let right)): try Tensor(scalar: left / right)
      }
    },
    "__pow": Operator(sign: "^") { left, right throws(TensorError) in
      switch (left, right) {
      case (.tensor(let left), .tensor(let right)): try left.raised(to: right)
      case (.tensor(let left), .number(let right)): try left.raised(to: right)
      case (.number(let left), .tensor(let right)): try Tensor.power(left, right)
      case (.number(let left), .number(let right)): try Tensor.power(left, Tensor(scalar: right))
      }
    },
  ]
}
