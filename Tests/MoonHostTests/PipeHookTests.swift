import Foundation
import MoonHost
import MoonPipelines
import MoonPlugins
import MoonTensor
import MoonTestSupport
import Synchronization
import MoonTrialSupport
import Testing

/// What each hook sees of the run, and what it can do there.
@Suite("Hooks") struct PipeHookTests {
  private static let xl = Result {
    try StableDiffusionPipeline(contentsOf: Fixture.folder.appending(path: "models/tiny_sdxl"))
  }

  /// Where a closure finds the options of the run that is made after it.
  private final class Slot: Sendable { let options = Mutex<LiveOptions?>(nil) }

  private static func declaration(_ body: String) -> String {
    "return { id = 'x', version = '1', api = 1, \(body) }"
  }

  @Test("see where the run is, each at its moment") func moments() async throws {
    var trial = try PluginTrial(
      """
      local function tell(name)
        return function(pipe, step)
          local at = (step or name == "end" and pipe.num_timesteps - 1 or 0) + 1
          print(name, step, pipe.sigma == pipe.sigmas[at], pipe.sigma_next == pipe.sigmas[at + 1],
            ("%.2f"):format(pipe.progress), pipe.x0 and table.concat(pipe.x0.shape, " "))
        end
      end
      return { id = "x", version = "1", api = 1, on_run_begin = tell("begin"), on_step_begin = tell("step"),
        on_guidance = tell("guidance"), on_step_end = tell("done"), on_run_end = tell("end") }
      """)
    trial.request = TinyModel.request(steps: 2)
    let shape = "1 4 4 4"
    #expect(
      try await trial.log() == [
        "begin\tnil\ttrue\ttrue\t0.00\tnil",
        "step\t0\ttrue\ttrue\t0.50\tnil", "guidance\t0\ttrue\ttrue\t0.50\tnil", "done\t0\ttrue\ttrue\t0.50\t\(shape)",
        "step\t1\ttrue\ttrue\t1.00\t\(shape)", "guidance\t1\ttrue\ttrue\t1.00\t\(shape)",
        "done\t1\ttrue\ttrue\t1.00\t\(shape)", "end\tnil\ttrue\ttrue\t1.00\t\(shape)",
      ])
  }

  @Test("see the clean latents that the prediction points to", arguments: ["ddim", "euler"])
  func original(scheduler: String) async throws {
    var trial = try PluginTrial(
      """
      local x, sigma, prediction
      return { id = "x", version = "1", api = 1, tensor_inputs = {},
        on_guidance = function(pipe, step, t, noise)
          x, sigma, prediction = noise.x:keep(), noise.sigma, noise.pred:keep()
        end,
        on_step_end = function(pipe, step)
          -- Euler's latents are x0 + sigma * noise, DDIM's the same divided by sqrt(1 + sigma^2).
          local clean = (pipe.scheduler:find("Euler") and x or x * (1 + sigma ^ 2) ^ 0.5) - sigma * prediction
          print((clean - pipe.x0):abs():max():item() <= 1e-4 * clean:abs():max():item())
        end }
      """)
    trial.request.scheduler = scheduler
    #expect(try await trial.log() == ["true", "true", "true"])
  }

  @Test("of guidance get both predictions, their combination, and the latents with their level") func guidance()
    async throws
  {
    let log = try await PluginTrial(
      """
      local latents
      return { id = "x", version = "1", api = 1, tensor_inputs = { "latents" },
        on_run_begin = function(pipe) pipe.guidance_scale = 3.5 end,
        on_guidance = function(pipe, step, t, noise)
          local wanted = noise.uncond + pipe.guidance_scale * (noise.cond - noise.uncond)
          local names = {}
          for name in pairs(noise) do names[#names + 1] = name end
          table.sort(names)
          print(table.concat(names, " "), table.concat(noise.cond.shape, " "),
            (noise.pred - wanted):abs():max():item() <= 1e-5 * wanted:abs():max():item(),
            (noise.cond - noise.uncond):abs():max():item() > 0, noise.sigma == pipe.sigma,
            latents == nil or (noise.x - latents):abs():max():item() == 0)
          noise.cond:fill_(0) noise.x:fill_(0) noise.uncond:mul_(2) noise.pred:mul_(3)
        end,
        on_step_end = function(pipe, step, t, kwargs) latents = kwargs.latents:keep() end }
      """
    ).log()
    #expect(log == [String](repeating: "cond pred sigma uncond x\t1 4 4 4\ttrue\ttrue\ttrue\ttrue", count: 3))
  }

  @Test("of guidance take what the plugin before made of it") func combination() async throws {
    func latents(_ bodies: [String]) async throws -> Tensor {
      var trial = try PluginTrial()
      for (index, body) in bodies.enumerated() {
        let source = Self.declaration("on_guidance = function(pipe, step, t, noise) \(body) end")
        try trial.add(source, name: "p\(index)/x.lua")
      }
      return try await trial.run().result.get().latents
    }
    let once = try await latents(["return noise.uncond + 4 * (noise.cond - noise.uncond)"])
    var plain = try PluginTrial()
    plain.request.guidanceScale = 4
    expectClose(once, try await plain.run().result.get().latents, rtol: 1e-5)  // the same products in another order
    let twice = try await latents(["return noise.pred * 0.5", "return noise.pred * 2"])
    expectClose(twice, try await PluginTrial().run().result.get().latents, rtol: 1e-5)  // likewise
    expectExact(
      try await latents(["noise.pred:mul_(0)", "return nil"]), try await PluginTrial().run().result.get().latents)
  }

  /// Two prompts encoded before the run, and what happens to them at each step: by handle, and by the tensors of `kwargs`.
  private static func prompts(_ step: String, kwargs: String) -> (handles: String, tensors: String) {
    let encoded = """
      local day, night, both
      local function start(pipe)
        day, night, both = pipe:encode("sun", "rain"), pipe:encode("moon", "snow"), pipe:encode("", "")
      end

      """
    return (
      encoded
        + declaration("tensor_inputs = {}, on_run_begin = start, on_step_begin = function(pipe, step) \(step) end"),
      encoded
        + declaration(
          """
          on_run_begin = function(pipe) start(pipe) pipe:set_prompt(day) end,
          on_step_end = function(pipe, step, t, kwargs)
            local rows = function(name)
              return moon.cat { night["negative_" .. name], night[name] }
            end
            \(kwargs)
          end
          """)
    )
  }

  private func latents(_ source: String, isXL: Bool) async throws -> Tensor {
    let trial = try PluginTrial(source)
    var request = trial.request
    if isXL { (request.width, request.height) = (32, 32) }
    let run = GenerationRun(plugins: trial.specifications, registry: PluginRegistry(folders: []))
    let pipeline = try (isXL ? Self.xl : TinyModel.pipeline).get()
    return try await run.generate(with: pipeline, request, threads: 1).latents
  }

  @Test("swap prompts at any step, pooled embeddings and all", arguments: [false, true])
  func swap(isXL: Bool) async throws {
    let pooled = """
      kwargs.add_text_embeds = moon.cat { night.negative_pooled_prompt_embeds, night.pooled_prompt_embeds }
      """
    let sources = Self.prompts(
      "pipe:set_prompt(step < 2 and day or night)",
      kwargs: """
        if step == 1 then
          kwargs.prompt_embeds = rows("prompt_embeds")
          \(isXL ? pooled : "")
          return kwargs
        end
        """)
    let handles = try await latents(sources.handles, isXL: isXL)
    expectExact(handles, try await latents(sources.tensors, isXL: isXL))
    let day = try await latents(sources.handles.replacing("step < 2 and day or night", with: "day"), isXL: isXL)
    #expect(difference(handles, day, atol: 0, rtol: 1e-3) != nil)
  }

  @Test("blend prompts anew at each step, pooled embeddings and all", arguments: [false, true])
  func blend(isXL: Bool) async throws {
    let names =
      ["prompt_embeds", "negative_prompt_embeds"]
      + (isXL ? ["pooled_prompt_embeds", "negative_pooled_prompt_embeds"] : [])
    let list = names.map { "'\($0)'" }.joined(separator: ", ")
    let mix = "for _, name in ipairs { \(list) } do both[name] = day[name]:lerp(night[name], WEIGHT) end"
    let sources = Self.prompts(
      mix.replacing("WEIGHT", with: "step / 2") + " pipe:set_prompt(both)",
      kwargs: """
        local weight = math.min(step + 1, 2) / 2
        for _, name in ipairs { \(isXL ? "'prompt_embeds', 'pooled_prompt_embeds'" : "'prompt_embeds'") } do
          local key = name == "prompt_embeds" and name or "add_text_embeds"
          kwargs[key] = moon.cat { day["negative_" .. name]:lerp(night["negative_" .. name], weight),
            day[name]:lerp(night[name], weight) }
        end
        return kwargs
        """)
    expectExact(try await latents(sources.handles, isXL: isXL), try await latents(sources.tensors, isXL: isXL))
  }

  @Test("see changed options from the next hook on, and refuse what does not fit") func liveOptions() async throws {
    let trial = try PluginTrial(
      """
      return { id = "x", version = "1", api = 1, tensor_inputs = {},
        options = { weight = { type = "number", default = 1, max = 4 }, mode = { type = "string" } },
        on_step_begin = function(pipe) print("begin", pipe.options.weight, pipe.options.mode) end,
        on_step_end = function(pipe) print("end", pipe.options.weight, pipe.options.mode) end }
      """)
    let log = LogLines()
    let faults = LogLines()
    // Set before the run that asks for them begins.
    let slot = Slot()
    let run = GenerationRun(plugins: trial.specifications, registry: PluginRegistry(folders: [])) { line in
      log.append(line)
      guard log.lines.count == 3, let options = slot.options.withLock({ $0 }) else { return }
      for text in ["weight=2.5", "mode=a", "wight=1", "weight=5", "weight=x"] {
        do { try options.set(text, ofPlugin: 0) } catch { faults.append("\(error)") }
      }
      do { try options.set("weight=1", ofPlugin: 1) } catch { faults.append("\(error)") }
    }
    slot.options.withLock { $0 = run.options }
    _ = try await run.generate(with: TinyModel.pipeline.get(), trial.request, threads: 1)
    #expect(
      log.lines == [
        "begin\t1.0\tnil", "end\t1.0\tnil", "begin\t1.0\tnil", "end\t2.5\ta", "begin\t2.5\ta", "end\t2.5\ta",
      ])
    let path = trial.folder.url.path + "/"
    #expect(
      faults.lines.map { $0.replacing(path, with: "") } == [
        "plugins/x.lua: there is no option 'wight'; did you mean 'weight'?",
        "plugins/x.lua: option 'weight' is 5, more than 4",
        "plugins/x.lua: option 'weight' must be a finite number, found 'x'",
        "there is no plugin 'number 1' in this run",
      ])
  }

  @Test(
    "plan falling noise levels only, from where the latents are",
    arguments: [
      ("{ now, now, 0 }", "sigmas fall and stay at 0 or above, but"),
      ("{ now, now * 2, 0 }", "sigmas fall and stay at 0 or above, but"),
      ("{ now, now / 2, now / 2, 0 }", "sigmas fall and stay at 0 or above, but"),
      ("{ now, -1 }", "but -1.0 follows"), ("{ now * 2, now / 2, 0 }", "but the latents are at"),
      ("{ now }", "a step needs two levels"), ("{}", "a step needs two levels"),
      ("{ now, 1/0, 0 }", "a list of finite numbers expected"),
    ])
  func levels(list: String, wanted: String) async throws {
    var trial = try PluginTrial("return function(pipe) local now = pipe.sigma_next\n  pipe:set_sigmas\(list)\nend")
    trial.request.scheduler = "euler"
    let message = try #require(try await trial.message())
    #expect(message.hasPrefix("plugins/x.lua:2: on_step_end, step 0/3: "), "\(message)")
    #expect(message.contains(wanted), "\(message)")
  }

  @Test("preview and read without a trace in the run") func reading() async throws {
    for scheduler in ["euler-a", "unipc", "ddim"] {
      var plain = try PluginTrial()
      var trial = try PluginTrial(
        """
        local function look(pipe)
          for _ = 1, 3 do if pipe.x0 then pipe:preview():fill_(0) pipe.x0:mul_(0) end end
          pipe.noise:fill_(1)
          local _ = #pipe.sigmas, pipe.timesteps, pipe.scheduler, pipe.seed, pipe.options
          moon.randn { 100 } moon.rand { 3 } math.random()
        end
        return { id = "x", version = "1", api = 1, on_run_begin = look, on_step_begin = look, on_guidance = look,
          on_run_end = look, on_step_end = function(pipe, step, t, kwargs)
            look(pipe)
            for name, tensor in pairs(kwargs) do tensor:mul_(0) end
            return {}
          end }
        """)
      (plain.request.scheduler, trial.request.scheduler) = (scheduler, scheduler)
      let found = try await trial.run().result.get()
      let wanted = try await plain.run().result.get()
      expectExact(found.latents, wanted.latents, scheduler)
      #expect(found.images == wanted.images)
      #expect(found.report.warnings == wanted.report.warnings)
    }
  }
}
