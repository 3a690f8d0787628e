import Foundation
import MoonCommand
import MoonImage
import MoonTestSupport
import MoonWeights
import Testing

@Suite("Command line", .serialized, .timeLimit(.minutes(10))) struct CommandLineTests {
  private let program: Program

  init() throws { program = try Program() }

  @Test("makes the reference's latents, one JSON object and one picture, and says nothing else")
  func run() async throws {
    let outcome = try await program.generate([
      "--steps", "25", "--seed", "7", "--json", "--quiet", "--save-latents", "a.safetensors", "--callback",
      "sd_cfg_cutoff:cutoff_step_ratio=0.4",
    ])
    #expect(outcome.status == 0)
    #expect(outcome.errors == "")
    let report = try outcome.report
    #expect(
      report.keys == [
        "files", "seed", "width", "height", "pipeline", "scheduler", "num_inference_steps", "timesteps", "guidance",
        "step_seconds", "load_seconds", "decode_seconds", "peak_memory_bytes", "interrupted", "warnings", "plugins",
      ])
    #expect(report["files"] == .array([.string("out.png")]) && report["seed"] == .integer(7))
    #expect(report["interrupted"] == .bool(false) && report["warnings"] == .array([]))
    let guidance = [Double](repeating: 7.5, count: 11) + [Double](repeating: 1, count: 15)
    #expect(report["guidance"] == .array(guidance.map { $0 == 1 ? .integer(1) : .number($0) }))
    #expect(try program.files == ["a.safetensors", "out.png"])
    let reference = try Fixture("traces/moonlet")
    let file = try SafetensorsFile(contentsOf: program.folder.appending(path: "a.safetensors"))
    // The promise for the end of a run; 25 steps in float32 are some 1e-6 apart.
    expectClose(try file.tensor("latents"), try reference["cutoff/latents"], rtol: 1e-3)
    expectClose(try file.tensor("image"), try reference["cutoff/image"], rtol: 1e-3)
    let picture = program.folder.appending(path: "out.png")
    let image = try PNG.read(picture)
    #expect(image.width == 64 && image.height == 64)
    let texts = try PNGTexts(picture).entries
    #expect(texts.map(\.keyword) == ["parameters", "moonstep"])
    #expect(texts.first?.value.hasPrefix("red apple on a blue background\nSteps: 25, Sampler: PLMS, ") == true)
    #expect(texts.last?.value == outcome.output.trimmingCharacters(in: .newlines))
  }

  @Test("numbers several pictures, gives each its seed, and tells a line for each")
  func batch() async throws {
    let outcome = try await program.generate([
      "--steps", "2", "--num-images", "2", "--seed", "1,-1", "--output", "a.png",
    ])
    #expect(outcome.status == 0)
    #expect(try program.files == ["a-0.png", "a-1.png"])
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.count == 2)
    #expect(lines.first?.hasPrefix("a-0.png: 64x64, seed 1, 3 steps in ") == true)
    #expect(lines.last?.hasPrefix("a-1.png: 64x64, seed 18446744073709551615, 3 steps in ") == true)
    #expect(outcome.errors.split(separator: "\n").map { $0.prefix(8) } == ["step 1/3", "step 2/3", "step 3/3"])
  }

  @Test("starts from given latents, and tells a drawn seed that makes the same picture again")
  func seeds() async throws {
    let first = try await program.generate(["--steps", "1", "--json", "--quiet", "--output", "a.png"])
    guard case .integer(let seed) = try first.report["seed"] else { throw Program.Missing(what: "the seed") }
    _ = try await program.generate(["--steps", "1", "--quiet", "--seed", "\(seed)", "--output", "b.png"])
    let pictures = try ["a.png", "b.png"].map { try PNG.read(program.folder.appending(path: $0)) }
    #expect(pictures[0] == pictures[1])
    let fixture = Fixture.folder.appending(path: "traces/moonlet.safetensors").path
    let wrong = try await program.generate(["--steps", "1", "--latents", fixture])
    #expect(wrong.status == 65)
    #expect(wrong.errors == "moonstep: --latents: \(fixture) has no tensor 'latents'\n")
  }

  @Test("refuses bad usage with status 64 and one sentence, before the model is looked at")
  func usage() async throws {
    try program.write("return { id = 'x', version = '1', api = 1, on_step_end = print }", to: "x.lua")
    let cases: [([String], String)] = [
      (
        ["--stepz", "3"],
        "Unknown option '--stepz'. Did you mean '--steps'?\nSee 'moonstep generate --help' for the options."
      ),
      (["--callback", "nope", "--watch"], ""),
      (["--output", "none/a.png"], "--output: 'none/a.png' cannot be written: the folder none does not exist"),
      (["--seed", "1,2"], "--seed: 2 seeds are given, but the run makes 1 picture; give one seed, or one a picture"),
      (["--callback", "sd_cfg_cutof"], ""),
      (["--callback", "x.lua:a=1"], ""),
    ]
    for (arguments, message) in cases {
      let outcome = try await program.run(["--model", "none", "--prompt", "a"] + arguments)
      #expect(outcome.status == 64, "\(arguments)")
      #expect(outcome.output == "")
      if !message.isEmpty { #expect(outcome.errors == "moonstep: \(message)\n") }
      #expect(outcome.errors.split(separator: "\n").first?.hasPrefix("moonstep: ") == true)
    }
    let width = try await program.generate(["--width", "62"])
    #expect(width.status == 64)
    #expect(width.errors == "moonstep: --width: 62 is not a multiple of 4 in 4..16384\n")
  }

  @Test("refuses arguments that are not UTF-8 with status 64")
  func encoding() async throws {
    let shell = URL(filePath: "/bin/sh")
    let script = "exec \"$0\" --model m --prompt \"$(printf 'a\\377')\""
    let outcome = try await program.run(["-c", script, Program.executable.path], executable: shell)
    #expect(outcome.status == 64)
    #expect(outcome.errors == "moonstep: argument 4 is not valid UTF-8: 'a\u{FFFD}'\n")
  }

  @Test("ends with status 65 for a bad model, 3 for a failing plugin, 1 for a run that fails; nothing is written")
  func failures() async throws {
    let model = try await program.run(["--model", "none", "--prompt", "a"])
    #expect(model.status == 65)
    #expect(model.errors == "moonstep: none: no such file or folder\n")
    try program.write("return function(pipe, step)\n  error('boo')\nend\n", to: "bad.lua")
    let plugin = try await program.generate(["--steps", "2", "--quiet", "--callback", "bad.lua"])
    #expect(plugin.status == 3)
    #expect(plugin.errors.hasPrefix("moonstep: bad.lua:2: "), "\(plugin.errors)")
    let run = try await program.generate(["--steps", "2", "--quiet", "--guidance-scale", "3e38"])
    #expect(run.status == 1)
    #expect(run.errors.hasPrefix("moonstep: ") && run.errors.contains("NaN"), "\(run.errors)")
    #expect(try program.files == ["bad.lua"])
  }

  @Test("goes on without a failing plugin when told to, with a warning")
  func disable() async throws {
    try program.write("return function(pipe, step)\n  error('boo')\nend\n", to: "bad.lua")
    let outcome = try await program.generate([
      "--steps", "2", "--quiet", "--json", "--callback", "bad.lua", "--on-plugin-error", "disable",
    ])
    #expect(outcome.status == 0)
    guard case .array(let warnings) = try outcome.report["warnings"] else { throw Program.Missing(what: "warnings") }
    #expect(warnings.count == 1)
    #expect(outcome.errors.hasPrefix("moonstep: warning: "))
  }

  @Test("prints what plugins log on standard error")
  func log() async throws {
    try program.write("return function(pipe, step) print('at', step) end\n", to: "log.lua")
    let outcome = try await program.generate(["--steps", "1", "--callback", "log.lua"])
    #expect(outcome.status == 0)
    let lines = outcome.errors.split(separator: "\n").filter { !$0.hasPrefix("step ") }
    #expect(lines.count == 1 && lines.allSatisfy { $0.contains("at\t") || $0.contains("at\\t") }, "\(lines)")
  }
}
