import Foundation
import MoonHost
import MoonTestSupport
import MoonTrialSupport
import Testing

/// Calls that cannot be right, and the sentence that each of them ends in.
@Suite("Wrong arguments of plugins") struct ArgumentErrorTests {
  /// A line of `lua/argument_errors.txt`: an expression and its error.
  private struct Case {
    let lua: String
    let error: String
  }

  private static let cases = Result {
    let file = Fixture.folder.appending(path: "lua/argument_errors.txt")
    return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").filter { !$0.hasPrefix("# ") }
      .map { line in
        let parts = line.components(separatedBy: "  =>  ")
        return Case(lua: parts[0], error: try #require(parts.count == 2 ? parts[1] : nil, "\(line)"))
      }
  }

  @Test("are told by function, place and reason") func table() async throws {
    let cases = try Self.cases.get()
    let calls = cases.map { "  try(function() local r = \($0.lua) return r end)\n" }.joined()
    var trial = try PluginTrial(
      """
      local function try(f)
        local ok, text = pcall(f)
        print(ok and "no error" or (tostring(text):gsub("^x.lua:%d+: ", "")))
      end
      return { id = "x", version = "1", api = 1, on_step_end = function(pipe, step, time, kwargs)
        local t, a, v, s = moon.zeros{2, 3, 4}, moon.zeros{3, 4}, moon.zeros{5}, moon.zeros{}
      \(calls)
      end }
      """)
    trial.request = TinyModel.request(steps: 1)
    trial.limits.hookSeconds = 60
    let log = try await trial.log()
    try #require(log.count == cases.count)
    for (line, wanted) in zip(log, cases) { #expect(line == wanted.error, "\(wanted.lua)") }
  }

  @Test("are refused by every function and method") func complete() throws {
    let cases = try Self.cases.get().map(\.lua)
    for (name, api) in PluginAPI.classes where ["tensor", "pipe", "moon"].contains(name) {
      for method in api.methods.subtracting(["log"]) {
        let mark = name == "moon" ? "moon.\(method)" : ":\(method)"
        #expect(cases.contains { $0.contains("\(mark)(") || $0.contains("\(mark){") }, "\(name) \(method)")
      }
    }
  }

  @Test("are a handle that is dead, for every method and operator") func deadHandles() async throws {
    let methods = try #require(PluginAPI.classes["tensor"]).methods.sorted()
    let list = methods.map { "'\($0)'" }.joined(separator: ", ")
    let log = try await PluginTrial(
      """
      local dead
      local function try(name, f)
        local ok, text = pcall(f)
        print(name, ok and "no error" or (tostring(text):gsub("^x.lua:%d+: ", "")))
      end
      return { id = "x", version = "1", api = 1,
        on_run_begin = function() dead = moon.zeros{2, 2} end,
        on_run_end = function(pipe)
          for _, name in ipairs { \(list) } do try(name, function() return dead[name](dead) end) end
          local live = moon.zeros{2, 2}
          try("+", function() return dead + 1 end) try("-", function() return live - dead end)
          try("*", function() return 2 * dead end) try("/", function() return dead / live end)
          try("^", function() return dead ^ dead end) try("neg", function() return -dead end)
          try("#", function() return #dead end) try("shape", function() return dead.shape end)
          try("ndim", function() return dead.ndim end) try("cat", function() return moon.cat { live, dead } end)
          try("where", function() return live:where(dead, 1) end) try("decode", function() return pipe:decode(dead) end)
          try("image", function() return moon.save_image(dead, "x.png") end)
        end }
      """
    ).log()
    let wanted = "this tensor is no longer valid: it lived until its hook returned; keep() makes one last for the run"
    #expect(log.count == methods.count + 13)
    for line in log { #expect(line.hasSuffix("\t" + wanted), "\(line)") }
  }

  @Test(
    "that come of a misspelt name suggest the one that was meant",
    arguments: [
      ("moon.tensr{1}", "attempt to call a nil value (field 'tensr'); did you mean 'tensor'?"),
      ("moon.zeroes{1}", "attempt to call a nil value (field 'zeroes'); did you mean 'zeros'?"),
      ("moon.wern('x')", "attempt to call a nil value (field 'wern'); did you mean 'warn'?"),
      ("moon.save_img(x)", "attempt to call a nil value (field 'save_img'); did you mean 'save_image'?"),
      ("kwargs.latent:mul_(1)", "attempt to index a nil value (field 'latent'); did you mean 'latents'?"),
      (
        "return kwargs.prompt_embed + 1",
        "attempt to perform arithmetic on a nil value (field 'prompt_embed'); did you mean 'prompt_embeds'?"
      ),
      (
        "return kwargs.prompt_embeds + kwargs.neg_prompt_embeds",
        "attempt to perform arithmetic on a tensor and a nil value"
      ),
      ("strng.rep('x', 3)", "attempt to index a nil value (global 'strng'); did you mean 'string'?"),
      ("math.flor(1.5)", "attempt to call a nil value (field 'flor'); did you mean 'floor'?"),
      ("kwargs.latents:repeat_row(2)", "a tensor has no field 'repeat_row'; did you mean 'repeat_rows'?"),
      ("return kwargs.latents.shap", "a tensor has no field 'shap'; did you mean 'shape'?"),
      ("pipe:set_sigma{1}", "pipe has no field 'set_sigma'; did you mean 'set_sigmas'?"),
      ("pipe:jumpback(0)", "pipe has no field 'jumpback'; did you mean 'jump_back'?"),
      ("pipe.guidance_scal = 1", "pipe has no field 'guidance_scal'; did you mean 'guidance_scale'?"),
      ("return pipe.ip_adaptor_scale", "pipe has no field 'ip_adaptor_scale'; did you mean 'ip_adapter_scale'?"),
      ("return pipe.options.strenth", "the plugin declares no option 'strenth'; did you mean 'strength'?"),
      (
        "pipe:encode('a').prompt_embed = kwargs.latents",
        "a prompt has no field 'prompt_embed'; did you mean 'prompt_embeds'?"
      ),
      ("return pipe:preview():to_image().widht", "an image has no field 'widht'; did you mean 'width'?"),
      (
        "return { latent = kwargs.latents }",
        "kwargs has the key 'latent', this pipeline offers latents, prompt_embeds, negative_prompt_embeds; did you mean 'latents'?"
      ),
    ])
  func misspelt(line: String, wanted: String) async throws {
    let source = """
      return { id = "x", version = "1", api = 1, options = { strength = { type = "number" } },
        on_step_end = function(pipe, step, t, kwargs) \(line) end }
      """
    #expect(try await PluginTrial(source).message() == "plugins/x.lua:2: on_step_end, step 0/3: \(wanted)")
  }

  @Test(
    "of a declaration suggest the word that was meant",
    arguments: [
      ("on_step_ends = function() end", "on_step_ends", "on_step_end"), ("licence = 'x'", "licence", "license"),
      ("tensor_input = {}", "tensor_input", "tensor_inputs"), ("option = {}", "option", "options"),
      ("options = { a = { type = 'nmber' } }", "nmber", "number"),
      ("options = { a = { type = 'number', defualt = 1 } }", "defualt", "default"),
      ("pipelines = { 'sdlx' }", "sdlx", "sdxl"),
    ])
  func declarations(line: String, word: String, meant: String) async throws {
    let source = "return { id = 'x', version = '1', api = 1, on_run_end = function() end, \(line) }"
    let message = try #require(try await PluginTrial(source).message())
    #expect(message.hasPrefix("plugins/x.lua: ") && message.contains("'\(word)'"), "\(message)")
    #expect(message.contains("did you mean '\(meant)'?"), "\(message)")
  }

  @Test("of guidance's tensors suggest the field that was meant") func noise() async throws {
    let source =
      "return { id = 'x', version = '1', api = 1, on_guidance = function(p, s, t, noise) return noise.uncnd + noise.cond end }"
    #expect(
      try await PluginTrial(source).message()
        == "plugins/x.lua:1: on_guidance, step 0/3: attempt to perform arithmetic on a tensor and a nil value")
    #expect(
      try await PluginTrial(source.replacing("+ noise.cond", with: ":sum()")).message()
        == "plugins/x.lua:1: on_guidance, step 0/3: attempt to index a nil value (field 'uncnd'); did you mean 'uncond'?"
    )
  }
}
