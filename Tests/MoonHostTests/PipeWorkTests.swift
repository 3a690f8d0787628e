import Foundation
import MoonHost
import MoonImage
import MoonPipelines
import MoonTensor
import MoonTestSupport
import MoonTrialSupport
import Testing

/// What the host does for a plugin on request.
@Suite("Work of the host for plugins") struct PipeWorkTests {
  @Test("decodes latents as the run does, and changes nothing") func decode() async throws {
    let reference = try await PluginTrial().run().result.get()
    let trial = try PluginTrial(
      """
      return function(pipe, step, t, kwargs)
        local pictures = pipe:decode(kwargs.latents)
        if step == pipe.num_timesteps - 1 then
          print(table.concat(pictures.shape, " "))
          moon.save_image(pictures:select(0, 0), "last.png")
        end
      end
      """)
    let outcome = try await trial.run()
    let result = try outcome.result.get()
    #expect(outcome.log == ["1 3 16 16"])
    expectExact(result.latents, reference.latents)
    let saved = try PNG.read(trial.imageFolder.appending(path: "x/last.png"))
    // A level that lies between two whole ones may be rounded the other way.
    for (found, wanted) in zip(saved.pixels, result.images[0].pixels) { #expect(abs(Int(found) - Int(wanted)) <= 1) }
    #expect(saved.pixels.count == result.images[0].pixels.count)
  }

  @Test("previews each picture, and changes nothing") func preview() async throws {
    var plain = try PluginTrial()
    (plain.request.imagesPerPrompt, plain.request.scheduler) = (2, "euler-a")
    let reference = try await plain.run().result.get()
    var trial = try PluginTrial(
      """
      return function(pipe, step)
        local first, second = pipe:preview(), pipe:preview(1)
        print(table.concat(first.shape, " "), first:min():item() >= 0, first:max():item() <= 255,
          (first - second):abs():max():item() > 0, first:std():item() > 0)
        moon.save_image(first, "p.png")
      end
      """)
    trial.request = plain.request
    let outcome = try await trial.run()
    expectExact(try outcome.result.get().latents, reference.latents)
    #expect(outcome.log == [String](repeating: "3 4 4\ttrue\ttrue\ttrue\ttrue", count: 3))
  }

  @Test(
    "is limited in each step, and refuses what it cannot do",
    arguments: [
      ("for i = 1, 5 do pipe:decode(kwargs.latents) end", "the limit of 4 calls of decode in a step is reached"),
      ("for i = 1, 17 do pipe:preview() end", "the limit of 16 calls of preview in a step is reached"),
      ("pipe:decode(moon.zeros{1})", "bad argument #1 to 'decode' ('latents' has shape [1], wanted [1, 4, 4, 4])"),
      ("pipe:decode(kwargs.latents / 0)", "bad argument #1 to 'decode' ('latents' is NaN or infinite (element 0))"),
      ("pipe:decode(7)", "bad argument #1 to 'decode' (tensor expected, got number)"),
      ("pipe:preview(1)", "bad argument #1 to 'preview' (1 is outside 0..0)"),
      ("pipe:jump_back(1)", "bad argument #1 to 'jump_back' (1 is outside 0..0, the steps that have run)"),
      ("pipe:jump_back('a')", "bad argument #1 to 'jump_back' (number expected, got string)"),
      (
        "pipe:set_sigmas{3, 2, 1}",
        "set_sigmas: DDIMScheduler: a list of steps is not supported: it takes a number of steps only"
      ),
      ("pipe:set_sigmas{1, 'x'}", "bad argument #1 to 'set_sigmas' (a list of finite numbers expected)"),
      ("pipe:set_sigmas{1, 0/0}", "bad argument #1 to 'set_sigmas' (a list of finite numbers expected)"),
      ("pipe:set_sigmas(pipe)", "bad argument #1 to 'set_sigmas' (table expected, got pipe)"),
    ])
  func limits(line: String, wanted: String) async throws {
    var trial = try PluginTrial("return function(pipe, step, t, kwargs)\n  \(line)\nend")
    trial.limits.hookSeconds = 30
    let found = try await trial.message()
    #expect(found == "plugins/x.lua:2: on_step_end, step 0/3: \(wanted)")
  }

  @Test("does not preview what is not there yet") func early() async throws {
    let source = "return { id = 'x', version = '1', api = 1, on_run_begin = function(pipe) pipe:preview() end }"
    #expect(
      try await PluginTrial(source).message()
        == "plugins/x.lua:1: on_run_begin: there is nothing to preview before the first step has ended")
  }

  @Test("jumps back with the plugin's own noise, the same in every run") func jump() async throws {
    let source = """
      local jumps = 0
      return function(pipe, step)
        print(step)
        if step == 2 and jumps < 2 then jumps = jumps + 1 pipe:jump_back(1) end
      end
      """
    let first = try await PluginTrial(source).run()
    #expect(first.log == ["0", "1", "2", "1", "2", "1", "2"])
    let second = try await PluginTrial(source).run()
    expectExact(try first.result.get().latents, try second.result.get().latents)
    #expect(
      try await PluginTrial("return function(pipe, step) if step == 2 then pipe:jump_back(0) end end").message()
        == "plugins/x.lua:1: on_step_end, step 2/3: bad argument #1 to 'jump_back' "
        + "(the run would take 15 steps, the limit is 12)")
  }

  @Test("plans the steps to come anew, and takes it back when the hook fails") func sigmas() async throws {
    func trial(_ last: String) throws -> PluginTrial {
      var trial = try PluginTrial(
        """
        return function(pipe, step)
          if step == 1 then
            local now = pipe.sigma_next
            pipe:set_sigmas{ now, now / 2, now / 3, 0 }
            print(pipe.num_timesteps, #pipe.sigmas, math.abs(pipe.sigmas[4] / pipe.sigmas[5] - 1.5) < 1e-5)
            \(last)
          end
        end
        """)
      trial.request.scheduler = "euler"
      trial.policy = .disable
      return trial
    }
    let changed = try await trial("").run()
    #expect(changed.log == ["5\t6\ttrue"])
    #expect(try changed.result.get().report.timesteps.count == 5)
    var plain = try PluginTrial()
    plain.request.scheduler = "euler"
    let failed = try await trial("error('boom')").run().result.get()
    expectExact(failed.latents, try await plain.run().result.get().latents)
    #expect(failed.report.timesteps.count == 3)
  }

  @Test("shows the noise that the run started from, and no picture where there is none") func noise() async throws {
    let log = try await PluginTrial(
      """
      return { id = "x", version = "1", api = 1, on_run_begin = function(pipe)
        print(tostring(pipe.noise), pipe.image_latents, math.abs(pipe.noise:mean():item()) < 0.5)
        pipe.noise:fill_(0)
        print(pipe.noise:std():item() > 0.5)
      end }
      """
    ).log()
    #expect(log == ["tensor [1, 4, 4, 4]\tnil\ttrue", "true"])
  }

  @Test("runs on_run_end after a stop from outside") func endAfterStop() async throws {
    let stop = StopFlag()
    let outcome = try await PluginTrial(
      """
      return { id = "x", version = "1", api = 1, tensor_inputs = {},
        on_step_end = function(pipe, step) print(step) end,
        on_run_end = function(pipe) for i = 1, 100000 do end print("end", pipe.interrupt) end }
      """
    ).run(stop: stop) { if $0 == "1" { stop.raise() } }
    #expect(outcome.log == ["0", "1", "end\tfalse"])
    #expect(try outcome.result.get().report.isInterrupted)
  }
}
