import MoonHost
import MoonTensor
import MoonTestSupport
import MoonTrialSupport
import Testing

/// Calls of tensor functions written in Lua, made in real hooks.
struct LuaReplay {
  /// One call.
  struct Call {
    /// An expression, of inputs in the table `I`.
    let lua: String
    /// The names of these inputs.
    let inputs: [String]
  }

  /// What a call came to.
  enum Answer {
    case tensors([Tensor])
    case error(String)
  }

  /// Where the inputs are.
  let tensors: Fixture

  /// What each call came to, in their order.
  func answers(to calls: [Call]) async throws -> [Answer] {
    var trial = try PluginTrial()
    trial.request = TinyModel.request(steps: 1)
    trial.limits.hookSeconds = 60
    trial.limits.runSeconds = 600
    trial.limits.logBytes = 1 << 24
    for (number, source) in try plugins(calls).enumerated() { try trial.add(source, name: "replay_\(number).lua") }
    var lines: [Int: [[Substring]]] = [:]
    for line in try await trial.log() {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
      let index = try #require(Int(fields[0]))
      lines[index, default: []].append(Array(fields.dropFirst()))
    }
    return try calls.enumerated().map { index, call in
      try Self.answer(#require(lines[index], "\(call.lua): no answer"))
    }
  }

  private static let head = """
    local function make(shape, data)
      local list = {}
      for place = 1, #data, 4 do list[#list + 1] = string.unpack("<f", data, place) end
      return #list == 0 and moon.zeros(shape) or moon.tensor(list):reshape(shape)
    end
    local function three(t)
      local shape = t.shape
      table.insert(shape, 1, 3)
      return t:unsqueeze(0):expand(shape)
    end
    local function bits(v) return ("%08x"):format((string.unpack("<I4", string.pack("<f", v)))) end
    local function show(id, ...)
      for i = 1, select("#", ...) do
        local t = select(i, ...)
        if type(t) == "number" then t = moon.tensor(t) end
        print(id, "tensor", table.concat(t.shape, ","))
        local flat = t:numel() > 0 and t:reshape{-1}:totable() or {}
        for start = 1, #flat, 64 do
          local words = {}
          for j = start, math.min(start + 63, #flat) do words[#words + 1] = bits(flat[j]) end
          print(id, "bits", table.concat(words, " "))
        end
      end
    end
    local function try(id, f)
      local r = table.pack(pcall(f))
      if r[1] then show(id, table.unpack(r, 2, r.n)) else print(id, "error", (r[2]:gsub("^[^ ]+: ", ""))) end
    end

    """

  /// Sources of at most 64 KiB each that make all calls.
  private func plugins(_ calls: [Call]) throws -> [String] {
    var sources: [String] = []
    var (inputs, body) = ([String: String](), "")
    func finish() {
      sources.append(
        Self.head + "return { id = \"replay_\(sources.count)\", version = \"1\", api = 1, tensor_inputs = {},\n"
          + "on_run_begin = function(pipe)\nlocal I = {}\n" + inputs.sorted { $0.key < $1.key }.map(\.value).joined()
          + body + "end }\n")
      (inputs, body) = ([:], "")
    }
    for (index, call) in calls.enumerated() {
      let line = "try(\(index), function() return \(call.lua) end)\n"
      let needed = try Dictionary(call.inputs.map { ($0, try definition(of: $0)) }) { $1 }
      let size = inputs.merging(needed) { $1 }.values.reduce(0) { $0 + $1.utf8.count } + body.utf8.count
      if size + line.utf8.count > 65_000 - Self.head.utf8.count { finish() }
      inputs.merge(needed) { $1 }
      body += line
    }
    finish()
    return sources
  }

  /// A line of Lua that makes the tensor of that name.
  private func definition(of name: String) throws -> String {
    let tensor = try tensors[name]
    let bytes = try tensor.floats().flatMap { value in
      (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
    }
    let shape = tensor.shape.map(String.init).joined(separator: ", ")
    return "I.\(name) = make({\(shape)}, \(RecordedOperation.quoted(bytes)))\n"
  }

  /// The lines that `show` and `try` printed.
  private static func answer(_ lines: [[Substring]]) throws -> Answer {
    if let error = lines.first, error[0] == "error" { return .error(String(error[1])) }
    var found: [(shape: [Int], values: [Float])] = []
    for line in lines {
      if line[0] == "tensor" {
        found.append((line[1].split(separator: ",").compactMap { Int($0) }, []))
      } else {
        found[found.count - 1].values += line[1].split(separator: " ").compactMap {
          UInt32($0, radix: 16).map { Float(bitPattern: $0) }
        }
      }
    }
    return .tensors(try found.map { try Tensor($0.values, shape: $0.shape) })
  }
}
