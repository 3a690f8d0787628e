extension ScriptGrammar {
  /// An expression that gives a `kind`, or now and then something else.
  mutating func expression(_ kind: Kind) -> String {
    let kind = random.chance(6) ? random.pick(Kind.allCases, else: .thing) : kind
    if isDeepest { return leaf(kind) }
    return nested { grammar in
      switch kind {
      case .tensor: grammar.tensorExpression()
      case .number:
        grammar.random.chance(30)
          ? "(\(grammar.expression(.tensor))):\(grammar.random.word("item numel get")) ()" : grammar.number()
      case .boolean:
        "\(grammar.expression(.number)) \(grammar.random.word("< <= == ~= >")) \(grammar.expression(.number))"
      case .list: "{ \(grammar.expression(.thing)), \(grammar.expression(.thing)) }"
      case .image: "(\(grammar.tensor())):to_image()"
      case .prompt: "pipe:encode(\(grammar.string()), \(grammar.string()))"
      case .function: "function(...) return \(grammar.expression(.thing)) end"
      case .thing: grammar.expression(grammar.random.pick(Kind.allCases.dropLast(), else: .number))
      case .integer, .string, .shape: grammar.leaf(kind)
      }
    }
  }

  private mutating func leaf(_ kind: Kind) -> String {
    switch kind {
    case .tensor, .image: tensor()
    case .number: number()
    case .integer: small()
    case .boolean: random.word("true false nil")
    case .string: string()
    case .shape: shape()
    case .list: random.word("{} {1} {x} {{1},{2}} kwargs kept")
    case .prompt: "pipe"
    case .function: random.word("print try tostring pcall moon.zeros pipe.encode")
    case .thing: random.word("nil true pipe x moon kwargs kept {} 1 'a' print pipe.options")
    }
  }

  private mutating func tensorExpression() -> String {
    switch random.number(1...10) {
    case 1...5: return call("(\(random.chance(60) ? tensor() : expression(.tensor)))", ":", Self.tensorMethods)
    case 6...7: return call("moon", ".", Self.moonFunctions)
    case 8...9:
      return
        "(\(expression(.tensor)) \(random.word("+ - * / ^")) \(random.chance(50) ? number() : expression(.tensor)))"
    default: return "pipe.\(random.pick(Self.pipeFields))"
    }
  }

  /// A call of one of the functions of `receiver`, its arguments mostly as the function takes them.
  mutating func call(_ receiver: String, _ mark: String, _ names: [String]) -> String {
    let name = random.pick(names)
    let owner = receiver == "moon" || receiver == "pipe" ? receiver + "." : ""
    var letters = Array(Self.signatures[owner + name] ?? "aaa")
    if random.chance(25) { letters = Array(letters.prefix(random.number(0...max(letters.count, 0)))) }
    if random.chance(5) { letters.append("a") }
    let arguments = letters.map { argument($0) }.joined(separator: ", ")
    return "\(receiver)\(mark)\(name)(\(arguments))"
  }

  /// An argument by the letter of its kind.
  mutating func argument(_ letter: Character) -> String {
    if random.chance(4) { return expression(.thing) }
    switch letter {
    case "d": return random.chance(85) ? "\(random.number(-4...3))" : number()
    case "i": return small()
    case "n": return number()
    case "q": return random.pick(["0", "0.5", "1", "0.25", "-1", "2", "0/0", "{ 0.1, 0.9 }"])
    case "b": return random.word("true false nil 1")
    case "s": return shape()
    case "S": return string()
    case "t": return random.chance(70) ? tensor() : expression(.tensor)
    case "o": return random.chance(50) ? tensor() : number()
    case "D": return random.pick(["nil", "0", "-1", "2", "{ 0, 1 }", "{ -1, -2 }", "{}", "{ 1, 1 }", "9"])
    case "L": return "{ \(tensor()), \(tensor()) }"
    case "e": return "'\(equation())'"
    case "m": return random.pick(["'nearest'", "'bilinear'", "nil", "'cubic'", "''"])
    case "x":
      return random.pick([
        "{ 1, 2 }", "{ { 1 }, { 2 } }", "{}", "{ {}, {} }", "{ { 1, 2 }, { 3 } }", number(), "{ '1' }", "kept",
      ])
    case "I": return random.chance(50) ? "moon.rand { 3, 4, 4 }" : expression(.image)
    case "N":
      return random.pick([
        "'a.png'", "'b_2.png'", "'../a.png'", "'a.txt'", "''", "'.png'", "('x'):rep(70) .. '.png'", "'a.png\\0'",
      ])
    case "P": return random.chance(60) ? expression(.prompt) : "kept.p"
    case "F":
      return random.pick([
        "pipe.sigmas", "{}", "{ 1 }", "{ 9, 3, 1, 0 }", "{ pipe.sigma, 0.1, 0 }", "{ 1e300, 1, 0 }", "{ 1, 2 }",
        "{ -1, -2 }", "{ 0/0, 0 }", "{ pipe.sigma_next, 0 }", "{ 1e-300, 0 }",
      ])
    default: return expression(.thing)
    }
  }

  private mutating func equation() -> String {
    random.pick([
      "ij,jk->ik", "bchw->bhwc", "...hw,...hw->...", "bchw,bchw->", "ii->i", "ij->", "->", ",->", "i,j->ij", "...->...",
      "bchw", "bchw,dcij->bdij", "i...j->j", "aAbBcC->a", "ij,ij,ij->ij", "i->ii", "ij->k", "..", "1", "é",
      "abcdefghi->a",
    ])
  }

  /// A tensor that is at hand.
  mutating func tensor() -> String {
    switch random.number(1...20) {
    case 1...14: return random.pick(tensors)
    case 15: return "kept[\(random.number(1...4))]"
    case 16: return "moon.rand { 3, 4, 4 }"
    case 17: return "moon.zeros { 2, 0, 3 }"
    case 18: return "moon.ones { 4, 4 }"
    case 19: return "pipe.\(random.word("x0 noise image_latents"))"
    default: return "moon.full({ 2, 2 }, \(number()))"
    }
  }

  /// A small whole number, or one that is far too large.
  mutating func small() -> String { random.chance(90) ? "\(random.number(-2...6))" : number() }

  /// A number, often one at the edge of what there is.
  mutating func number() -> String {
    if random.chance(50) { return random.pick(["0", "1", "2", "0.5", "-1", "3.7", "7.5", "100", "-0.0"]) }
    return random.pick([
      "1e308", "-1e308", "1e39", "1e-320", "1/0", "-1/0", "0/0", "math.maxinteger", "math.mininteger", "(1 << 53)",
      "(1 << 27)", "(1 << 31)", "-(1 << 31)", "(1 << 62)", "(1 << 24)", "65536", "'10'", "'0x1p4'", "2^63", "-2^63",
      "1e15", "16777217",
    ])
  }

  private mutating func shape() -> String {
    random.pick([
      "{ 4, 4 }", "{ 1, 4, 4, 4 }", "{ 3, 4, 4 }", "{ 16 }", "{ -1 }", "{ 4, -1 }", "{ -1, -1 }", "{}", "{ 0 }",
      "{ 2, 0, 3 }",
      "{ 1, 1, 1, 1, 1, 1, 1, 64 }", "{ 1, 1, 1, 1, 1, 1, 1, 1, 64 }", "{ 1 << 27 }", "{ 1 << 62, 4 }",
      "{ 1 << 32, 1 << 32 }", "{ math.mininteger }",
      "{ 0.5 }", "{ 'a' }", "{ [2] = 3 }", "{ 1 << 13, 1 << 13 }", "{ 0, 1, 2, 3 }", "{ 3, 2, 1, 0 }", "{ 2, 4, 4, 4 }",
      "{ 64, 64 }", "{ 8, 1 << 20 }",
    ])
  }

  /// A text, often one that some reader does not expect.
  mutating func string() -> String {
    random.pick([
      "''", "'a'", "'a cat on a mat'", "'%d%s%q%99.9f'", "'(a*)*b'", "'%b()%f[%w]'", "('x'):rep(9999)",
      "('ab '):rep(3000)", "'\\0\\255\\254'",
      "'\\u{301}\\u{1F600}\\u{10FFFF}'", "('\\u{327}\\u{301}'):rep(2000)", "'(a:1.5), [b]'", "'[from:to:0.5]'",
      "('x'):rep(1 << 20)", "'<|startoftext|>'", "'\\27[31m'", "'!8i16z'", "('('):rep(300)",
      "' \\t\\n\\r '", "'月の光'", "'a' .. 0/0", "'return 1'",
    ])
  }
}
