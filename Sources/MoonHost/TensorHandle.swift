internal import MoonLua
internal import MoonPlugins
internal import MoonTensor

/// The handle type of tensors: methods, operators, and the few functions that change one in place.
struct TensorHandle {
  /// Fields that can be read.
  static let readable = ["shape", "ndim"]
  /// Names of all methods.
  static let methods = (Array(TensorMethods.table.keys) + Array(inPlace.keys) + ["keep"]).sorted()

  let context: PluginContext

  /// The handle's type.
  func type(_ guarded: (@escaping (HostArguments) throws -> HostReply, String) -> HostFunction) -> HandleType {
    var type = HandleType(kind: PluginContext.Kind.tensor, name: "tensor")
    for (name, method) in TensorMethods.table {
      type.methods[name] = guarded(
        { arguments in
          let tensor = try arguments.tensor(1)
          return try method(tensor, arguments.withoutHandle(TensorMethods.argumentCounts[name]))
        }, name)
    }
    for (name, change) in Self.inPlace {
      type.methods[name] = guarded({ arguments in try update(arguments, name, change) }, name)
    }
    type.methods["keep"] = guarded(
      { arguments in
        _ = try arguments.withoutHandle(0)
        guard let handle = arguments[1].asHandle, try context.tensors.keep(handle.id) else {
          throw PluginContext.deadHandle
        }
        return .values([arguments[1]])
      }, "keep")
    for (event, operation) in TensorOperators.table {
      type.operators[event] = guarded(
        { arguments in .tensor(try operation.run(operand(arguments, 1), operand(arguments, 2))) }, operation.sign)
    }
    type.operators["__unm"] = guarded({ arguments in .tensor(try -arguments.tensor(1)) }, "-")
    type.operators["__len"] = guarded(
      { arguments in .values([.integer(Int64(try arguments.tensor(1).size(of: 0)))]) }, "#")
    type.operators["__tostring"] = guarded(
      { arguments in
        guard let handle = arguments[1].asHandle, let tensor = try context.tensors.tensor(handle.id) else {
          return .values([.string("tensor (no longer valid)")])
        }
        let text = tensor.rank == 0 ? "(\(try tensor.item()))" : " \(TensorError.text(tensor.shape))"
        return .values([.string("tensor\(text)")])
      }, "tostring")
    type.getter = guarded({ arguments in .values([try read(arguments)]) }, "tensor")
    return type
  }

  /// A tensor, or a number in arithmetic.
  private func operand(_ arguments: HostArguments, _ index: Int) throws -> TensorOperand {
    if let tensor = try context.tensor(arguments[index]) { return .tensor(tensor) }
    if let number = arguments[index].asNumber { return .number(Float(number)) }
    throw HostError.message(
      "attempt to perform arithmetic on a tensor and a \(context.typeName(arguments[index])) value")
  }

  private func read(_ arguments: HostArguments) throws -> LuaValue {
    let tensor = try arguments.tensor(1)
    if arguments[2].asNumber != nil {
      throw HostError.message("a tensor has no numbered fields: get(...) reads an element, select(0, i) a row")
    }
    let name = try arguments.field(2, of: "a tensor", known: Self.readable, methods: Self.methods)
    if name == "ndim" { return .integer(Int64(tensor.rank)) }
    return .list(tensor.shape.map { .integer(Int64($0)) })
  }

  /// A change in place, its arguments read already.
  private typealias Change = (inout Tensor) throws -> Void

  /// The functions that change a tensor in place; they give back the same handle.
  private static let inPlace: [String: @Sendable (HostArguments) throws -> Change] = [
    "set": { arguments in
      let number = Float(try arguments.number(1))
      let indices = arguments.count < 2 ? [] : try arguments.restAsIntegers(2)
      return { try $0.set(number, at: indices) }
    },
    "fill_": { arguments in
      let number = Float(try arguments.number(1))
      return { try $0.fill(number) }
    },
    "copy_": { arguments in
      let source = try arguments.operand(1).asTensor()
      return { try $0.copy(from: source) }
    },
    "add_": { arguments in
      switch try arguments.operand(1) {
      case .tensor(let other): { try $0.add(other) }
      case .number(let number): { try $0.add(number) }
      }
    },
    "mul_": { arguments in
      switch try arguments.operand(1) {
      case .tensor(let other): { try $0.multiply(by: other) }
      case .number(let number): { try $0.multiply(by: number) }
      }
    },
  ]

  private func update(
    _ arguments: HostArguments, _ name: String, _ change: (HostArguments) throws -> Change
  ) throws -> HostReply {
    _ = try arguments.tensor(1)
    let change = try change(arguments.withoutHandle(TensorMethods.argumentCounts[name]))
    guard let handle = arguments[1].asHandle, try context.tensors.update(handle.id, change) else {
      throw PluginContext.deadHandle
    }
    return .values([arguments[1]])
  }
}
