internal import MoonLua
internal import MoonTensor

/// The methods of tensors by the names that plugins use, which are PyTorch's.
enum TensorMethods {
  typealias Method = @Sendable (Tensor, HostArguments) throws -> HostReply

  /// Every method that makes a new value.
  static let table: [String: Method] = shapes.merging(numbers) { $1 }.merging(comparisons) { $1 }
    .merging(reductions) { $1 }.merging(joining) { $1 }.merging(pictures) { $1 }

  /// The most arguments of each method; more than these are an error. Methods that take any number are not in it.
  static let argumentCounts: [String: Int] = {
    let names: [Int: String] = [
      0: "numel item totable clone abs sqrt exp log sin cos acos tanh sign floor ceil round fft2 ifft2 to_image keep",
      1:
        "size squeeze unsqueeze lt le gt ge eq ne maximum minimum dot repeat_rows matmul blur fill_ copy_ add_ mul_",
      2: "chunk split select transpose roll clamp lerp where sum mean min max cat stack",
      3: "narrow select_scatter var std norm quantile resize",
      4: "slice",
      5: "slice_scatter",
    ]
    return names.reduce(into: [:]) { counts, entry in
      for name in entry.value.split(separator: " ") { counts[String(name)] = entry.key }
    }
  }()

  /// Shapes, views and elements.
  private static let shapes: [String: Method] = [
    "size": { tensor, arguments in
      if arguments.isNil(1) { return .values([.list(tensor.shape.map { .integer(Int64($0)) })]) }
      return .values([.integer(Int64(try tensor.size(of: arguments.integer(1))))])
    },
    "numel": { tensor, _ in .values([.integer(Int64(tensor.count))]) },
    "item": { tensor, _ in .values([.number(Double(try tensor.item()))]) },
    "get": { tensor, arguments in
      .values([.number(Double(try tensor.get(arguments.count == 0 ? [] : arguments.restAsIntegers(1))))])
    },
    "totable": { tensor, _ in .values([try LuaValue(nested: tensor)]) },
    "chunk": { tensor, arguments in
      .tensors(try tensor.chunks(arguments.integer(1), along: arguments.integer(2, default: 0)))
    },
    "split": { tensor, arguments in
      let dimension = try arguments.integer(2, default: 0)
      if case .table = arguments[1] {
        return .tensors(try tensor.split(arguments.integers(1), along: dimension))
      }
      return .tensors(try tensor.split(arguments.integer(1), along: dimension))
    },
    "narrow": { tensor, arguments in
      .tensor(
        try tensor.narrow(arguments.integer(1), start: arguments.integer(2), length: arguments.integer(3)))
    },
    "slice": { tensor, arguments in
      .tensor(
        try tensor.slice(
          arguments.integer(1), from: arguments.isNil(2) ? nil : arguments.integer(2),
          to: arguments.isNil(3) ? nil : arguments.integer(3), by: arguments.integer(4, default: 1)))
    },
    "select": { tensor, arguments in .tensor(try tensor.select(arguments.integer(1), at: arguments.integer(2))) },
    "reshape": { tensor, arguments in .tensor(try tensor.reshaped(to: arguments.restAsIntegers(1))) },
    "permute": { tensor, arguments in .tensor(try tensor.permuted(arguments.restAsIntegers(1))) },
    "transpose": { tensor, arguments in
      .tensor(try tensor.transposed(arguments.integer(1), arguments.integer(2)))
    },
    "squeeze": { tensor, arguments in
      .tensor(try tensor.squeezed(arguments.isNil(1) ? nil : arguments.integer(1)))
    },
    "unsqueeze": { tensor, arguments in .tensor(try tensor.unsqueezed(arguments.integer(1))) },
    "expand": { tensor, arguments in .tensor(try tensor.expanded(to: arguments.restAsIntegers(1))) },
    "roll": { tensor, arguments in
      guard let shifts = try arguments.dimensions(1) else { throw arguments.wrongType(1, "number") }
      return .tensor(try tensor.rolled(shifts, along: arguments.dimensions(2) ?? []))
    },
    "flip": { tensor, arguments in .tensor(try tensor.flipped(arguments.restAsIntegers(1))) },
    "select_scatter": { tensor, arguments in
      let source = try arguments.tensor(1)
      return .tensor(try tensor.replacing(arguments.integer(2), at: arguments.integer(3), with: source))
    },
    "slice_scatter": { tensor, arguments in
      let source = try arguments.tensor(1)
      return .tensor(
        try tensor.replacing(
          arguments.integer(2, default: 0), from: arguments.isNil(3) ? nil : arguments.integer(3),
          to: arguments.isNil(4) ? nil : arguments.integer(4), by: arguments.integer(5, default: 1), with: source))
    },
    "clone": { tensor, _ in .tensor(try tensor.copied()) },
  ]

