import MoonHost
import MoonPlugins
import MoonTestSupport
import Testing

@Suite("Checks of plugins") struct PluginCheckTests {
  private let trial: BenchTrial

  init() throws { trial = try BenchTrial() }

  /// Failures of the kinds of run, with the folder left out.
  private func failures(_ report: PluginCheckReport) -> [String] {
    report.entries.compactMap { entry in
      if case .failed(let failure) = entry.verdict { trial.shown(failure.description) } else { nil }
    }
  }

  @Test("run every hook in every kind of run of the pipelines that the plugin declares")
  func complete() async throws {
    let report = try await trial.check(
      BenchTrial.table(
        """
        pipelines = { "sdxl" }, tensor_inputs = { "latents" },
        options = { scale = { type = "number", min = 0, max = 2, default = 1 } },
        on_run_begin = function(pipe) print("begin", pipe.options.scale) end,
        on_step_begin = function(pipe) end,
        on_guidance = function(pipe, step, t, noise) return noise.pred end,
        on_step_end = function(pipe, step, t, kwargs) return { latents = kwargs.latents * pipe.options.scale } end,
        on_run_end = function() end,
        """))
    #expect(report.id == "x" && report.isOK && report.warnings == [])
    #expect(
      report.entries.map(\.kind) == [
        "sdxl text-to-image", "sdxl image-to-image", "sdxl inpainting", "sdxl inpainting model",
        "sdxl text-to-image, ControlNet", "sdxl text-to-image, IP-Adapter",
        "sdxl image-to-image, 2 ControlNets, 2 IP-Adapters",
      ])
    // Four circumstances, four schedulers, of which the other kinds of run have one, one long run, and both ends of the option.
    #expect(report.entries.map(\.runs) == [11, 5, 5, 5, 5, 5, 5])
  }

  @Test(
    "tell file, line, hook, step and circumstances of what fails",
    arguments: [
      (
        "on_step_end = function(pipe, step)\nif step == 3 then error('boo') end end",
        "x.lua:3: on_step_end, step 3/5: boo"
      ),
      (
        "on_guidance = function(pipe, step, t, noise)\nreturn noise.cond.shap end",
        "x.lua:3: on_guidance, step 0/5: a tensor has no field 'shap'; did you mean 'shape'?"
      ),
      (
        "on_step_end = function(pipe, step, t, kwargs)\nif pipe.batch == 2 then return { latents = kwargs.latents:select(0, 0) } end end",
        "x.lua:2: on_step_end, step 0/5: kwargs.latents: 'latents' has shape [4, 8, 8], wanted [2, 4, 8, 8] (in a run with 2 images)"
      ),
      (
        "on_step_end = function(pipe, step, t, kwargs)\nif pipe.guidance_scale == 1 then kwargs.latents:chunk(0) end end",
        "x.lua:3: on_step_end, step 0/5: bad argument #1 to 'chunk'"
      ),
      (
        "on_step_end = function(pipe, step, t, kwargs)\nif pipe.num_timesteps == 1 then local y = 1 / nil end end",
        "x.lua:3: on_step_end, step 0/1: attempt to perform arithmetic on a nil value (in a run with 1 step)"
      ),
      ("on_run_end = function(pipe) pipe.x0 = nil end", "x.lua:2: on_run_end: pipe.x0 cannot be written"),
      (
        "options = { a = { type = 'number', min = 0, max = 1, default = 0.5 } },\non_run_begin = function(pipe) if pipe.options.a == 1 then error('boo') end end",
        "x.lua:3: on_run_begin: boo (in a run with option a = 1)"
      ),
    ])
  func failures(fields: String, message: String) async throws {
    let report = try await trial.check(BenchTrial.table(fields))
    #expect(!report.isOK)
    #expect(failures(report).first?.hasPrefix(message) == true, "\(failures(report))")
  }

  @Test("tell what keeps a file from loading")
  func loading() async throws {
    let syntax = try await trial.check("return {")
    #expect(syntax.loading.map { trial.shown($0.description) }?.hasPrefix("x.lua:1: ") == true && !syntax.isOK)
    #expect(syntax.loading?.excerpt != nil)
    let key = try await trial.check(BenchTrial.table("on_step_ends = print"))
    #expect(
      key.loading.map { trial.shown($0.description) }
        == "x.lua: the plugin's table: unknown key 'on_step_ends'; did you mean 'on_step_end'?")
    await #expect(throws: PluginError.self) { try await trial.bench.check("/none/x.lua") }
  }

  @Test("let a plugin refuse what it does not fit, but not every kind of a pipeline that it declares")
  func refusals() async throws {
    let some = try await trial.check(
      BenchTrial.table(
        "on_run_begin = function(pipe) if not pipe.controlnet_scale then error('a ControlNet is needed', 0) end end"))
    #expect(some.isOK)
    let refused = some.entries.filter {
      if case .refused("a ControlNet is needed") = $0.verdict { true } else { false }
    }
    #expect(refused.count == 10)
    let tensors = try await trial.check(
      BenchTrial.table(
        "tensor_inputs = { 'mask' }, on_step_end = function(pipe, step, t, kwargs) print(kwargs.mask:sum()) end"))
    #expect(tensors.isOK && tensors.warnings == [])
    let euler = try await trial.check(
      BenchTrial.table(
        "on_run_begin = function(pipe) if pipe.scheduler ~= 'DEISMultistepScheduler' then error('DEIS is needed', 0) end end"
      ))
    #expect(euler.isOK && euler.entries.map(\.runs) == [Int](repeating: 1, count: 14))
    let all = try await trial.check(
      BenchTrial.table("pipelines = { 'sd' }, on_run_begin = function() error('never', 0) end"))
    #expect(failures(all) == ["never (in every run of sd)"])
    let fault = try await trial.check(BenchTrial.table("on_run_begin = function() error('boo') end"))
    #expect(fault.entries.allSatisfy { if case .failed = $0.verdict { true } else { false } })
  }

  @Test("tell what the plugin printed before it failed")
  func log() async throws {
    let report = try await trial.check(BenchTrial.table("on_run_begin = function(pipe) print('seen') error('boo') end"))
    #expect(report.entries.allSatisfy { $0.log == ["seen"] })
  }

  @Test("name no line of their own for an error that blames its caller")
  func level() async throws {
    let report = try await trial.check(
      BenchTrial.table("on_step_end = function(pipe, step, t, kwargs) error('bad weight', 2) end"))
    #expect(failures(report).first == "x.lua:2: on_step_end, step 0/5: bad weight")
  }

  @Test("need an example of what is required")
  func required() async throws {
    let option =
      "options = { n = { type = 'integer', required = true EXAMPLE } }, on_run_begin = function(pipe) "
      + "print(pipe.options.n) end"
    let none = try await trial.check(BenchTrial.table(option.replacing("EXAMPLE", with: "")))
    #expect(
      none.loading.map { trial.shown($0.description) }
        == "x.lua: option 'n' is required and declares no 'example', which a check would take")
    #expect(try await trial.check(BenchTrial.table(option.replacing("EXAMPLE", with: ", example = 3"))).isOK)
  }

  @Test("warn of what a hook changes and does not return")
  func unreturned() async throws {
    let report = try await trial.check(
      BenchTrial.table(
        """
        on_step_begin = function(pipe, step, t, kwargs) kwargs.latents = kwargs.latents * 2 end,
        on_guidance = function(pipe, step, t, noise) noise.pred = noise.cond end,
        on_step_end = function(pipe, step, t, kwargs) kwargs.prompt_embeds:mul_(2) end,
        """))
    #expect(
      report.isOK
        && report.warnings
          == ["kwargs.latents of on_step_begin", "kwargs.prompt_embeds of on_step_end", "noise.pred of on_guidance"].map
        {
          "\($0) is changed and not returned: only what a hook returns counts"
        })
  }

  @Test("warn of globals, of options that are never read, and of tensors that are never used")
  func warnings() async throws {
    let report = try await trial.check(
      BenchTrial.table(
        """
        tensor_inputs = { "latents", "prompt_embeds" },
        options = { used = { type = "number" }, left = { type = "number" } },
        on_step_end = function(pipe, step, t, kwargs)
          counter = (counter or 0) + (pipe.options.used or 0)
          function on_guidence() end
          return { prompt_embeds = kwargs.prompt_embeds }
        end
        """))
    #expect(report.isOK)
    #expect(
      report.warnings == [
        "sets the global 'counter'; write local before its first use",
        "sets the global 'on_guidence'; a hook is a field of the table that the file returns; did you mean 'on_guidance'?",
        "the option 'left' is never read",
        "'latents' is in tensor_inputs, but kwargs.latents is never used",
        "'prompt_embeds' is in tensor_inputs, but kwargs.prompt_embeds is never used",
      ])
    let callback = try await trial.check("function callback(pipe, step, t, kwargs) return kwargs end")
    #expect(callback.isOK && callback.warnings == [])
    let other = try await trial.bench.check(
      trial.add(BenchTrial.table("on_step_end = function() end"), name: "other.lua"))
    #expect(
      other.warnings == ["the id is 'x', but --callback finds the plugin by the name of its file, 'other'"])
  }

  @Test("end with plugins that never end, write nothing and leave nothing")
  func limits() async throws {
    var limits = PluginLimits()
    limits.hookSeconds = 0.05
    let trial = try BenchTrial(limits: limits)
    let report = try await trial.check(
      BenchTrial.table("pipelines = { 'sd' }, on_step_begin = function() while true do end end"))
    #expect(failures(report).count == 7)
    #expect(failures(report).first?.contains("time limit") == true)
    // Under the usual limits: a busy machine may take long to write a picture.
    let pictures = try await self.trial.check(
      BenchTrial.table("on_run_end = function() moon.save_image(moon.zeros{3, 8, 8}, 'a.png') end"))
    #expect(pictures.isOK)
    #expect(try self.trial.folder.contents == ["x.lua"])
  }
}
