import Foundation
import MoonTestSupport
import MoonWeights
import Testing

@Suite("Traces on the command line", .serialized, .timeLimit(.minutes(10))) struct TraceCommandTests {
  private let program: Program

  init() throws { program = try Program() }

  @Test("are recorded whole, and replayed by tests and dry runs without the model")
  func record() async throws {
    let outcome = try await program.generate([
      "--steps", "3", "--seed", "7", "--quiet", "--record-trace", "t.safetensors",
    ])
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(try program.files == ["out.png", "t.safetensors"])
    let run = try await program.run([
      "plugin", "dry-run", "cfg_cutoff:cutoff_step_index=1", "--trace", "t.safetensors", "--json",
    ])
    #expect(run.status == 0, "\(run.errors)")
    let report = try run.report
    #expect(report["scheduler"] == .string("PNDMScheduler") && report["rows"] == .integer(6))
    try program.write(
      """
      return {
        id = "x", version = "1", api = 1, on_step_end = function() end,
        tests = {
          same = function(t)
            local run = t:run()
            t:expect_equal(run.completed, 4)
            t:expect_equal(run.final.shape, { 1, 4, 16, 16 })
            t:expect_close(run.final, t:run { plugin = false }.final, 0)
          end,
        },
      }
      """, to: "x.lua")
    let test = try await program.run(["plugin", "test", "x.lua", "--trace", "t.safetensors"])
    #expect(test.status == 0, "\(test.output)")
  }

  @Test("that are cut, missing or something else end with 65 and one sentence")
  func refusals() async throws {
    try program.write("cut", to: "cut.safetensors")
    let other = Fixture.folder.appending(path: "traces/moonlet.safetensors").path
    for (file, message) in [
      ("cut.safetensors", "cut.safetensors is not a valid safetensors file: it has only 3 bytes"),
      ("none.safetensors", "none.safetensors: No such file or directory"),
      (other, "\(other): it is no trace of a run: --record-trace makes one"),
    ] {
      for command in [["test", "cfg_cutoff"], ["dry-run", "cfg_cutoff"]] {
        let outcome = try await program.run(["plugin"] + command + ["--trace", file])
        #expect(outcome.status == 65 && outcome.output == "")
        let isKnown = outcome.errors == "moonstep: \(message)\n" || file == "none.safetensors"
        #expect(isKnown && outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)")
      }
    }
  }

  @Test("that end early are replayed with a warning")
  func short() async throws {
    try program.write("return function(pipe, step) pipe.interrupt = step == 1 end", to: "stop.lua")
    let outcome = try await program.generate([
      "--steps", "4", "--scheduler", "ddim", "--guidance-scale", "1", "--seed", "7", "--quiet", "--record-trace",
      "t.safetensors", "--callback", "./stop.lua",
    ])
    #expect(outcome.status == 0, "\(outcome.errors)")
    try program.write("return function(pipe) pipe.guidance_scale = 3 end", to: "guide.lua")
    let run = try await program.run(["plugin", "dry-run", "./guide.lua", "--trace", "t.safetensors"])
    #expect(
      run.errors == """
        moonstep: warning: steps of which nothing is recorded: 2; they take the predictions of the nearest time
        moonstep: warning: steps that were recorded without guidance: 1; what is not wanted is taken from the nearest time \
        with it, or changes nothing

        """, "\(run.errors)")
  }

  @Test("are refused where they cannot be written, before the model is looked at")
  func usage() async throws {
    for (path, message) in [
      ("t.png", "--record-trace: 't.png' does not end in .safetensors"),
      ("none/t.safetensors", "--record-trace: 'none/t.safetensors' cannot be written: the folder none does not exist"),
    ] {
      let outcome = try await program.run(["--model", "none", "--prompt", "a", "--record-trace", path])
      #expect(outcome.status == 64 && outcome.errors == "moonstep: \(message)\n", "\(outcome.errors)")
    }
    let both = try await program.run([
      "--model", "none", "--prompt", "a", "--record-trace", "a.safetensors", "--save-latents", "a.safetensors",
    ])
    #expect(both.status == 64)
    let fixed = try await program.run(["plugin", "dry-run", "cfg_cutoff", "--trace", "t", "--num-images", "2"])
    #expect(fixed.status == 64 && fixed.errors.contains("--num-images: it cannot be given with --trace"))
  }
}