  /// Element-wise functions.
  private static let numbers: [String: Method] = [
    "abs": { tensor, _ in .tensor(try tensor.abs()) },
    "sqrt": { tensor, _ in .tensor(try tensor.sqrt()) },
    "exp": { tensor, _ in .tensor(try tensor.exp()) },
    "log": { tensor, _ in .tensor(try tensor.log()) },
    "sin": { tensor, _ in .tensor(try tensor.sin()) },
    "cos": { tensor, _ in .tensor(try tensor.cos()) },
    "acos": { tensor, _ in .tensor(try tensor.acos()) },
    "tanh": { tensor, _ in .tensor(try tensor.tanh()) },
    "sign": { tensor, _ in .tensor(try tensor.sign()) },
    "floor": { tensor, _ in .tensor(try tensor.floor()) },
    "ceil": { tensor, _ in .tensor(try tensor.ceil()) },
    "round": { tensor, _ in .tensor(try tensor.round()) },
    "maximum": pair({ try $0.larger(of: $1) }, { try $0.larger(of: $1) }),
    "minimum": pair({ try $0.smaller(of: $1) }, { try $0.smaller(of: $1) }),
    "clamp": { tensor, arguments in
      .tensor(
        try tensor.clamped(minimum: arguments.optionalNumber(1), maximum: arguments.optionalNumber(2)))
    },
    "lerp": { tensor, arguments in
      let end = try arguments.tensor(1)
      switch try arguments.operand(2) {
      case .number(let weight): return .tensor(try tensor.lerp(to: end, weight: weight))
      case .tensor(let weight): return .tensor(try tensor.lerp(to: end, weight: weight))
      }
    },
  ]

  /// Comparisons, which give 1 where they hold and 0 elsewhere.
  private static let comparisons: [String: Method] = [
    "lt": pair({ try $0 .< $1 }, { try $0 .< $1 }),
    "le": pair({ try $0 .<= $1 }, { try $0 .<= $1 }),
    "gt": pair({ try $0 .> $1 }, { try $0 .> $1 }),
    "ge": pair({ try $0 .>= $1 }, { try $0 .>= $1 }),
    "eq": pair({ try $0 .== $1 }, { try $0 .== $1 }),
    "ne": pair({ try $0 .!= $1 }, { try $0 .!= $1 }),
    "where": { tensor, arguments in
      .tensor(try Tensor.where(arguments.tensor(1), tensor, else: arguments.operand(2).asTensor()))
    },
  ]

  /// A function of this tensor and another one, or a number.
  private static func pair(
    _ tensors: @escaping @Sendable (Tensor, Tensor) throws -> Tensor,
    _ number: @escaping @Sendable (Tensor, Float) throws -> Tensor
  ) -> Method {
    { tensor, arguments in
      switch try arguments.operand(1) {
      case .tensor(let other): .tensor(try tensors(tensor, other))
      case .number(let other): .tensor(try number(tensor, other))
      }
    }
  }

  /// Reductions over `(dim, keepdim)`.
  private static let reductions: [String: Method] = [
    "sum": reduce { try $0.sum(along: $1, keepDimensions: $2) },
    "mean": reduce { try $0.mean(along: $1, keepDimensions: $2) },
    "var": { tensor, arguments in
      let correction = try arguments.correction(3)
      return .tensor(
        try tensor.variance(
          along: arguments.dimensions(1), correction: correction,
          keepDimensions: arguments.boolean(2, default: false)))
    },
    "std": { tensor, arguments in
      let correction = try arguments.correction(3)
      return .tensor(
        try tensor.standardDeviation(
          along: arguments.dimensions(1), correction: correction,
          keepDimensions: arguments.boolean(2, default: false)))
    },
    "min": reduce { try $0.minimum(along: $1, keepDimensions: $2) },
    "max": reduce { try $0.maximum(along: $1, keepDimensions: $2) },
    "norm": { tensor, arguments in
      let order = arguments.isNil(3) ? 2 : try arguments.number(3)
      let (dimensions, keeps) = (try arguments.dimensions(1), try arguments.boolean(2, default: false))
      do {
        return .tensor(try tensor.norm(order: order, along: dimensions, keepDimensions: keeps))
      } catch TensorError.badArgument(_, _, let detail) where detail.hasPrefix("order ") {
        throw arguments.bad(3, detail)
      }
    },
    "dot": { tensor, arguments in .tensor(try tensor.dot(arguments.tensor(1))) },
    "quantile": { tensor, arguments in
      let dimension = arguments.isNil(2) ? nil : try arguments.integer(2)
      let keeps = try arguments.boolean(3, default: false)
      guard case .table = arguments[1] else {
        return .tensor(try tensor.quantile(arguments.number(1), along: dimension, keepDimensions: keeps))
      }
      let fractions = try arguments.numbers(1)
      if fractions.count > 1024 {
        throw arguments.bad(1, "at most 1024 fractions can be given, got \(fractions.count)")
      }
      return .tensor(try tensor.quantile(fractions, along: dimension, keepDimensions: keeps))
    },
  ]

