import MoonHost

/// Makes up plugins from the names of the API: most of what they ask for makes sense, some of it none at all.
struct ScriptGrammar {
  /// What an expression gives.
  enum Kind: CaseIterable {
    case tensor, number, integer, boolean, string, shape, list, image, prompt, function, thing
  }

  var random: Randomness
  /// Names of locals that hold a tensor, or did.
  private(set) var tensors = ["x"]
  private var count = 0
  private var depth = 0

  /// The plugin of one stream.
  init(_ random: Randomness) { self.random = random }

  private static let classes = PluginAPI.classes
  private static func names(_ type: String, _ field: KeyPath<PluginAPI, Set<String>>) -> [String] {
    classes[type]?[keyPath: field].sorted() ?? []
  }
  static let tensorMethods = names("tensor", \.methods)
  static let moonFunctions = names("moon", \.methods)
  static let pipeFields = names("pipe", \.readable)
  private static let pipeWritable = names("pipe", \.writable)
  private static let pipeMethods = names("pipe", \.methods)
  private static let promptFields = names("prompt", \.readable)
  private static let offered = [
    "latents", "prompt_embeds", "negative_prompt_embeds", "add_text_embeds", "negative_pooled_prompt_embeds",
    "add_time_ids", "add_neg_time_ids", "mask", "masked_image_latents", "image", "control_image", "image_embeds",
  ]

  /// What arguments the functions take: a letter each, as in `argument(_:)`. Those without an entry get anything.
  static let signatures: [String: String] = [
    "size": "d", "get": "iiii", "set": "niiii", "fill_": "n", "copy_": "o", "add_": "o", "mul_": "o", "lt": "o",
    "le": "o", "gt": "o", "ge": "o", "eq": "o", "ne": "o", "maximum": "o", "minimum": "o", "where": "to", "clamp": "nn",
    "lerp": "to", "sum": "Db", "mean": "Db",
    "var": "Db", "std": "Db", "min": "Db", "max": "Db", "norm": "Db", "dot": "t", "quantile": "qdb", "chunk": "id",
    "split": "id", "narrow": "dii", "slice": "diii", "select": "di", "reshape": "s", "permute": "s", "transpose": "dd",
    "roll": "DD", "flip": "dd", "select_scatter": "tdi", "slice_scatter": "tdiii",
    "squeeze": "d", "unsqueeze": "d", "expand": "s", "repeat_rows": "i", "cat": "Ld", "stack": "Ld", "matmul": "t",
    "einsum": "et", "resize": "iim", "blur": "n", "numel": "", "item": "", "totable": "", "clone": "", "keep": "",
    "abs": "", "sqrt": "", "exp": "", "log": "", "sin": "", "cos": "", "acos": "", "tanh": "", "sign": "",
    "floor": "", "ceil": "", "round": "", "fft2": "", "ifft2": "",
    "to_image": "", "moon.tensor": "x", "moon.zeros": "s", "moon.ones": "s", "moon.full": "sn", "moon.arange": "nnn",
    "moon.randn": "s", "moon.rand": "s", "moon.cat": "Ld", "moon.stack": "Ld", "moon.einsum": "ett",
    "moon.where": "too",
    "moon.save_image": "IN", "moon.log": "SS", "pipe.encode": "SS", "pipe.set_prompt": "P",
    "pipe.set_ip_adapter_scale": "n", "pipe.decode": "t", "pipe.preview": "i", "pipe.set_sigmas": "F",
    "pipe.jump_back": "i",
  ]

  /// Whether expressions have to end here.
  var isDeepest: Bool { depth > 5 }

  /// What `body` makes up, one level further down.
  mutating func nested(_ body: (inout ScriptGrammar) -> String) -> String {
    depth += 1
    let text = body(&self)
    depth -= 1
    return text
  }

  // MARK: Files

  /// The text of a whole plugin.
  mutating func plugin() -> String {
    var text = Self.prelude
    if random.chance(10) { text += statements(in: "nil") }
    switch random.number(1...10) {
    case 1...4: return text + "return function(pipe, step, t, kwargs)\n\(body("kwargs"))return kwargs\nend\n"
    case 5: return text + "function callback(pipe, step, t, kwargs)\n\(body("kwargs"))return kwargs\nend\n"
    default: return text + "return {\n\(declaration())\(hooks())}\n"
    }
  }

