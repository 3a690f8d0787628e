import Foundation
import MoonHost
import MoonTensor
import MoonTestSupport
import MoonTrialSupport
import Testing

/// Every recorded operation of PyTorch that plugins are offered, called from Lua in real hooks.
@Suite("Tensor functions in Lua") struct TensorReplayTests {
  /// Functions of one element, whose error is relative to that element.
  private static let relative: Set = [
    "exp", "log", "sin", "cos", "acos", "tanh", "sqrt", "pow", "pow_number", "number_pow", "lerp",
  ]

  @Test("give PyTorch's numbers, and refuse what has none") func replay() async throws {
    let cases = try RecordedOperation.all.get()
    var trial = try PluginTrial()
    trial.request = TinyModel.request(steps: 1)
    trial.limits.hookSeconds = 60
    trial.limits.runSeconds = 600
    trial.limits.logBytes = 1 << 24
    let calls = cases.enumerated().compactMap { index, entry in entry.lua.map { (index: index, lua: $0) } }
    #expect(calls.count > 1000)
    for (number, source) in try Self.plugins(calls, cases).enumerated() {
      try trial.add(source, name: "replay_\(number).lua")
    }
    var answers: [Int: [[Substring]]] = [:]
    for line in try await trial.log() {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
      let index = try #require(Int(fields[0]))
      answers[index, default: []].append(Array(fields.dropFirst()))
    }
    for call in calls {
      let entry = cases[call.index]
      let answer = try #require(answers[call.index], "\(call.lua): no answer")
      try check(answer, entry, call.lua)
    }
  }

  // MARK: Plugins

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

  /// Sources of at most 64 KiB each that call everything.
  private static func plugins(_ calls: [(index: Int, lua: String)], _ cases: [RecordedOperation]) throws -> [String] {
    var sources: [String] = []
    var (inputs, body) = ([String: String](), "")
    func finish() {
      sources.append(
        head + "return { id = \"replay_\(sources.count)\", version = \"1\", api = 1, tensor_inputs = {},\n"
          + "on_run_begin = function(pipe)\nlocal I = {}\n" + inputs.sorted { $0.key < $1.key }.map(\.value).joined()
          + body + "end }\n")
      (inputs, body) = ([:], "")
    }
    for call in calls {
      let line = "try(\(call.index), function() return \(call.lua) end)\n"
      let needed = try Dictionary(cases[call.index].inputs.map { ($0, try definition(of: $0)) }) { $1 }
      let size = inputs.merging(needed) { $1 }.values.reduce(0) { $0 + $1.utf8.count } + body.utf8.count
      if size + line.utf8.count > 65_000 - head.utf8.count { finish() }
      inputs.merge(needed) { $1 }
      body += line
    }
    finish()
    return sources
  }

  /// A line of Lua that makes the tensor of that name.
  private static func definition(of name: String) throws -> String {
    let tensor = try RecordedOperation.tensors.get()[name]
    let bytes = try tensor.floats().flatMap { value in
      (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
    }
    let shape = tensor.shape.map(String.init).joined(separator: ", ")
    return "I.\(name) = make({\(shape)}, \(RecordedOperation.quoted(bytes)))\n"
  }

  // MARK: Answers

  private func check(_ answer: [[Substring]], _ entry: RecordedOperation, _ lua: String) throws {
    if let error = answer.first, error[0] == "error" {
      let wanted = try #require(entry.error, "\(lua): \(error[1])")
      // Errors that name no argument begin with the function or the sign.
      #expect(error[1] == wanted || error[1].hasSuffix(": " + wanted), "\(lua)")
      return
    }
    let wanted = try #require(entry.outputs, "\(lua): no error, but wanted \(entry.error ?? "")")
    var found: [(shape: [Int], bits: [Float])] = []
    for line in answer {
      if line[0] == "tensor" {
        found.append((line[1].split(separator: ",").compactMap { Int($0) }, []))
      } else {
        found[found.count - 1].bits += line[1].split(separator: " ").compactMap {
          UInt32($0, radix: 16).map { Float(bitPattern: $0) }
        }
      }
    }
    try #require(found.count == wanted.count, "\(lua)")
    for (result, name) in zip(found, wanted) {
      compare(try Tensor(result.bits, shape: result.shape), try RecordedOperation.tensors.get()[name], entry, lua)
    }
  }

  private func compare(_ found: Tensor, _ wanted: Tensor, _ entry: RecordedOperation, _ lua: String) {
    let tolerance = entry.tolerance ?? 0
    guard Self.relative.contains(entry.op), found.shape == wanted.shape,
      let values = try? found.floats(), let references = try? wanted.floats()
    else { return expectClose(found, wanted, rtol: tolerance, lua) }
    for (index, (value, reference)) in zip(values, references).enumerated() {
      let isSame = value == reference || value.isNaN && reference.isNaN
      let isNear = abs(value - reference) <= max(tolerance * abs(reference), .leastNonzeroMagnitude)
      #expect(isSame || isNear, "\(lua): element \(index) is \(value), wanted \(reference)")
    }
  }
}