  private static func reduce(_ body: @escaping @Sendable (Tensor, [Int]?, Bool) throws -> Tensor) -> Method {
    { tensor, arguments in
      .tensor(try body(tensor, arguments.dimensions(1), arguments.boolean(2, default: false)))
    }
  }

  /// Several tensors together.
  private static let joining: [String: Method] = [
    "cat": { tensor, arguments in
      .tensor(try Tensor.concatenated([tensor] + arguments.others, along: arguments.integer(2, default: 0)))
    },
    "stack": { tensor, arguments in
      .tensor(try Tensor.stacked([tensor] + arguments.others, along: arguments.integer(2, default: 0)))
    },
    "repeat_rows": { tensor, arguments in .tensor(try tensor.repeatedRows(arguments.integer(1))) },
    "matmul": { tensor, arguments in .tensor(try tensor.matmul(arguments.tensor(1))) },
    "einsum": { tensor, arguments in
      let others = arguments.count > 1 ? try arguments.restAsTensors(2) : []
      do {
        return .tensor(try Tensor.einsum(arguments.string(1), [tensor] + others))
      } catch TensorError.badArgument(_, let argument, let detail) where argument > 2 {
        // The operation counts its operands from the second argument on; here the first of them is not counted.
        throw arguments.bad(argument - 1, detail)
      }
    },
  ]

  /// Pictures.
  private static let pictures: [String: Method] = [
    "resize": { tensor, arguments in
      let isTable = if case .table = arguments[1] { true } else { false }
      let size = isTable ? try arguments.integers(1) : [try arguments.integer(1), try arguments.integer(2)]
      guard size.count == 2 else { throw arguments.bad(1, "a height and a width expected") }
      let place = isTable ? 2 : 3
      try arguments.refuse(after: place)
      let name = try arguments.word(place, "mode", of: ResizeMode.allCases.map(\.rawValue))
      let mode = name.flatMap { ResizeMode(rawValue: $0) } ?? .nearest
      return .tensor(try tensor.resized(height: size[0], width: size[1], mode: mode))
    },
    "blur": { tensor, arguments in .tensor(try tensor.blurred(sigma: arguments.number(1))) },
    "fft2": { tensor, _ in .tensor(try tensor.fft2()) },
    "ifft2": { tensor, _ in .tensor(try tensor.ifft2()) },
    "to_image": { tensor, arguments in .values([try arguments.context.addImage(tensor)]) },
  ]
}

extension HostArguments {
  /// What a variance takes from the number of elements; 1, Bessel's correction, without it.
  fileprivate func correction(_ index: Int) throws -> Double {
    let number = isNil(index) ? 1 : try number(index)
    if !number.isFinite { throw bad(index, "correction \(number)") }
    return number
  }

  /// The tensors to join with: one, or a list.
  fileprivate var others: [Tensor] {
    get throws {
      if case .table = self[1] { return try tensors(1) }
      return [try tensor(1)]
    }
  }
}

extension LuaValue {
  /// The most numbers and lists that one tensor may become: what can be built well within a deadline.
  fileprivate static let maximumNestedCount = 1 << 18

  /// A tensor as nested lists; a number for one without dimensions.
  init(nested tensor: Tensor) throws {
    if tensor.rank == 0 {
      self = .number(Double(try tensor.item()))
      return
    }
    // Counted before anything is made: a shape like [67108864, 0] holds no number, but as many lists.
    var (count, total) = (1, 0)
    for size in tensor.shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      if overflow || product > Self.maximumNestedCount - total {
        throw HostError.message(
          "totable: the shape \(TensorError.text(tensor.shape)) makes more than \(Self.maximumNestedCount) values")
      }
      count = product
      total += product
    }
    let environment = TensorEnvironment.current
    let numbers = try tensor.floats()
    var position = 0
    func build(_ dimension: Int) throws -> LuaValue {
      let size = tensor.shape[dimension]
      if dimension < tensor.rank - 1 {
        return .list(try (0..<size).map { _ in try build(dimension + 1) })
      }
      try environment.check()
      defer { position += size }
      return .list(numbers[position..<position + size].map { .number(Double($0)) })
    }
    self = try build(0)
  }
}
