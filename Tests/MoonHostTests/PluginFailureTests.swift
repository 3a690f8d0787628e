import Foundation
import MoonHost
import MoonPlugins
import MoonTestSupport
import MoonTrialSupport
import Testing

/// Every kind of failure names file, line, hook and step.
@Suite("Plugin failures") struct PluginFailureTests {
  private static let offered = "latents, prompt_embeds, negative_prompt_embeds"
  private static let dead =
    "this tensor is no longer valid: it lived until its hook returned; keep() makes one last for the run"

  /// The message of a callback whose second line is `line`, after its place.
  private func message(_ line: String) async throws -> String? {
    var trial = try PluginTrial("return function(pipe, step, t, kwargs)\n  \(line)\nend")
    // Only what is to run into the deadline has a short one: other suites run at the same time.
    trial.limits.hookSeconds = line.hasPrefix("while true") ? 0.25 : 30
    trial.limits.luaMemory = 4 << 20
    trial.limits.tensorMemory = 8 << 20
    return try await trial.message()
  }

  @Test(
    "in a script name the line and what was wrong",
    arguments: [
      ("local a = nil + 1", "attempt to perform arithmetic on a nil value"),
      ("error('boom')", "boom"), ("error('boom', 0)", "boom"), ("error({})", "(error object is a table value)"),
      ("error()", "(error object is a nil value)"), ("error(pipe)", "(error object is a pipe value)"),
      ("error('a\\27[2Jb\\nc')", "a\\x1b[2Jb\\nc"),
      ("while true do end", "time limit: one call may take 250 milliseconds"),
      ("local t = {} while true do t[#t + 1] = {} end", "memory limit: a plugin may use 4 MiB of Lua memory"),
      ("local t = {} while true do t[#t + 1] = moon.zeros{1000} end", "memory limit: a plugin's tensors may use 8 MiB"),
      ("coroutine.yield()", "attempt to yield from outside a coroutine"),
      ("pipe.guidance_scale = '7'", "pipe.guidance_scale must be a number, got string"),
      ("pipe.guidance_scale = 1e39", "pipe.guidance_scale must be a finite number that float32 can hold"),
      ("pipe.guidance_rescale = 0/0", "pipe.guidance_rescale must be a finite number that float32 can hold"),
      ("pipe.interrupt = 1", "pipe.interrupt must be true or false, got number"),
      ("pipe.guidance_scal = 3", "pipe has no field 'guidance_scal'; did you mean 'guidance_scale'?"),
      ("print(pipe.guidnce_scale)", "pipe has no field 'guidnce_scale'; did you mean 'guidance_scale'?"),
      ("print(pipe.unet)", "pipe has no field 'unet'"), ("pipe[1] = 2", "pipe has no field of type number"),
      ("pipe.height = 3", "pipe.height cannot be written"), ("pipe.encode = 3", "pipe.encode cannot be written"),
      ("pipe._num_timesteps = 3", "pipe._num_timesteps cannot be written"),
      ("pipe:encod('a')", "pipe has no field 'encod'; did you mean 'encode'?"),
      ("print(pipe.options.strength)", "the plugin declares no option 'strength'; there are none"),
      ("kwargs.latents:narow(0, 0, 1)", "a tensor has no field 'narow'; did you mean 'narrow'?"),
      ("print(kwargs.latents[0])", "a tensor has no numbered fields: get(...) reads an element, select(0, i) a row"),
      ("kwargs.latents.x = 1", "fields of a tensor cannot be assigned"),
      ("kwargs.latents:narrow(1, 5, 1)", "bad argument #2 to 'narrow' (start 5 outside 0..4)"),
      ("kwargs.latents:narrow(1, 'x', 1)", "bad argument #2 to 'narrow' (number expected, got string)"),
      ("kwargs.latents:narrow(1, 0.5, 1)", "bad argument #2 to 'narrow' (number has no integer representation)"),
      ("kwargs.latents:narrow(1, 0)", "bad argument #3 to 'narrow' (number expected, got no value)"),
      ("kwargs.latents.narrow(1, 0)", "'narrow' is called as handle:narrow(...), with a colon"),
      ("moon.zeros(pipe)", "bad argument #1 to 'zeros' (number expected, got pipe)"),
      ("moon.zeros()", "bad argument #1 to 'zeros' (table expected, got no value)"),
      ("moon.zeros{-1}", "zeros: the shape [-1] is not allowed: a size is negative"),
      ("moon.zeros{1 << 28}", "zeros: the shape [268435456] is not allowed: more than 134217728 elements"),
      ("moon.tensr{1}", "attempt to call a nil value (field 'tensr'); did you mean 'tensor'?"),
      ("pritn(1)", "attempt to call a nil value (global 'pritn'); did you mean 'print'?"),
      ("moon.tensor{{1, 2}, {3}}", "bad argument #1 to 'tensor' (the lists differ in length)"),
      ("moon.tensor{1, 'x'}", "bad argument #1 to 'tensor' (number expected in the lists, got string)"),
      ("moon.cat({kwargs.latents, 1})", "bad argument #1 to 'cat' (entry 2 is number, a tensor expected)"),
      ("local x = kwargs.latents + {}", "attempt to perform arithmetic on a tensor and a table value"),
      ("local x = moon.zeros{2} + moon.zeros{3}", "+: the shapes [2] and [3] cannot be broadcast together"),
      (
        "kwargs.latents:resize(8, 8, 'cubic')",
        "bad argument #3 to 'resize' (the mode is 'nearest' or 'bilinear', got 'cubic')"
      ),
      (
        "kwargs.latents:to_image()", "a picture is made from [3, height, width] or [1, height, width], got [1, 4, 4, 4]"
      ),
      ("moon.zeros{1, 1, 1}:expand{1, 1, 1 << 25}:to_image()", "a picture has 1 to 16777216 pixels, got 33554432 x 1"),
      (
        "moon.save_image(moon.zeros{1, 2, 2}, '../x.png')",
        "bad argument #2 to 'save_image' (the name '../x.png' is not up to 64 letters, digits, _ and - and .png)"
      ),
      ("moon.save_image(7, 'x.png')", "bad argument #1 to 'save_image' (image or tensor expected, got number)"),
      ("print(moon.zeros{1, 2, 2}:to_image().size)", "an image has no field 'size'"),
      ("pipe:encode(7)", "bad argument #1 to 'encode' (string expected, got number)"),
      ("pipe:encode(('x'):rep(10001))", "bad argument #1 to 'encode' (the text has 10001 bytes, the limit is 10000)"),
      ("pipe:set_prompt('a')", "bad argument #1 to 'set_prompt' (prompt expected, got string)"),
      ("print(pipe:encode('a').text)", "a prompt has no field 'text'"),
      ("pipe:encode('a').prompt_embeds = 7", "prompt.prompt_embeds must be a tensor, got number"),
      (
        "kwargs.latents:expand{1000, 1000, 4, 4}:totable()",
        "bad argument #1 to 'expand' (size 1000 for a dimension of size 4)"
      ),
      (
        "moon.zeros{1}:expand{1 << 20}:totable()",
        "totable: the shape [1048576] makes more than 262144 values"
      ),
      ("moon.zeros{1 << 26, 0}:totable()", "totable: the shape [67108864, 0] makes more than 262144 values"),
    ])
  func scripts(line: String, wanted: String) async throws {
    let found = try await message(line)
    #expect(found == "plugins/x.lua:2: on_step_end, step 0/3: \(wanted)")
  }

