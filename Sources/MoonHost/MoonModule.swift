internal import MoonLua
internal import MoonPipelines
internal import MoonPlugins
internal import MoonTensor

/// The table `moon`: its functions and constants; `moon.log` and `moon.warn` are the sandbox's own.
enum MoonModule {
  /// The version of this library.
  static let version = "0.1.0"
  /// The functions that the sandbox defines itself.
  static let sandboxFunctions = ["log", "warn"]
  /// Every constant by name.
  static var constants: [String: LuaValue] {
    ["version": .string(version), "api": .integer(Int64(PluginManifest.hostAPI))]
  }

  /// Names that plugins can use, for suggestions: those of `moon`, Lua's own, the methods of tensors, and the tensors
  /// that hooks are given.
  static let knownNames: [String] = {
    let lua = """
      assert error getmetatable ipairs load next pairs pcall print rawequal rawget rawlen rawset require select \
      setmetatable tonumber tostring type xpcall string table math utf8 coroutine moon \
      byte char find format gmatch gsub len lower match pack packsize rep reverse sub unpack upper \
      concat insert move remove sort abs acos asin atan ceil cos deg exp floor fmod huge log max maxinteger min \
      mininteger modf pi rad random randomseed sin sqrt tan tointeger ult create isyieldable resume running status \
      wrap yield charpattern codepoint codes offset
      """
    let own = sandboxFunctions + constants.keys + functions.keys
    let tensors =
      DenoisingRun.tensorNames(isXL: true, isInpaintingModel: true) + ["image", "control_image", "image_embeds"]
    let noise = ["cond", "uncond", "pred", "sigma"]
    return (lua.split(whereSeparator: \.isWhitespace).map(String.init) + own + TensorHandle.methods + tensors + noise)
      .sorted()
  }()

  /// The most arguments of each function; more than these are an error. Functions that take any number are not in it.
  static let argumentCounts = [
    "tensor": 1, "full": 2, "arange": 3, "cat": 2, "stack": 2, "where": 3, "save_image": 2,
  ]

  /// Every function by name.
  static let functions: [String: @Sendable (PluginContext, HostArguments) throws -> HostReply] = [
    "tensor": { _, arguments in .tensor(try Tensor(nested: arguments[1], arguments)) },
    "zeros": { _, arguments in .tensor(try .zeros(arguments.restAsIntegers(1))) },
    "ones": { _, arguments in .tensor(try .ones(arguments.restAsIntegers(1))) },
    "full": { _, arguments in
      guard case .table = arguments[1] else { throw arguments.wrongType(1, "table") }
      return .tensor(try .full(arguments.integers(1), value: Float(arguments.number(2))))
    },
    "arange": { _, arguments in
      let isOne = arguments.isNil(2)
      let (start, end) = (try isOne ? 0 : arguments.number(1), try arguments.number(isOne ? 1 : 2))
      let step = try arguments.isNil(3) ? 1 : arguments.number(3)
      do {
        return .tensor(try .arange(from: start, to: end, by: step))
      } catch TensorError.badArgument(_, 2, let detail) where isOne {
        throw arguments.bad(1, detail)
      }
    },
    "randn": { context, arguments in .tensor(try context.generator.normal(shape: arguments.restAsIntegers(1))) },
    "rand": { context, arguments in .tensor(try context.generator.uniform(shape: arguments.restAsIntegers(1))) },
    "cat": { _, arguments in .tensor(try .concatenated(arguments.list(1), along: arguments.integer(2, default: 0))) },
    "stack": { _, arguments in .tensor(try .stacked(arguments.list(1), along: arguments.integer(2, default: 0))) },
    "einsum": { _, arguments in
      .tensor(try .einsum(arguments.string(1), arguments.count > 1 ? arguments.restAsTensors(2) : []))
    },
    "where": { _, arguments in
      .tensor(try .where(arguments.tensor(1), arguments.operand(2).asTensor(), else: arguments.operand(3).asTensor()))
    },
    "save_image": { context, arguments in
      _ = try context.liveRun()
      guard case .string = arguments[2] else { throw arguments.wrongType(2, "string") }
      guard let name = arguments[2].asName, PluginImageFolder.isPlainName(name) else {
        throw arguments.bad(
          2,
          "the name \(PluginText.quoted(arguments[2])) "
            + (arguments[2].asName?.first == "-"
              ? "begins with -" : "is not up to 64 letters, digits, _ and - and .png"))
      }
      let isSaved: Void? = try context.withImage(arguments[1]) { try context.imageFolder.stage($0, as: name) }
      if isSaved == nil {
        throw arguments.bad(1, "image or tensor expected, got \(context.typeName(arguments[1]))")
      }
      return .values([])
    },
  ]
}

extension HostArguments {
  /// A list of tensors that must be a table.
  fileprivate func list(_ index: Int) throws -> [Tensor] {
    guard case .table = self[index] else { throw wrongType(index, "table") }
    return try tensors(index)
  }
}

extension Tensor {
  /// A tensor from a number or from nested lists of numbers, all of one length at each level.
  fileprivate init(nested value: LuaValue, _ arguments: HostArguments) throws {
    if value.asTable == nil, value.asNumber == nil { throw arguments.wrongType(1, "number or table") }
    var shape: [Int] = []
    var probe = value
    while case .table(let table) = probe {
      guard let items = table.pureList else { throw arguments.bad(1, "lists of numbers expected") }
      shape.append(items.count)
      if shape.count > Shape.maximumRank { throw arguments.bad(1, "lists nested deeper than \(Shape.maximumRank)") }
      guard let first = items.first else { break }
      probe = first
    }
    var numbers: [Float] = []
    numbers.reserveCapacity(min(try Shape.elementCount(of: shape), 1 << 20))
    try Self.collect(value, shape[...], into: &numbers, arguments)
    try self.init(numbers, shape: shape)
  }

  private static func collect(
    _ value: LuaValue, _ shape: ArraySlice<Int>, into numbers: inout [Float], _ arguments: HostArguments
  ) throws {
    guard let size = shape.first else {
      guard let number = value.asNumber else {
        throw arguments.bad(1, "number expected in the lists, got \(arguments.context.typeName(value))")
      }
      numbers.append(Float(number))
      return
    }
    guard case .table(let table) = value, let items = table.pureList, items.count == size else {
      throw arguments.bad(1, "the lists differ in length")
    }
    try TensorEnvironment.current.check()
    for item in items { try collect(item, shape.dropFirst(), into: &numbers, arguments) }
  }
}
