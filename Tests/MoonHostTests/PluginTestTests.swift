import Foundation
import MoonHost
import MoonPipelines
import MoonPlugins
import MoonTestSupport
import MoonTrialSupport
import Testing

@Suite("Tests of plugins") struct PluginTestTests {
  private let trial: BenchTrial

  init() throws { trial = try BenchTrial() }

  /// A plugin that halves the latents, and tests.
  private static func halving(_ tests: String) -> String {
    BenchTrial.table(
      """
      tensor_inputs = { "latents" }, options = { factor = { type = "number", default = 0.5, min = 0 } },
      on_step_end = function(pipe, step, t, kwargs)
        print("at", step)
        moon.save_image(moon.zeros{3, 8, 8}, ("s%d.png"):format(step))
        return { latents = kwargs.latents * pipe.options.factor }
      end,
      tests = { \(tests) }
      """)
  }

  @Test("run the plugin, with options and without, and see what it did")
  func runs() async throws {
    let lines = try await trial.test(
      Self.halving(
        """
        a = function(t)
          local plain = t:run { plugin = false, steps = 3, scheduler = "ddim", seed = 4 }
          local run = t:run { steps = 3, scheduler = "ddim", seed = 4 }
          t:expect_close(run.latents[1], plain.latents[1] * 0.5)
          t:expect_equal(run.log, { "at\\t0", "at\\t1", "at\\t2" })
          t:expect_equal(run.images, { "s0.png", "s1.png", "s2.png" })
          t:expect_equal(plain.images, {})
          t:expect_equal(run.rows, { 2, 2, 2 })
          t:expect_equal({ run.steps, run.completed, run.interrupted, run.batch }, { 3, 3, false, 1 })
          t:expect_equal({ run.pipeline, run.task, run.scheduler }, { "sd", "text-to-image", "DDIMScheduler" })
          t:expect_close(run.final, run.latents[3], 0)
          t:expect_equal({ run.final, moon.zeros{0} }, { run.latents[3], moon.zeros{0} })
          t:expect_close(moon.ones{2}:mean(), 1)
          t:expect_close(1, moon.ones{2}:mean())
          t:expect_close({ 1, 1 }, moon.ones{2})
          t:expect(moon.tensor{2}:lt(3))
          t:expect_equal(tostring(moon.ones{2}:mean()), "tensor(1.0)")
          t:expect_close(moon.tensor{1/0, -1/0, 1}, moon.tensor{1/0, -1/0, 1})
          t:expect(run.sigmas[1] > run.sigmas[2])
        end,
        b = function(t)
          t:expect_close(t:run { options = { factor = 0 } }.final:abs():max():item(), 0)
          local run = t:run { pipeline = "sdxl", num_images = 2, controlnets = 2, controlnet_scale = 0.5, steps = 2 }
          t:expect_equal(run.final.shape, { 2, 4, 8, 8 })
          t:expect_close(run.controlnet_scale[1], { 0.5, 0.5 })
          t:expect_equal(run.ip_adapter_scale[1], {})
        end,
        """))
    #expect(lines == ["ok a", "ok b"])
  }

