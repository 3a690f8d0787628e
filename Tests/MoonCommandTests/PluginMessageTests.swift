import Foundation
import MoonCommand
import MoonHost
import MoonWeights
import Testing

/// What a person is told when a plugin fails or warns.
@Suite("Messages of plugins", .serialized, .timeLimit(.minutes(15))) struct PluginMessageTests {
  private let program: Program

  init() throws { program = try Program() }

  private static let ramp = """
    --@moonstep 1
    -- Keeps the guidance below a limit that it forgets.
    ---@type moonstep.Plugin
    return {
      id = "cfg_ramp", version = "1.0.0", api = 1,
      options = {
        last = { type = "number", default = 2, help = "the limit" },
      },
      tensor_inputs = {},
      on_step_end = function(pipe, step)
        local limit
        if step < 3 then limit = pipe.options.last end
        -- From step 3 on there is no limit.
        if pipe.guidance_scale < limit then pipe.guidance_scale = limit end
      end,
    }
    """

  @Test("name file, line, hook and step of a failure, and show the line with a mark", arguments: [false, true])
  func failure(isJSON: Bool) async throws {
    try program.write(Self.ramp, to: "cfg_ramp.lua")
    let outcome = try await program.generate(
      ["--steps", "25", "--scheduler", "ddim", "--quiet", "--callback", "cfg_ramp.lua"] + (isJSON ? ["--json"] : []))
    #expect(outcome.status == 3)
    #expect(
      outcome.errors == """
        moonstep: cfg_ramp.lua:14: on_step_end, step 3/25: attempt to compare number with nil
          14 |     if pipe.guidance_scale < limit then pipe.guidance_scale = limit end
             |     ^

        """)
    #expect(outcome.output == "")
    #expect(try program.files == ["cfg_ramp.lua"])
  }

  @Test("begin with the path that was given, and point at the name that was meant")
  func path() async throws {
    try program.write("return function(pipe)\n  pipe.guidance_scal = 3\nend\n", to: "plugins/typo.lua")
    let wanted = """
      moonstep: plugins/typo.lua:2: on_step_end, step 0/2: pipe has no field 'guidance_scal'; did you mean 'guidance_scale'?
        2 |   pipe.guidance_scal = 3
          |        ^

      """
    for name in ["plugins/typo.lua", "typo"] {
      let outcome = try await program.generate(["--steps", "2", "--scheduler", "ddim", "--quiet", "--callback", name])
      #expect(outcome.status == 3)
      #expect(outcome.errors == wanted)
    }
  }

  @Test("tell a warning when it comes, once, and hold it in the report")
  func warning() async throws {
    let plugin = Program.root.appending(path: "plugins/sd_cfg_cutoff.lua").path
    let outcome = try await program.generate(["--steps", "2", "--scheduler", "ddim", "--json", "--callback", plugin])
    #expect(outcome.status == 0)
    let text = "sd_cfg_cutoff: the cut-off at step 2 never comes, the last of 2 steps is step 1"
    let lines = outcome.errors.split(separator: "\n")
    #expect(lines.first == "moonstep: warning: \(text)")
    #expect(lines.filter { $0.contains("warning") }.count == 1)
    let report = try outcome.report
    #expect(report["warnings"] == .array([.string(text)]))
  }

  @Test("put the excerpt below the sentence")
  func text() {
    let failure = CommandFailure(
      PluginFailure(plugin: "x", description: "x.lua:1: boo", excerpt: "  1 | boo()\n    | ^"))
    #expect(failure.status == .pluginFailed)
    #expect(failure.text == "moonstep: x.lua:1: boo\n  1 | boo()\n    | ^\n")
    #expect(CommandFailure(.failed, "").text == "")
  }
}
