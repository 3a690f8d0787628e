internal import MoonLua
internal import MoonPlugins
internal import MoonTensor

/// The handle type of tensors: methods, operators, and the few functions that change one in place.
struct TensorHandle {
  let context: PluginContext

  /// The handle's type.
  func type(_ guarded: (@escaping (HostArguments) throws -> HostReply, String) -> HostFunction) -> HandleType {
    var type = HandleType(kind: PluginContext.Kind.tensor, name: "tensor")
    for (name, method) in TensorMethods.table {
      type.methods[name] = guarded(
        { arguments in try method(arguments.tensor(1), arguments.withoutHandle) }, name)
    }
    for (name, change) in Self.inPlace {
      type.methods[name] = guarded({ arguments in try update(arguments, change) }, name)
    }
    type.methods["keep"] = guarded(
      { arguments in
        guard let handle = arguments[1].asHandle, try context.tensors.keep(handle.id) else {
          throw PluginContext.deadHandle
        }
        return .values([arguments[1]])
      }, "keep")
    for (name, operation) in TensorOperators.table {
      type.operators[name] = guarded(
        { arguments in .tensor(try operation(operand(arguments, 1), operand(arguments, 2))) }, name)
    }
    type.operators["__unm"] = guarded({ arguments in .tensor(try 0 - arguments.tensor(1)) }, "-")
    type.operators["__len"] = guarded(
      { arguments in .values([.integer(Int64(try arguments.tensor(1).size(of: 0)))]) }, "#")
    type.operators["__tostring"] = guarded(
      { arguments in
        let isDead = try (arguments[1].asHandle.map { try context.tensors.tensor($0.id) } ?? nil) == nil
        return .values([
          .string(isDead ? "tensor (no longer valid)" : "tensor \(TensorError.text(try arguments.tensor(1).shape))")
        ])
      }, "tostring")
    type.getter = guarded({ arguments in .values([try read(arguments)]) }, "tensor")
    return type
  }

  /// A tensor, or anything Lua would take as a number in arithmetic.
  private func operand(_ arguments: HostArguments, _ index: Int) throws -> TensorOperand {
    if let tensor = try context.tensor(arguments[index]) { return .tensor(tensor) }
    if let number = arguments[index].asNumber { return .number(Float(number)) }
    throw HostError.message(
      "attempt to perform arithmetic on a tensor and a \(context.typeName(arguments[index])) value")
  }

  private func read(_ arguments: HostArguments) throws -> LuaValue {
    let tensor = try arguments.tensor(1)
    switch arguments[2].asText {
    case "shape": return .list(tensor.shape.map { .integer(Int64($0)) })
    case "ndim": return .integer(Int64(tensor.rank))
    case let name:
      let known = Array(TensorMethods.table.keys) + Array(Self.inPlace.keys) + ["keep", "shape", "ndim"]
      guard let name else {
        throw HostError.message("a tensor has no field of type \(arguments[2].typeName); get(...) reads an element")
      }
      let near = PluginText.nearest(to: name, in: known.sorted()).map { "; did you mean '\($0)'?" } ?? ""
      throw HostError.message("a tensor has no field '\(PluginText.escaped(String(name.prefix(64))))'\(near)")
    }
  }

  /// The functions that change a tensor in place; they give back the same handle.
  private static let inPlace: [String: @Sendable (inout Tensor, HostArguments) throws -> Void] = [
    "set": { tensor, arguments in
      try tensor.set(
        Float(arguments.number(1)), at: arguments.count < 2 ? [] : arguments.integers(2))
    },
    "fill_": { tensor, arguments in try tensor.fill(Float(arguments.number(1))) },
    "copy_": { tensor, arguments in try tensor.copy(from: arguments.operand(1).asTensor()) },
    "add_": { tensor, arguments in
      switch try arguments.operand(1) {
      case .tensor(let other): try tensor.add(other)
      case .number(let number): try tensor.add(number)
      }
    },
    "mul_": { tensor, arguments in
      switch try arguments.operand(1) {
      case .tensor(let other): try tensor.multiply(by: other)
      case .number(let number): try tensor.multiply(by: number)
      }
    },
  ]

  private func update(
    _ arguments: HostArguments, _ change: (inout Tensor, HostArguments) throws -> Void
  ) throws -> HostReply {
    _ = try arguments.tensor(1)
    guard let handle = arguments[1].asHandle else { throw PluginContext.deadHandle }
    let rest = arguments.withoutHandle
    try context.tensors.update(handle.id) { try change(&$0, rest) }
    return .values([arguments[1]])
  }
}

extension HostArguments {
  /// The arguments behind the handle that a method is called on.
  var withoutHandle: HostArguments {
    HostArguments(function: function, values: Array(values.dropFirst()), context: context)
  }
}