  @Test(
    "in what a hook returns name the hook's first line",
    arguments: [
      ("return 7", "the result is number, wanted kwargs or nil"),
      ("return kwargs.latents", "the result is tensor, wanted kwargs or nil"),
      ("return { latents = 'x' }", "kwargs.latents is string, wanted a tensor"),
      ("return { latents = moon.zeros{1} }", "kwargs.latents: 'latents' has shape [1], wanted [1, 4, 4, 4]"),
      ("return { latents = kwargs.latents / 0 * 0 }", "kwargs.latents: 'latents' is NaN or infinite (element 0)"),
      (
        "return { lantents = kwargs.latents }",
        "kwargs has the key 'lantents', this pipeline offers \(offered); did you mean 'latents'?"
      ),
      ("return { kwargs.latents }", "kwargs has the key (number), this pipeline offers \(offered)"),
      (
        "return { prompt_embeds = kwargs.prompt_embeds:narrow(1, 0, 1) }",
        "kwargs.prompt_embeds: 'prompt_embeds' has shape [2, 1, 32], wanted [2, 77, 32] or [1, 77, 32]"
      ),
    ])
  func results(line: String, wanted: String) async throws {
    let found = try await message(line)
    #expect(found == "plugins/x.lua:1: on_step_end, step 0/3: \(wanted)")
  }

