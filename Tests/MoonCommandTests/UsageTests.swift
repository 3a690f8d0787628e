import Foundation
import MoonTestSupport
import MoonWeights
import Testing

@Suite("Usage", .serialized, .timeLimit(.minutes(10))) struct UsageTests {
  private let program: Program
  private let models = Fixture.folder.appending(path: "models").path

  init() throws { program = try Program() }

  @Test(
    "that is wrong is told with the option or the word",
    arguments: [
      (["generat", "--steps", "3"], "'generat' is no command of moonstep; did you mean 'generate'?"),
      (["info"], "'info' is no command of moonstep; there are generate, sheet, models, plugin, profile"),
      (["plugin", "lst"], "'lst' is no command of moonstep plugin; did you mean 'list'?"),
      (["help", "foo"], "'foo' is no command of moonstep; there are generate, sheet, models, plugin, profile"),
      (["--model", "", "--prompt", "a"], "--model: the path is empty"),
      (["--model=", "--prompt", "a"], "--model: the path is empty"),
      (["--model", "m", "--prompt", "a", "--image", ""], "--image: the path is empty"),
      (["--model", "m", "--prompt", "a", "--variant", ""], "--variant: '' is no name of a variant, such as fp16"),
      (["--model", "m", "--prompt", "a", "--width", "-1"], "--width: -1 is outside 1..16384"),
      (["--model", "m", "--prompt", "a", "--steps", "-1"], "--steps: -1 is outside 1..1000000"),
      (["--model", "m", "--prompt", "a", "--threads", "-1"], "--threads: -1 is outside 1..1024"),
      (["--model", "m", "--prompt", "a", "--image-encoder", "e"], "--image-encoder: it needs an --ip-adapter"),
      (
        ["--model", "m", "--prompt", "a", "--karras", "--scheduler-option", "use_karras_sigmas=false"],
        "--karras: --scheduler-option says use_karras_sigmas=false"
      ),
      (["plugin", "new", "a", "--output", ""], "--output: the path is empty"),
    ])
  func words(arguments: [String], message: String) async throws {
    let outcome = try await program.run(arguments)
    #expect(outcome.status == 64)
    #expect(outcome.errors.split(separator: "\n").first.map(String.init) == "moonstep: \(message)")
    #expect(try program.files == [])
  }

  @Test(
    "of options that the model has no use for is told",
    arguments: [
      (["--denoising-start", "0.8"], "--denoising-start: it needs what the run goes on from: --image or --latents"),
      (["--original-size", "64x64"], "--original-size: only models of the SDXL family are told it"),
      (["--aesthetic-score", "7"], "--aesthetic-score: only models of the SDXL family are told it"),
    ])
  func model(arguments: [String], message: String) async throws {
    let outcome = try await program.generate(["--steps", "2", "--quiet"] + arguments)
    #expect(outcome.status == 64 && outcome.errors == "moonstep: \(message)\n")
  }

  @Test("of empty texts behind an equals sign is as that behind a space")
  func emptyText() async throws {
    let outcome = try await program.generate(["--steps", "2", "--quiet", "--negative-prompt="])
    #expect(outcome.status == 0 && outcome.errors == "")
  }

  @Test("of lists tells as many steps as they have")
  func lists() async throws {
    let outcome = try await program.generate([
      "--scheduler", "euler", "--timesteps", "999,500", "--quiet", "--json",
    ])
    #expect(try outcome.report["num_inference_steps"] == .integer(2))
    let texts = try PNGTexts(program.folder.appending(path: "out.png")).entries
    #expect(texts.first?.value.contains("\nSteps: 2, ") == true)
    let levels = try await program.generate(["--scheduler", "euler", "--sigmas", "14,5,1,0", "--quiet", "--json"])
    #expect(try levels.report["num_inference_steps"] == .integer(3))
  }

  @Test("reads a tilde in a path as the system does")
  func tilde() async throws {
    try program.write("", to: "~/other")
    let outcome = try await program.generate(["--steps", "2", "--quiet", "--output", "~/a.png"])
    #expect(outcome.status == 0)
    #expect(FileManager.default.fileExists(atPath: program.folder.appending(path: "./~/a.png").path))
  }

  @Test("of files of another kind names the file and what it is")
  func kinds() async throws {
    let picture = Fixture.folder.appending(path: "pictures/reference.png").path
    func loading(_ arguments: [String]) async throws -> Program.Outcome {
      try await program.run(
        ["--model", models + "/tiny_sd", "--prompt", "a", "--steps", "2", "--quiet", "--ip-image", picture] + arguments)
    }
    let missing = try await loading(["--ip-adapter", "none.safetensors"])
    #expect(missing.status == 65 && missing.errors.hasPrefix("moonstep: none.safetensors cannot be read: "))
    let lora = Fixture.folder.appending(path: "community/lora_kohya.safetensors").path
    let other = try await loading(["--ip-adapter", lora])
    #expect(other.status == 65)
    #expect(other.errors.hasSuffix(" is a LoRA, which is given with --lora, wanted an IP-Adapter\n"), "\(other.errors)")
    try program.write("x", to: "a.bin")
    let pickle = try await loading(["--ip-adapter", "a.bin"])
    #expect(pickle.status == 65 && pickle.errors.hasPrefix("moonstep: a.bin is a Python pickle"))
  }

  @Test("of a textual inversion for another model names both widths")
  func widths() async throws {
    let header = #"{"emb_params":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}"#
    var file = Data((0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) })
    file += Data(header.utf8) + Data(count: 8)
    try file.write(to: program.folder.appending(path: "cat.safetensors"))
    let outcome = try await program.generate(["--steps", "2", "--quiet", "--textual-inversion", "cat.safetensors"])
    #expect(outcome.status == 65)
    #expect(
      outcome.errors
        == "moonstep: cat.safetensors: its vectors are 2 wide, those of the model's text encoders 128\n",
      "\(outcome.errors)")
  }

  @Test("of a folder with a pipe in it ends")
  func pipe() async throws {
    try program.write("return function() end", to: "p/b.lua")
    #expect(unsafe mkfifo(program.folder.appending(path: "p/a.lua").path, 0o600) == 0)
    let outcome = try await program.run(["plugin", "check", "p"])
    #expect(outcome.status == 3)
    #expect(outcome.output.contains("it is not a regular file"), "\(outcome.output)")
  }

  @Test("of choices with control characters shows none")
  func choices() async throws {
    try program.write(
      """
      return { id = "x", version = "1", api = 1, on_step_end = print,
        options = { c = { type = "choice", choices = { "a\\27[31m", "b\\u{202E}" } } } }
      """, to: "x.lua")
    let outcome = try await program.generate(["--steps", "2", "--quiet", "--callback", "x.lua:c=z"])
    #expect(outcome.status == 64)
    #expect(
      outcome.errors == "moonstep: x.lua: option 'c' is 'z'; there are a\\x1b[31m, b\\u{202e}\n", "\(outcome.errors)")
  }
}
