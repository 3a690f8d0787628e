import MoonHost
import MoonPipelines
import MoonTensor
import MoonTestSupport
import MoonTrialSupport
import Testing

/// How long a plugin's tensors live, what they cost, and what happens when one is changed.
@Suite("Tensors of plugins") struct TensorLifeTests {
  @Test("die with their hook unless they are kept") func keeping() async throws {
    let log = try await PluginTrial(
      """
      local kept, lost, alias
      return function(pipe, step, t, kwargs)
        if step == 0 then
          kept = moon.full({ 2 }, 7):keep()
          alias = kept
          lost = moon.full({ 2 }, 8)
        else
          print(kept:get(0), alias == kept, kept:keep() == kept, tostring(kept))
          print(tostring(lost), pcall(function() return lost + 1 end))
          print(pcall(lost.set, lost, 1, 0))
        end
      end
      """
    ).log()
    let dead =
      "this tensor is no longer valid: it lived until its hook returned; keep() makes one last for the run"
    let step = ["7.0\ttrue\ttrue\ttensor [2]", "tensor (no longer valid)\tfalse\tx.lua:9: \(dead)", "false\t\(dead)"]
    #expect(log.count == 6)
    for (found, wanted) in zip(log, step + step) {
      #expect(found == wanted || wanted.hasPrefix("false\t") && found.hasSuffix(dead), "\(found)")
    }
  }

  @Test("that are made while the file loads last for the run") func loading() async throws {
    let log = try await PluginTrial(
      "local m = moon.tensor{1, 2}\nreturn function() print(m:sum():item()) end"
    ).log()
    #expect(log == ["3.0", "3.0", "3.0"])
  }

  @Test("of the host's are charged once they are kept") func charging() async throws {
    func peak(_ line: String) async throws -> Int {
      let outcome = try await PluginTrial(
        "local all = {}\nreturn function(pipe, step, t, kwargs) \(line) end"
      ).run()
      _ = try outcome.result.get()
      #expect(outcome.usage.map(\.tensorBytesLeft) == [0])
      return try #require(outcome.usage.first?.peakTensorBytes)
    }
    // Three steps, each with the two halves of the embeddings: 2 * 77 * 32 floats.
    let one = 2 * 77 * 32 * 4
    let passing = try await peak("all[step] = kwargs.prompt_embeds")
    let kept = try await peak("all[step] = kwargs.prompt_embeds:keep()")
    #expect(kept - passing >= 3 * one)
    #expect(kept - passing < 4 * one)
  }

  @Test("are bounded in number, views too") func count() async throws {
    var trial = try PluginTrial(
      "return function() local all, x = {}, moon.zeros{1} while true do all[#all + 1] = x:expand{1 << 20} end end")
    trial.limits.tensorMemory = 8 << 20
    trial.limits.hookSeconds = 30
    let outcome = try await trial.run()
    #expect(outcome.message?.contains("memory limit: a plugin's tensors may use 8 MiB") == true)
  }

  @Test("are collected when memory is short") func collecting() async throws {
    var trial = try PluginTrial(
      "return function() for i = 1, 40 do local x = moon.zeros{1 << 18} + i end print('done') end")
    trial.limits.tensorMemory = 8 << 20
    trial.limits.hookSeconds = 60
    trial.limits.runSeconds = 600
    #expect(try await trial.log() == ["done", "done", "done"])
  }