  private static let prelude = """
    local kept, pipe, kwargs, x = {}, nil, nil, nil
    local function try(f, ...)
      local r = table.pack(pcall(f, ...))
      if r[1] then return table.unpack(r, 2, r.n) end
    end

    """

  private mutating func declaration() -> String {
    var lines = ["id = 'fuzz'", "version = '1.0.0'", "api = 1"]
    if random.chance(8) {
      let names = [
        "id", "version", "api", "license", "summary", "author", "homepage", "tags", "pipelines", "tensor_inputs",
        "options", "on_step_emd", "tests", "[1]", "[0.5]",
      ]
      lines.append("\(random.pick(names)) = \(expression(.thing))")
    }
    if random.chance(30) {
      let inputs = (0..<random.number(0...3)).map { _ in "'\(random.pick(Self.offered))'" }
      lines.append("tensor_inputs = { \(inputs.joined(separator: ", ")) }")
    }
    if random.chance(30) { lines.append("options = { \(optionDeclarations()) }") }
    return lines.map { "  \($0),\n" }.joined()
  }

  private mutating func optionDeclarations() -> String {
    let fields = ["default", "min", "max", "help", "choices", "type", "extra"]
    return (0..<random.number(1...3)).map { index in
      var parts = ["type = '\(random.word("number integer boolean string choice numbers table"))'"]
      for _ in 0..<random.number(0...3) {
        parts.append("\(random.pick(fields)) = \(random.chance(60) ? number() : expression(.thing))")
      }
      return "o\(index) = { \(parts.joined(separator: ", ")) }"
    }.joined(separator: ", ")
  }

  private mutating func hooks() -> String {
    var text = ""
    if random.chance(50) { text += "  on_run_begin = function(pipe)\n\(body("nil"))end,\n" }
    if random.chance(50) { text += "  on_step_begin = function(pipe, step, t)\n\(body("nil"))end,\n" }
    if random.chance(40) {
      let result = random.chance(70) ? "noise.pred" : expression(.thing)
      text += "  on_guidance = function(pipe, step, t, noise)\n\(body("noise"))return \(result)\nend,\n"
    }
    if random.chance(70) {
      let result = random.chance(80) ? "kwargs" : expression(.thing)
      text += "  on_step_end = function(pipe, step, t, kwargs)\n\(body("kwargs"))return \(result)\nend,\n"
    }
    if random.chance(30) { text += "  on_run_end = function(pipe)\n\(body("nil"))end,\n" }
    return text
  }

  /// The statements of a hook; `source` is the table that its tensors come from.
  private mutating func body(_ source: String) -> String {
    let first =
      switch source {
      case "kwargs": "local x = kwargs.\(random.chance(60) ? "latents" : offeredName())\n"
      case "noise": "local x = noise.\(random.word("cond uncond pred x sigma"))\n"
      default: "local x = moon.randn { 1, 4, 4, 4 }\n"
      }
    return first + statements(in: source)
  }

  // MARK: Statements

  private mutating func statements(in source: String) -> String {
    let outer = tensors
    defer { tensors = outer }
    var text = ""
    for _ in 0..<random.number(1...8) { text += statement(in: source) }
    return text
  }

