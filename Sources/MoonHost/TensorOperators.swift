internal import MoonTensor

/// The arithmetic operators of tensors, with a number on either side.
enum TensorOperators {
  /// Metamethod names and what they do with two operands, at least one of them a tensor.
  static let table: [String: @Sendable (TensorOperand, TensorOperand) throws(TensorError) -> Tensor] = [
    "__add": { left, right throws(TensorError) in
      switch (left, right) {
      case (.tensor(let left), .tensor(let right)): try left + right
      case (.tensor(let left), .number(let right)): try left + right
      case (.number(let left), .tensor(let right)): try left + right
      case (.number(let left), .number(let right)): try Tensor(scalar: left + right)
      }
    },
    "__sub": { left, right throws(TensorError) in
      switch (left, right) {
      case (.tensor(let left), .tensor(let right)): try left - right
      case (.tensor(let left), .number(let right)): try left - right
      case (.number(let left), .tensor(let right)): try left - right
      case (.number(let left), .number(let right)): try Tensor(scalar: left - right)
      }
    },
    "__mul": { left, right throws(TensorError) in
      switch (left, right) {
      case (.tensor(let left), .tensor(let right)): try left * right
      case (.tensor(let left), .number(let right)): try left * right
      case (.number(let left), .tensor(let right)): try left * right
      case (.number(let left), .number(let right)): try Tensor(scalar: left * right)
      }
    },
    "__div": { left, right throws(TensorError) in
      switch (left, right) {
      case (.tensor(let left), .tensor(let right)): try left / right
      case (.tensor(let left), .number(let right)): try left / right
      case (.number(let left), .tensor(let right)): try left / right
      case (.number(let left), .number(let right)): try Tensor(scalar: left / right)
      }
    },
    "__pow": { left, right throws(TensorError) in
      switch (left, right) {
      case (.tensor(let left), .tensor(let right)): try left.raised(to: right)
      case (.tensor(let left), .number(let right)): try left.raised(to: right)
      case (.number(let left), .tensor(let right)): try Tensor.power(left, right)
      case (.number(let left), .number): try Tensor(scalar: left)
      }
    },
  ]
}
