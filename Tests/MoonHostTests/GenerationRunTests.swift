import Foundation
import MoonHost
import MoonPipelines
import MoonPlugins
import MoonTensor
import MoonTestSupport
import MoonTrialSupport
import Testing

@Suite("Run with plugins") struct GenerationRunTests {
  @Test("calls the hooks in the order of the plugins, each after what the one before did") func order() async throws {
    let source = """
      return { id = "NAME", version = "1", api = 1, tensor_inputs = { "latents" },
        on_run_begin = function(pipe) print("NAME begin", pipe.guidance_scale) end,
        on_step_begin = function(pipe, step, t)
          print("NAME step", step, t, pipe.guidance_scale) pipe.guidance_scale = pipe.guidance_scale - 1
        end,
        on_guidance = function(pipe, step, t, noise) print("NAME guidance") return noise.pred end,
        on_step_end = function(pipe, step, t, kwargs) print("NAME end", step) end,
        on_run_end = function(pipe) print("NAME done", pipe.progress) end,
      }
      """
    var trial = try PluginTrial()
    trial.request = TinyModel.request(steps: 2)
    for name in ["a", "b"] { try trial.add(source.replacing("NAME", with: name), name: name + ".lua") }
    #expect(
      try await trial.log() == [
        "a begin\t7.5", "b begin\t7.5",
        "a step\t0\t501\t7.5", "b step\t0\t501\t6.5", "a guidance", "b guidance", "a end\t0", "b end\t0",
        "a step\t1\t1\t5.5", "b step\t1\t1\t4.5", "a guidance", "b guidance", "a end\t1", "b end\t1",
        "a done\t1.0", "b done\t1.0",
      ])
  }

  @Test("keeps two uses of one plugin apart") func twice() async throws {
    var trial = try PluginTrial("local n = 0\nreturn function() n = n + 1 print(n) end")
    trial.specifications += trial.specifications
    #expect(try await trial.log() == ["1", "1", "2", "2", "3", "3"])
  }

  @Test("starts each plugin anew in the next run") func again() async throws {
    let trial = try PluginTrial("local n = 0\nreturn function() n = n + 1 print(n) end")
    let log = LogLines()
    let run = GenerationRun(plugins: trial.specifications, log: { log.append($0) })
    let pipeline = try TinyModel.pipeline.get()
    for _ in 0..<2 { _ = try await run.generate(with: pipeline, trial.request, threads: 1) }
    #expect(log.lines == ["1", "2", "3", "1", "2", "3"])
  }

  @Test("tells the guidance that counted, not what on_guidance writes for the next step") func guidance() async throws {
    let trial = try PluginTrial(
      "return { id = 'x', version = '1', api = 1, on_guidance = function(pipe, step) pipe.guidance_scale = step == 1 and 1 or 9 end }"
    )
    let result = try await trial.run().result.get()
    #expect(result.report.effectiveGuidance == [7.5, 9, 1])
    #expect(result.report.stepSeconds.count == 3)
  }

  @Test("ends when a plugin asks for it, and another cannot withdraw that") func interrupt() async throws {
    var trial = try PluginTrial("return function(pipe, step) pipe.interrupt = step == 1 end", name: "a.lua")
    try trial.add("return function(pipe) print(pipe.interrupt) pipe.interrupt = false end", name: "b.lua")
    let outcome = try await trial.run()
    let report = try outcome.result.get().report
    #expect(report.isInterrupted)
    #expect(report.effectiveGuidance.count == 2)
    #expect(outcome.log == ["false", "true"])
  }

  @Test(
    "ends a hook that is stopped from outside, and keeps the picture so far",
    arguments: [
      PluginFailurePolicy.abort, .disable,
    ])
  func stop(policy: PluginFailurePolicy) async throws {
    var trial = try PluginTrial(
      "return function(pipe, step, t, kwargs) if step == 1 then kwargs.latents:mul_(0) print('now') while true do end end end"
    )
    trial.policy = policy
    trial.limits.hookSeconds = 600
    trial.limits.runSeconds = 600
    trial.limits.instructions = 1 << 40
    let stop = StopFlag()
    let outcome = try await trial.run(stop: stop) { _ in stop.raise() }
    let result = try outcome.result.get()
    #expect(result.report.isInterrupted)
    #expect(result.report.warnings == [])
    var short = try PluginTrial("return function(pipe, step) if step == 1 then pipe.interrupt = true end end")
    short.request = trial.request
    expectExact(result.latents, try await short.run().result.get().latents)
  }

  @Test(
    "checks options before anything else",
    arguments: [
      ("weight=2", "plugins/x.lua: option 'weight' is 2, more than 1"),
      ("wight=0.5", "plugins/x.lua: there is no option 'wight'; did you mean 'weight'?"),
    ])
  func options(text: String, wanted: String) async throws {
    let source = """
      return { id = "x", version = "1", api = 1, options = { weight = { type = "number", max = 1 } },
        on_step_end = function(pipe) print(pipe.options.weight) end }
      """
    let trial = try PluginTrial(source, options: text)
    #expect(try await trial.message() == wanted)
    #expect(try await PluginTrial(source, options: "weight=0.25").log() == ["0.25", "0.25", "0.25"])
    #expect(try await PluginTrial(source, options: #"{"weight": 1}"#).log() == ["1.0", "1.0", "1.0"])
    #expect(try await PluginTrial(source).log() == ["nil", "nil", "nil"])
  }

  @Test("lets a plugin walk through its options, and read no other") func optionTable() async throws {
    let log = try await PluginTrial(
      """
      return { id = "x", version = "1", api = 1, options = {
          final = { type = "number", default = 2 }, list = { type = "numbers", default = { 1, 2 } },
          label = { type = "string" }, mode = { type = "choice", choices = { "a" }, default = "a" },
          steps = { type = "integer", default = 3 }, on = { type = "boolean", default = true } },
        on_run_begin = function(pipe)
          local names = {}
          for name, value in pairs(pipe.options) do names[#names + 1] = name .. "=" .. type(value) end
          table.sort(names)
          print(table.concat(names, " "))
          print(pipe.options.label, pipe.options.list[2], math.type(pipe.options.steps), pipe.options.on)
          print(pcall(function() return pipe.options.finl end))
          print(pcall(function() pipe.options.final = 3 end))
        end }
      """
    ).log()
    #expect(
      log == [
        "final=number list=table mode=string on=boolean steps=number", "nil\t2.0\tinteger\ttrue",
        "false\tx.lua:11: the plugin declares no option 'finl'; did you mean 'final'?",
        "false\tx.lua:12: pipe.options cannot be written",
      ])
  }

  @Test(
    "shows plugins the run",
    arguments: [
      ("num_timesteps", "4"), ("num_inference_steps", "3"), ("_num_timesteps", "4"), ("height", "16"), ("width", "16"),
      ("batch", "1"), ("seed", "11"), ("pipeline", "sd"), ("scheduler", "PNDMScheduler"), ("guidance_scale", "7.5"),
      ("_guidance_scale", "7.5"), ("guidance_rescale", "0.0"), ("interrupt", "false"), ("_interrupt", "false"),
      ("progress", "0.25"), ("x0", "tensor [1, 4, 4, 4]"),
    ])
  func fields(name: String, wanted: String) async throws {
    var trial = try PluginTrial("return function(pipe, step) if step == 0 then print(pipe.\(name)) end end")
    trial.request.scheduler = "pndm"
    #expect(try await trial.log() == [wanted])
  }

  @Test("shows plugins the schedule") func schedule() async throws {
    let log = try await PluginTrial(
      """
      return function(pipe, step, t)
        local sigmas, times = pipe.sigmas, pipe.timesteps
        print(#times, #sigmas, times[step + 1] == t, math.type(t), pipe.sigma == sigmas[step + 1],
          pipe.sigma_next == sigmas[step + 2], sigmas[1] > sigmas[2])
      end
      """
    ).log()
    #expect(log == [String](repeating: "3\t4\ttrue\tinteger\ttrue\ttrue\ttrue", count: 3))
  }

  @Test("takes other prompts, and blends of them") func prompts() async throws {
    let blend = """
      local day, night, both
      return { id = "x", version = "1", api = 1, tensor_inputs = {},
        on_run_begin = function(pipe)
          day, night = pipe:encode("sun", "rain"), pipe:encode("moon")
          both = pipe:encode("")
          print(night.negative_prompt_embeds, tostring(day.prompt_embeds))
        end,
        on_step_begin = function(pipe, step)
          both.prompt_embeds = day.prompt_embeds:lerp(night.prompt_embeds, WEIGHT)
          both.negative_prompt_embeds = day.negative_prompt_embeds
          pipe:set_prompt(both)
        end }
      """
    func latents(_ weight: String) async throws -> Tensor {
      let outcome = try await PluginTrial(blend.replacing("WEIGHT", with: weight)).run()
      #expect(outcome.log == ["nil\ttensor [1, 77, 32]"])
      return try outcome.result.get().latents
    }
    func plain(_ prompt: String) async throws -> Tensor {
      var trial = try PluginTrial()
      trial.request.prompts = [prompt]
      trial.request.negativePrompts = ["rain"]
      return try await trial.run().result.get().latents
    }
    expectExact(try await latents("0"), try await plain("sun"))
    // lerp computes `a + 1 * (b - a)`, which is not b to the last bit.
    expectClose(try await latents("1"), try await plain("moon"), rtol: 1e-4)
    let half = try await latents("0.5")
    #expect(difference(half, try await plain("sun"), atol: 0, rtol: 1e-3) != nil)
  }

  @Test("counts prompts, and no more than its limit") func encodings() async throws {
    var trial = try PluginTrial("return function(pipe) for i = 1, 100 do pipe:encode('a') end end")
    trial.limits.encodings = 5
    let found = try await trial.message()
    #expect(found == "plugins/x.lua:1: on_step_end, step 0/3: the limit of 5 prompts in a run is reached")
    var full = try PluginTrial("return function(pipe) for i = 1, 60 do pipe:encode('a', 'b') end end")
    full.limits.tensorMemory = 300_000
    #expect(try await full.message()?.contains("memory limit: a plugin's tensors may use 300000 bytes") == true)
  }

  @Test("leaves nothing behind, whatever becomes of it") func leaks() async throws {
    final class Token: Sendable {}
    /// The files below `folder` that this process has open; other suites open files of their own at the same time.
    func openFiles(below folder: String) -> [String] {
      let numbers = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
      return numbers.compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)") }
        .filter { $0.hasPrefix(folder) }
    }
    let sources = [
      "local k = moon.zeros{9}\nreturn function(p, s, t, kw) k = kw.latents:keep() moon.save_image(moon.zeros{1, 2, 2}, 'a.png') end",
      "return function() error('boom') end", "error('boom')", "return 7", "x =",
      "return { id = 'x', version = '1', api = 1, on_run_begin = function(p) p:set_prompt(p:encode('a')) end }",
    ]
    for source in sources {
      let trial = try PluginTrial(source)
      weak var token: Token?
      weak var actor: GenerationRun?
      do {
        let strong = Token()
        token = strong
        let run = GenerationRun(
          plugins: trial.specifications, imageFolder: trial.imageFolder, log: { [strong] _ in _ = strong })
        actor = run
        _ = try? await run.generate(with: TinyModel.pipeline.get(), trial.request, threads: 1)
        #expect(await run.usage.allSatisfy { $0.tensorBytesLeft == 0 && $0.luaBytesLeft == 0 }, "\(source)")
      }
      // The run's thread lets go of its last job a moment after it is done.
      for _ in 0..<200 where token != nil || actor != nil { try await Task.sleep(for: .milliseconds(10)) }
      #expect(token == nil, "\(source): the sandbox is still there")
      #expect(actor == nil, "\(source): the run is still there")
      #expect(openFiles(below: trial.folder.url.path) == [], "\(source)")
    }
  }
}