  @Test("change in place for every name of the same handle, and for no other") func inPlace() async throws {
    let log = try await PluginTrial(
      """
      return function(pipe, step, t, kwargs)
        local x = moon.tensor{1, 2, 3}
        local same, view, copy = x, x:narrow(0, 0, 2), x:clone()
        print(x:add_(x) == x, x:mul_(x) == x, x:copy_(x) == x)
        print(table.concat(x:totable(), " "), table.concat(same:totable(), " "))
        print(table.concat(view:totable(), " "), table.concat(copy:totable(), " "))
        x:set(9, -1) x:fill_(0):add_(x + 1)
        print(table.concat(x:totable(), " "))
        print(pcall(x.add_, x, moon.zeros{2}))
        print(pcall(x.set, x, 1, 7))
        print(pcall(x.copy_, x, "a"))
        print(table.concat(x:totable(), " "))
        x:set(5, 0) x:set(6, {1})
        print(#x, x.ndim, x:numel(), x:get(0), x:get{1}, moon.tensor(4):item(), moon.tensor(4):get())
      end
      """
    ).log()
    #expect(
      Array(log.prefix(9)) == [
        "true\ttrue\ttrue", "4.0 16.0 36.0\t4.0 16.0 36.0", "1.0 2.0\t1.0 2.0 3.0", "1.0 1.0 1.0",
        "false\tx.lua:9: add_: the shape is [2], wanted [3]",
        "false\tx.lua:10: bad argument #2 to 'set' (index 7 outside -3..2)",
        "false\tx.lua:11: bad argument #1 to 'copy_' (tensor or number expected, got string)",
        "1.0 1.0 1.0", "3\t1\t3\t5.0\t6.0\t4.0\t4.0",
      ])
  }

  @Test(
    "of kwargs that come back unchanged leave the run as it is, bit by bit",
    arguments: [
      "return kwargs", "return nil", "return {}", "kwargs.latents = kwargs.latents return kwargs",
      "kwargs.latents = kwargs.latents:clone() return kwargs", "kwargs.latents:mul_(0) return nil",
      "local a, b = kwargs.prompt_embeds:chunk(2) return { prompt_embeds = moon.cat({ a, b }) }",
      "pipe.x0:fill_(0) return kwargs", "local l = kwargs.latents l:narrow(1, 0, 1):fill_(0) return kwargs",
    ])
  func unchanged(line: String) async throws {
    let reference = try await PluginTrial().run().result.get()
    let result = try await PluginTrial("return function(pipe, step, t, kwargs) \(line) end").run().result.get()
    expectExact(result.latents, reference.latents)
    #expect(result.report.effectiveGuidance == reference.report.effectiveGuidance)
  }

  @Test(
    "of kwargs that are changed change the run",
    arguments: [
      ("kwargs.latents:mul_(0.9) return kwargs", "latents"), ("return { latents = kwargs.latents * 0.9 }", "latents"),
      ("kwargs.prompt_embeds = kwargs.prompt_embeds * 0.5 return kwargs", "prompt_embeds"),
      ("kwargs.negative_prompt_embeds = kwargs.negative_prompt_embeds * 0.5 return kwargs", "negative_prompt_embeds"),
    ])
  func changed(line: String, name: String) async throws {
    let reference = try await PluginTrial().run().result.get()
    let source = """
      return { id = "x", version = "1", api = 1, tensor_inputs = { "\(name)" },
        on_step_end = function(pipe, step, t, kwargs) if step == 0 then \(line) end end }
      """
    let result = try await PluginTrial(source).run().result.get()
    #expect(difference(result.latents, reference.latents, atol: 0, rtol: 1e-4) != nil)
  }

  @Test("come from a stream of the plugin's own, the same in every run") func randomStream() async throws {
    let source = "return function() print(moon.randn{2}:sum():item(), moon.rand{2}:sum():item(), math.random(1000)) end"
    func log(_ name: String, seed: UInt64) async throws -> [String] {
      var trial = try PluginTrial(source, name: name)
      trial.request.seeds = [seed]
      return try await trial.log()
    }
    let first = try await log("a.lua", seed: 1)
    #expect(first == (try await log("a.lua", seed: 1)))
    #expect(first != (try await log("b.lua", seed: 1)))
    #expect(first != (try await log("a.lua", seed: 2)))
    #expect(Set(first).count == 3)
  }

  @Test("drawn at random do not shift the run's own noise") func ownNoise() async throws {
    var (with, without) = (try PluginTrial("return function() moon.randn{100} end"), try PluginTrial())
    (with.request.scheduler, without.request.scheduler) = ("euler-a", "euler-a")
    expectExact(try await with.run().result.get().latents, try await without.run().result.get().latents)
  }
}