  @Test(
    "fail with the line of the test and what was found",
    arguments: [
      ("t:expect(false)", "the expectation does not hold"), ("t:expect(nil, 'no')", "no"),
      ("t:expect_equal({ 1, { 2 } }, { 1, { 3 } })", "found { 1, { 2 } }, expected { 1, { 3 } }"),
      ("t:expect_equal('a', 'b', 'names')", "names: found \"a\", expected \"b\""),
      ("t:expect(moon.tensor{5}:lt(3))", "the expectation does not hold"),
      ("t:expect(moon.ones{2})", "a tensor of shape { 2 } is neither true nor false"),
      ("t:expect_error(nil)", "bad argument #1 to 'expect_error' (function expected, got nil)"),
      ("t:expect_error(moon.ones{1})", "bad argument #1 to 'expect_error' (function expected, got tensor)"),
      ("t:expect_close(1, 2, 'text')", "bad argument #3 to 'expect_close' (number expected, got string)"),
      ("t:expect_close({ 1, { a = 2 } }, { 1, { a = 4 } })", "off by 2, allowed 1e-05 at [2][\"a\"]"),
      ("t:expect_close(moon.tensor{1, 2}, { 1, 4 })", "off by 2.0, allowed 1e-05 at [2]"),
      ("t:expect_close(moon.ones{1}, 'a')", "a tensor and a string cannot be compared"),
      ("t:expect_equal(moon.ones{2}, moon.zeros{2})", "the tensors differ by 1.0 at most"),
      ("t:expect_equal(moon.ones{2}, moon.ones{1, 2})", "the shape is { 2 }, expected { 1, 2 }"),
      ("t:expect_equal(moon.ones{2}, 1)", "found tensor [2], expected 1"),
      ("t:expect_close(moon.zeros{1024, 1024}, {})", "totable: the shape [1024, 1024] makes more than 262144 values"),
      ("t:expect_close(moon.tensor{1/0}, moon.tensor{-1/0})", "off by inf, allowed"),
      ("t:expect_close(moon.tensor{0/0}, moon.tensor{0/0})", "nan, allowed"),
      ("t:expect_close(1, 1.5, 0.25)", "off by 0.5, allowed 0.25"),
      ("t:expect_close({ 1 }, { 1, 2 })", "1 values, expected 2"),
      ("t:expect_close(0/0, 1)", ", allowed 1e-05"),
      ("t:expect_close({ 1, a = 1 }, { 1, a = 2 })", "off by 1, allowed"),
      ("t:expect_close({ a = 1 }, {})", "an unexpected value at \"a\""),
      ("t:expect_close({}, { [0] = 1 })", "nothing at 0"),
      ("t:expect_equal({ 1, a = 1 }, { 1 })", "found { 1, a = 1 }, expected { 1 }"),
      (
        "local o = {}; for i = 1, 1025 do o['a' .. i] = 1 end; t:run { options = o }",
        "options has more than 1024 entries"
      ),
      ("t:expect_close(moon.zeros{2}, moon.zeros{3})", "the shape is { 2 }, expected { 3 }"),
      ("t:expect_close('a', 1)", "a string and a number cannot be compared"),
      ("t:expect_error(function() end)", "expected an error"),
      ("t:expect_error(function() error('one') end, 'two')", "the error is 'x.lua:3: one', expected one with 'two'"),
      ("t:run { stepz = 1 }", "bad argument #1 to 'run' (there is no setting 'stepz'; did you mean 'steps'?)"),
      ("t:run { steps = 0 }", "bad argument #1 to 'run' (steps is 0, outside 1..1000)"),
      (
        "t:run { steps = 1000, num_images = 16 }",
        "bad argument #1 to 'run' (steps times the images are more than 10000)"
      ),
      ("t:run { pipeline = 'sdlx' }", "bad argument #1 to 'run' (pipeline is 'sdlx'; did you mean 'sdxl'?)"),
      ("t:run { scheduler = 'eulr' }", "there is no scheduler 'eulr'"),
      ("t:run { options = { factr = 1 } }", "x.lua: there is no option 'factr'; did you mean 'factor'?"),
      ("t:run { options = { factor = -1 } }", "x.lua: option 'factor' is -1, less than 0"),
      (
        "t:run { guidance_scale = 1/0 }",
        "bad argument #1 to 'run' (guidance_scale must be a finite number, got number)"
      ),
      ("t:run(1)", "bad argument #1 to 'run' (table expected, got number)"),
      ("local x = nil; x.y = 1", "attempt to index a nil value (local 'x')"),
      ("for _ = 1, 101 do t:run { steps = 1 } end", "the limit of 100 runs in a test is reached"),
    ])
  func failures(body: String, message: String) async throws {
    let source = BenchTrial.table(
      """
      options = { factor = { type = "number", default = 0.5, min = 0 } }, tests = { a = function(t)
      \(body) end }, on_step_end = function(pipe) return nil end,
      """)
    let lines = try await trial.test(source)
    try #require(lines.count == 1)
    #expect(lines[0].hasPrefix("a: x.lua:3: ") && lines[0].contains(message), "\(lines[0])")
  }

  @Test("hear of a plugin that fails, with its own place, and can expect it")
  func pluginFailures() async throws {
    let lines = try await trial.test(
      BenchTrial.table(
        """
        on_step_end = function(pipe, step)
        if step == 1 then error("boo") end end,
        tests = {
          a = function(t) t:run { steps = 2, scheduler = "ddim" } end,
          b = function(t)
            local message = t:expect_error(function() t:run { steps = 2, scheduler = "ddim" } end, "step 1/2")
            t:expect(message:find("boo", 1, true))
          end,
        }
        """))
    #expect(lines == ["a: x.lua:5: x.lua:3: on_step_end, step 1/2: boo", "ok b"])
  }

