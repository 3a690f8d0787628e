internal import MoonLua
internal import MoonPipelines
internal import MoonPlugins
internal import MoonTensor

/// The arguments of a host function, read with the checks and messages that Lua users know.
struct HostArguments {
  /// The function, as messages name it.
  let function: String
  /// The arguments, without the handle that a method is called on.
  let values: ArraySlice<LuaValue>
  let context: PluginContext

  /// How many arguments were given.
  var count: Int { values.count }

  /// Argument `index`, counted from 1; nil past the last.
  subscript(index: Int) -> LuaValue { index <= values.count ? values[values.startIndex + index - 1] : .nil }

  /// Whether argument `index` is absent or nil.
  func isNil(_ index: Int) -> Bool {
    if case .nil = self[index] { return true }
    return false
  }

  /// The arguments behind the handle that a method is called on.
  ///
  /// - Parameter most: How many there may be; nil for any number.
  /// - Returns: The arguments, counted from 1 as the script writes them.
  /// - Throws: `HostError.argument` for one that is too many.
  func withoutHandle(_ most: Int?) throws -> HostArguments {
    let arguments = HostArguments(function: function, values: values.dropFirst(), context: context)
    if let most { try arguments.refuse(after: most) }
    return arguments
  }

  /// The error for argument `index`: `bad argument #2 to 'narrow' (...)`.
  func bad(_ index: Int, _ detail: String) -> HostError { .argument(index, detail) }

  /// The error for argument `index` of the wrong type.
  func wrongType(_ index: Int, _ wanted: String) -> HostError {
    bad(index, "\(wanted) expected, got \(index <= values.count ? context.typeName(self[index]) : "no value")")
  }

  /// A tensor.
  func tensor(_ index: Int) throws -> Tensor {
    guard let tensor = try context.tensor(self[index]) else { throw wrongType(index, "tensor") }
    return tensor
  }

  /// A tensor or a number.
  func operand(_ index: Int) throws -> TensorOperand {
    if let tensor = try context.tensor(self[index]) { return .tensor(tensor) }
    if let number = self[index].asNumber { return .number(Float(number)) }
    throw wrongType(index, "tensor or number")
  }

  /// A whole number.
  func integer(_ index: Int) throws -> Int {
    guard self[index].asNumber != nil else { throw wrongType(index, "number") }
    guard let whole = self[index].asInteger else { throw bad(index, "number has no integer representation") }
    return whole
  }

  /// A whole number, or `fallback` when absent.
  func integer(_ index: Int, default fallback: Int) throws -> Int { isNil(index) ? fallback : try integer(index) }

  /// Any number.
  func number(_ index: Int) throws -> Double {
    guard let number = self[index].asNumber else { throw wrongType(index, "number") }
    // Lua's 0/0 has a sign, which no message needs.
    return number.isNaN ? .nan : number
  }

  /// Any number, `nil` when absent.
  func optionalNumber(_ index: Int) throws -> Float? { isNil(index) ? nil : Float(try number(index)) }

  /// A switch, or `fallback` when absent.
  func boolean(_ index: Int, default fallback: Bool) throws -> Bool {
    switch self[index] {
    case .nil: return fallback
    case .boolean(let flag): return flag
    default: throw wrongType(index, "boolean")
    }
  }

  /// One of two words or more, `nil` when absent.
  func word(_ index: Int, _ what: String, of words: [String]) throws -> String? {
    if isNil(index) { return nil }
    guard case .string = self[index] else { throw wrongType(index, "string") }
    if let word = self[index].asName, words.contains(word) { return word }
    let list = words.map { "'\($0)'" }
    throw bad(
      index,
      "the \(what) is \(list.dropLast().joined(separator: ", ")) or \(list.last ?? ""), got "
        + PluginText.quoted(self[index]))
  }

  /// A text, which is not to be compared with others: see `LuaValue.asName`.
  func string(_ index: Int) throws -> String {
    guard case .string = self[index] else { throw wrongType(index, "string") }
    guard let text = self[index].asText else { throw bad(index, "the text is not valid UTF-8") }
    return text
  }