  private mutating func statement(in source: String) -> String {
    depth += 1
    defer { depth -= 1 }
    let isDeep = depth > 3
    switch random.number(1...(isDeep ? 60 : 100)) {
    case 1...30:
      let value = expression(.tensor)
      let name = newName()
      tensors.append(name)
      return "local \(name) = try(function() return \(value) end) or x\n"
    case 31...34:
      return random.chance(80)
        ? "try(function() return \(expression(.tensor)) end)\n" : "local _ = \(expression(.tensor))\n"
    case 35...39: return "try(function() pipe.\(random.pick(Self.pipeWritable)) = \(written()) end)\n"
    case 40...44:
      guard source == "kwargs" else { return "try(function() return \(expression(.number)) end)\n" }
      return "kwargs.\(offeredName()) = \(random.chance(80) ? tensor() : expression(.thing))\n"
    case 45...49: return "try(function() return \(call("pipe", ":", Self.pipeMethods)) end)\n"
    case 50...52: return "kept[\(random.number(1...4))] = \(tensor())\(random.chance(60) ? ":keep()" : "")\n"
    case 53...55: return "try(function() \(expression(.prompt)).\(random.pick(Self.promptFields)) = \(tensor()) end)\n"
    case 56...58: return "try(function() moon.save_image(\(argument("I")), \(argument("N"))) end)\n"
    case 59...60: return "print(\(expression(.thing)), \(tensor()))\n"
    case 61...66: return "for i = \(small()), \(small()) do\n\(statements(in: source))end\n"
    case 67...71: return "if \(expression(.boolean)) then\n\(statements(in: source))end\n"
    case 72...77: return "pcall(function()\n\(statements(in: source))end)\n"
    case 78...82:
      return "try(coroutine.wrap(function(...)\n\(statements(in: source))coroutine.yield(x)\nend), \(number()))\n"
    case 83...85:
      return "xpcall(function()\n\(statements(in: source))end, function(e)\n\(statements(in: source))return e\nend)\n"
    case 86...88:
      return
        "local m = setmetatable({}, { \(metamethods()) })\ntry(function() return \(random.pick(Self.metaUses)) end)\n"
    case 89...91: return "try(load(\(loadedText())))\n"
    case 92...94: return libraryCall()
    case 95: return "while true do\n\(statements(in: source))end\n"
    case 96: return "local function f(n) return n > \(number()) and n or 1 + f(n + 1) end\ntry(f, 1)\n"
    case 97: return "error(\(expression(.thing)))\n"
    case 98: return "local t = {} for i = 1, \(number()) do t[i] = \(expression(.thing)) end\n"
    case 99:
      return
        "kept.co = kept.co or coroutine.create(function() while true do\n\(statements(in: source))coroutine.yield(x)\nend end)\ncoroutine.resume(kept.co)\n"
    default: return "for k, v in pairs(\(expression(.thing))) do x = x end\n"
    }
  }

  private static let metaUses = [
    "m + 1", "m .. 'a'", "#m", "m.x", "m()", "m == {}", "m < m", "-m", "moon.cat(m)", "tostring(m)", "{ latents = m }",
  ]

  private mutating func metamethods() -> String {
    (0..<random.number(1...4)).map { _ in
      let event = random.word(
        "index newindex call add concat len eq lt le unm close gc mode name tostring pairs metatable")
      let value = random.chance(50) ? "function(...) return \(expression(.thing)) end" : expression(.thing)
      return "__\(event) = \(value)"
    }.joined(separator: ", ")
  }

  private mutating func loadedText() -> String {
    random.chance(50) ? "'return ' .. \(string())" : "[==[\(statements(in: "nil"))]==]"
  }

  private mutating func libraryCall() -> String {
    let functions: [String: String] = [
      "string": "byte char find format gmatch gsub len lower match pack packsize rep reverse sub unpack upper",
      "table": "concat insert move pack remove sort unpack", "utf8": "char codepoint codes len offset",
      "math": "abs ceil floor fmod max min modf random randomseed sqrt tointeger type ult",
      "coroutine": "create isyieldable resume running status wrap yield",
    ]
    let library = random.pick(functions.keys.sorted())
    let name = random.word(functions[library] ?? "")
    let arguments = (0..<random.number(0...4)).map { _ in
      library == "string" && random.chance(50) ? string() : expression(.thing)
    }
    return "try(\(library).\(name)\(arguments.map { ", " + $0 }.joined()))\n"
  }

  private mutating func written() -> String { random.chance(70) ? number() : expression(.thing) }

  /// A name that every run offers, or now and then another.
  private mutating func offeredName() -> String {
    random.chance(85) ? random.pick(Array(Self.offered.prefix(3))) : random.pick(Self.offered)
  }

  private mutating func newName() -> String {
    count += 1
    return "v\(count)"
  }
}