  @Test(
    "in other hooks name these",
    arguments: [
      (
        "on_run_begin = function(pipe) error('boom') end",
        "plugins/x.lua:3: on_run_begin: boom"
      ),
      (
        "on_step_begin = function(pipe, step) if step == 1 then error('boom') end end",
        "plugins/x.lua:3: on_step_begin, step 1/3: boom"
      ),
      (
        "on_guidance = function() return 7 end",
        "plugins/x.lua:3: on_guidance, step 0/3: the result is number, wanted a tensor or nil"
      ),
      (
        "on_guidance = function(p, s, t, noise) return noise.cond:narrow(1, 0, 1) end",
        "plugins/x.lua:3: on_guidance, step 0/3: the result has shape [1, 1, 4, 4], wanted [1, 4, 4, 4]"
      ),
      (
        "on_guidance = function(p, s, t, noise) return noise.cond / 0 end",
        "plugins/x.lua:3: on_guidance, step 0/3: the result is NaN or infinite (element 0)"
      ),
      ("on_run_end = function() error('boom') end", "plugins/x.lua:3: on_run_end: boom"),
      (
        "tensor_inputs = { 'latent' }, on_step_end = function() end",
        "plugins/x.lua: on_run_begin: tensor_inputs: there is no 'latent'; this pipeline offers \(offered); did you mean 'latents'?"
      ),
      ("pipelines = { 'sdxl' }, on_step_end = function() end", "x: the plugin fits sdxl, not sd"),
    ])
  func hooks(hook: String, wanted: String) async throws {
    let source = "return {\n  id = 'x', version = '1', api = 1,\n  \(hook)\n}"
    let found = try await PluginTrial(source).message()
    #expect(found == wanted)
  }

  @Test(
    "of a file that does not load name the line",
    arguments: [
      ("local x =\n=", "plugins/x.lua:2: unexpected symbol near '='"),
      ("\nerror('boom')", "plugins/x.lua:2: boom"),
      ("\nmoon.zeross{1}", "plugins/x.lua:2: attempt to call a nil value (field 'zeross'); did you mean 'zeros'?"),
      ("\u{1b}Lua", "plugins/x.lua: "),
      ("return 7", "plugins/x.lua: the file must return a function or a table"),
      ("while true do end", "plugins/x.lua:1: time limit: one call may take 250 milliseconds"),
    ])
  func loading(source: String, wanted: String) async throws {
    var trial = try PluginTrial(source)
    trial.limits.hookSeconds = source.hasPrefix("while true") ? 0.25 : 30
    #expect(try await trial.message()?.hasPrefix(wanted) == true)
  }

  @Test("of memory that runs out before a hook begins name the limit") func arguments() async throws {
    var trial = try PluginTrial(
      "local kept = {}\nreturn function(pipe, step, t, kwargs)\n  kept[step] = kwargs.latents:keep()\nend")
    trial.limits.refusals.tensors = 0..<2
    #expect(
      try await trial.message()
        == "plugins/x.lua:2: on_step_end, step 0/3: memory limit: a plugin's tensors may use 512 MiB")
  }

  @Test("in a module of a folder plugin name its file") func modules() async throws {
    var trial = try PluginTrial()
    try trial.folder.write("return { go = function()\n  error('boom')\nend }", to: "plugins/tool/util.lua")
    try trial.folder.write(
      "local util = require('util')\nreturn function() util.go() end", to: "plugins/tool/init.lua")
    trial.specifications = [trial.folder.url.appending(path: "plugins/tool").path]
    #expect(try await trial.message() == "plugins/tool/util.lua:2: on_step_end, step 0/3: boom")
    guard case .failure(let error) = try await trial.run().result, let failure = error as? PluginFailure else {
      Issue.record("no failure")
      return
    }
    #expect(failure.excerpt == "  2 |   error('boom')\n    |   ^")
  }

  @Test("show the line with a mark under the name") func excerpt() async throws {
    let trial = try PluginTrial("return function(pipe)\n\tpipe.guidance_scal = 3.0\r\nend")
    let outcome = try await trial.run()
    guard case .failure(let error) = outcome.result, let failure = error as? PluginFailure else {
      Issue.record("no failure")
      return
    }
    #expect(failure.plugin == "x")
    #expect(failure.excerpt == "  2 | \\tpipe.guidance_scal = 3.0\n    |        ^")
  }

  @Test("tell a plugin only the name of its file") func path() async throws {
    let log = try await PluginTrial(
      "return function() print(select(2, pcall(error, 'x', 2))) print(select(2, pcall(function() error('y') end))) end"
    )
    .log()
    #expect(log.contains("x.lua:1: y"))
    #expect(!log.contains { $0.contains("/") })
  }
}