  /// The name of a field that is read or written; `known` are those of `owner`, `methods` its methods.
  func field(_ index: Int, of owner: String, known: [String], methods: [String] = []) throws -> String {
    guard case .string = self[index] else {
      throw HostError.message("\(owner) has no field of type \(context.typeName(self[index]))")
    }
    let name = self[index].asName
    if let name, known.contains(name) { return name }
    throw HostError.message(
      "\(owner) has no field \(PluginText.quoted(self[index]))"
        + (name.map { PluginText.suggestion(for: $0, in: known + methods) } ?? ""))
  }

  /// Refuses arguments after the first `most`; nil at the end is none.
  func refuse(after most: Int) throws {
    guard let surplus = values.indices.dropFirst(most).first(where: { !values[$0].isNil }) else { return }
    throw bad(surplus - values.startIndex + 1, "no value expected, got \(context.typeName(values[surplus]))")
  }

  /// The last arguments of a function as `integers(_:)` reads them: nothing may follow a table.
  func restAsIntegers(_ index: Int) throws -> [Int] {
    if case .table = self[index] { try refuse(after: index) }
    return try integers(index)
  }

  /// A list of whole numbers from a table, or from the numbers from argument `index` on.
  func integers(_ index: Int) throws -> [Int] {
    if case .table(let table) = self[index] {
      guard let items = table.pureList else { throw bad(index, "a list of integers expected") }
      if items.count > 64 { throw bad(index, "a list of at most 64 integers expected, got \(items.count)") }
      return try items.map { item in
        guard let number = item.asInteger else { throw bad(index, "a list of integers expected") }
        return number
      }
    }
    if isNil(index) { throw wrongType(index, "table") }
    return try (index...max(index, min(count, index + 64))).map { try integer($0) }
  }

  /// A list of finite numbers from a table.
  func numbers(_ index: Int) throws -> [Double] {
    guard case .table(let table) = self[index] else { throw wrongType(index, "table") }
    let numbers = table.pureList?.compactMap(\.finiteNumber)
    guard let numbers, numbers.count == table.list.count else { throw bad(index, "a list of finite numbers expected") }
    return numbers
  }

  /// Runs work of the host; what the run finds wrong is an error of the first argument.
  func asHost<Result>(_ body: () throws -> Result) throws -> Result { try checked { try context.asHost(body) } }

  /// Runs work that is the plugin's own; what the run finds wrong is an error of the first argument.
  func checked<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch PipelineError.badRequest(_, let detail) {
      throw bad(1, detail)
    } catch PipelineError.untimely(let detail) {
      throw HostError.message("\(function): \(detail)")
    } catch let error as PipelineError {
      throw bad(1, "\(error)")
    }
  }

  /// The dimensions of a reduction: one, a list, or `nil` for all of them.
  func dimensions(_ index: Int) throws -> [Int]? {
    if isNil(index) { return nil }
    if case .table = self[index] { return try integers(index) }
    return [try integer(index)]
  }

  /// The last arguments of a function as `tensors(_:)` reads them: nothing may follow a table.
  func restAsTensors(_ index: Int) throws -> [Tensor] {
    if case .table = self[index] { try refuse(after: index) }
    return try tensors(index)
  }

  /// A list of tensors from a table, or from the arguments from `index` on.
  func tensors(_ index: Int) throws -> [Tensor] {
    var items = index <= count ? Array(values.dropFirst(index - 1)) : []
    if case .table(let table) = self[index] {
      guard let list = table.pureList else { throw bad(index, "a list of tensors expected") }
      items = list
    }
    if items.count > 4096 { throw bad(index, "at most 4096 tensors can be given, got \(items.count)") }
    return try items.enumerated().map { position, item in
      guard let tensor = try context.tensor(item) else {
        throw bad(index, "entry \(position + 1) is \(context.typeName(item)), a tensor expected")
      }
      return tensor
    }
  }
}

/// A tensor, or a number that is broadcast.
enum TensorOperand {
  case tensor(Tensor)
  case number(Float)

  /// The operand as a tensor.
  func asTensor() throws(TensorError) -> Tensor {
    switch self {
    case .tensor(let tensor): tensor
    case .number(let number): try Tensor(scalar: number)
    }
  }
}

/// What a host function gives back.
enum HostReply {
  case tensor(Tensor)
  case tensors([Tensor])
  case values([LuaValue])
}