  @Test("show what a plugin printed before its run failed")
  func failedLog() async throws {
    let report = try await trial.bench.test(
      trial.add(
        BenchTrial.table(
          "on_step_end = function() print('seen') error('boo') end, tests = { a = function(t) t:run { steps = 1 } end }"
        )))
    #expect(report.log == ["seen"])
  }

  @Test("start each run afresh, and see nothing of the plugin's own variables")
  func isolation() async throws {
    let lines = try await trial.test(
      "local count = 0\n"
        + BenchTrial.table(
          """
          on_step_end = function(pipe, step) count = count + 1; print(count); moon_test = nil end,
          tests = {
            a = function(t)
              for _ = 1, 2 do t:expect_equal(t:run { steps = 1, scheduler = "ddim" }.log, { "1" }) end
              t:expect_equal(count, 0)
            end,
          }
          """))
    #expect(lines == ["ok a"])
  }

  @Test("lie in test.lua of a folder, beside its modules")
  func folders() async throws {
    try trial.add("return { twice = function(x) return 2 * x end }", name: "f/maths.lua")
    try trial.add(
      "local maths = require('maths')\nreturn { id = 'f', version = '1', api = 1, on_step_begin = function(pipe) "
        + "pipe.guidance_scale = maths.twice(2) end }", name: "f/init.lua")
    try trial.add(
      """
      local maths = require("maths")
      return {
        a = function(t) t:expect_equal(t:run { steps = 1 }.guidance[1], maths.twice(2)) end,
        b = function(t) t:expect(maths.thrice, "thrice is missing") end,
      }
      """, name: "f/test.lua")
    let path = trial.folder.url.appending(path: "f").path
    #expect(
      trial.lines(of: try await trial.bench.test(path)) == ["ok a", "b: f/test.lua:4: thrice is missing"])
    try trial.add("return 3", name: "f/test.lua")
    #expect(
      trial.lines(of: try await trial.bench.test(path)) == [
        "f/test.lua: 'tests' must be a table of functions, found number"
      ])
    try trial.add("error('no')", name: "f/test.lua")
    #expect(trial.lines(of: try await trial.bench.test(path)).first?.hasPrefix("f/test.lua:1: no") == true)
  }

  @Test("replay a trace, whose size and pipeline are fixed")
  func traces() async throws {
    var request = TinyModel.request()
    request.recordsTrace = true
    let result = try TinyModel.pipeline.get().run(request)
    let url = trial.folder.url.appending(path: "t.safetensors")
    try #require(result.trace).write(to: url)
    let trace = try RunTrace(contentsOf: url)
    let lines = try await trial.test(
      Self.halving(
        """
        a = function(t)
          local plain = t:run { plugin = false }
          t:expect_equal({ plain.steps, plain.rows }, { 3, { 2, 2, 2 } })
          t:expect_close(t:run().latents[1], plain.latents[1] * 0.5)
        end,
        b = function(t)
          t:expect_equal(t:run().warnings, {})
          t:expect_error(function() t:run { pipeline = "sdxl" } end, "the trace is of sd")
          t:expect_error(function() t:run { num_images = 2 } end, "the trace fixes it")
          t:expect_equal(t:run { steps = 5 }.completed, 5)
        end,
        """), trace: trace)
    #expect(lines == ["ok a", "ok b"])
  }

  @Test("end within their limits")
  func limits() async throws {
    var limits = PluginLimits()
    limits.hookSeconds = 0.05
    let trial = try BenchTrial(limits: limits)
    let lines = try await trial.test(
      BenchTrial.table("on_step_end = print, tests = { a = function() pcall(function() while true do end end) end }"))
    #expect(lines.count == 1 && lines[0].contains("time limit"), "\(lines)")
    let loop = "function() while true do end end"
    let apart = try await trial.test(
      BenchTrial.table("on_step_end = print, tests = { a = \(loop), b = function() end, c = \(loop), d = print }"))
    #expect(apart.count == 4 && apart[0].contains("time limit") && apart[2].contains("time limit"), "\(apart)")
    #expect(apart[1] == "ok b" && apart[3] == "ok d")
    let tests = (10..<30).map { "t\($0) = \(loop)" }.joined(separator: ", ")
    let all = try await trial.test(BenchTrial.table("on_step_end = print, tests = { \(tests) }"))
    #expect(all == ["x.lua: 8 tests have met a limit, the 12 after them are not run"])
  }
}
