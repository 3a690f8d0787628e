import MoonHost
import MoonPipelines
import MoonTensor
import MoonTestSupport
import MoonTrialSupport
import Testing

/// Every name and form of the tensor functions that plugins are offered, held against PyTorch.
@Suite("Forms of tensor functions in Lua") struct LuaFormTests {
  /// What `lua_forms.json` holds.
  private struct Recorded: Decodable {
    struct Form: Decodable {
      let lua: String
      let outputs: [String]
      let tolerance: Float?
    }

    /// Draws of one plugin, in their order.
    struct Stream: Decodable {
      let seed: UInt64
      let name: String
      let calls: [Form]
    }

    let inputs: [String]
    let forms: [Form]
    let streams: [Stream]
  }

  private static let recorded = Result { try FixtureJSON.decode(Recorded.self, "lua_forms/lua_forms.json") }
  private static let tensors = Result { try Fixture("lua_forms/lua_forms") }

  @Test("mean what they mean in PyTorch") func forms() async throws {
    let recorded = try Self.recorded.get()
    let tensors = try Self.tensors.get()
    let names = recorded.inputs.joined(separator: ", ")
    let values = recorded.inputs.map { "I.\($0)" }.joined(separator: ", ")
    let calls = recorded.forms.map { form in
      LuaReplay.Call(lua: "(function(\(names)) return \(form.lua) end)(\(values))", inputs: recorded.inputs)
    }
    let answers = try await LuaReplay(tensors: tensors).answers(to: calls)
    for (form, answer) in zip(recorded.forms, answers) {
      guard case .tensors(let found) = answer else {
        Issue.record("\(form.lua): \(answer)")
        continue
      }
      try #require(found.count == form.outputs.count, "\(form.lua)")
      for (place, (tensor, name)) in zip(found, form.outputs).enumerated() {
        // Sums and roots of float32 in another order.
        expectClose(tensor, try tensors[name], rtol: form.tolerance ?? 0, "\(form.lua), result \(place + 1)")
      }
    }
  }

  @Test("are recorded for every name") func complete() throws {
    let forms = try Self.recorded.get().forms.map(\.lua).joined(separator: "\n")
    let streams = try Self.recorded.get().streams.flatMap(\.calls).map(\.lua).joined(separator: "\n")
    let tensor = try #require(PluginAPI.classes["tensor"])
    let moon = try #require(PluginAPI.classes["moon"])
    // What has no value in PyTorch: tests of their own hold these.
    for method in tensor.methods.subtracting(["keep", "to_image"]) {
      #expect(forms.contains(":\(method)(") || forms.contains(":\(method){"), "\(method)")
    }
    for field in tensor.readable { #expect(forms.contains(".\(field)"), "\(field)") }
    for function in moon.methods.subtracting(["log", "warn", "save_image"]) {
      #expect((forms + streams).contains(try Regex("moon\\.\(function)[({]")), "\(function)")
    }
    let signs = [
      "add": "a + b", "sub": "a - b", "mul": "a * b", "div": "a / b", "pow": "p ^ b", "unm": "-a", "len": "#a",
    ]
    #expect(tensor.operators.subtracting(["tostring"]) == Set(signs.keys))
    for form in signs.values { #expect(forms.contains(form), "\(form)") }
  }

  @Test("draw from a stream of each plugin's own, as PyTorch does from a generator of that seed") func streams()
    async throws
  {
    let recorded = try Self.recorded.get()
    let tensors = try Self.tensors.get()
    let calls = try #require(recorded.streams.first).calls.map(\.lua)
    let body = calls.map { "show(\($0))" }.joined(separator: "\n")
    let source = """
      local function show(t)
        local words = {}
        for _, value in ipairs(t.ndim > 0 and t:reshape(-1):totable() or { t:item() }) do
          words[#words + 1] = ("%08x"):format((string.unpack("<I4", string.pack("<f", value))))
        end
        print(table.concat(words, " "))
      end
      return { id = "NAME", version = "1", api = 1, tensor_inputs = {}, on_run_begin = function() \(body) end }
      """
    for seed in Set(recorded.streams.map(\.seed)) {
      var trial = try PluginTrial()
      trial.request = TinyModel.request(steps: 1)
      trial.request.seeds = [seed]
      for name in ["streams", "others"] { try trial.add(source.replacing("NAME", with: name), name: "\(name).lua") }
      // The same plugin a second time is another one.
      trial.specifications.append(trial.specifications[0])
      let log = try await trial.log()
      for (place, name) in ["streams", "others", "streams-2"].enumerated() {
        guard let stream = recorded.streams.first(where: { $0.seed == seed && $0.name == name }) else { continue }
        for (line, call) in zip(log.dropFirst(place * calls.count), stream.calls) {
          let wanted = try tensors[call.outputs[0]]
          let values = line.split(separator: " ").compactMap { UInt32($0, radix: 16).map { Float(bitPattern: $0) } }
          expectExact(try Tensor(values, shape: wanted.shape), wanted, "\(name), seed \(seed): \(call.lua)")
        }
      }
    }
    #expect(Set(recorded.streams.map(\.name)).count == 3)
  }
}
