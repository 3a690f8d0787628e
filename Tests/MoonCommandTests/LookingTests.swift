import Foundation
import Testing

@Suite("Commands that only look") struct LookingTests {
  private let program: Program

  init() throws { program = try Program() }

  @Test("tell what a model is")
  func inspect() async throws {
    let outcome = try await program.run(["models", "inspect", Program.model])
    #expect(outcome.status == 0)
    #expect(
      outcome.output == """
        model           StableDiffusionPipeline, a folder in the diffusers layout
        picture         64x64, latents 4x16x16, 4 pixels a latent
        prompt          32 tokens of width 128
        text_encoder    583168 numbers, float16, model.safetensors
        unet            6.1 million numbers, float16, diffusion_pytorch_model.safetensors
        vae             648375 numbers, float16, diffusion_pytorch_model.safetensors
        scheduler       PNDMScheduler, v_prediction
        plugin tensors  latents, prompt_embeds, negative_prompt_embeds

        """)
    let part = try await program.run(["models", "inspect", Program.model + "/controlnet"])
    #expect(
      part.output == """
        folder   ControlNetModel, a ControlNet, which is given with --controlnet
        weights  1.5 million numbers, float16, diffusion_pytorch_model.safetensors

        """)
    let encoder = try await program.run(["models", "inspect", Program.model + "/ip_adapter/image_encoder"])
    #expect(
      encoder.output.hasPrefix(
        "folder   CLIPVisionModelWithProjection, an image encoder, which is given with --image-encoder\n"))
    let missing = try await program.run(["models", "inspect", "none"])
    #expect(missing.status == 65)
    #expect(missing.errors == "moonstep: none: no such file or folder\n")
  }

  @Test("tell where the time of a run goes")
  func profile() async throws {
    let table = try await program.run(["profile", "--model", Program.model, "--steps", "1"])
    #expect(table.status == 0)
    for line in ["preparation (text encoders, encoder): ", "a step (mean of 1): ", "decoding: ", "  everything else"] {
      #expect(table.output.contains(line))
    }
    let json = try await program.run(["profile", "--model", Program.model, "--steps", "1", "--json"])
    let parts = try #require(
      try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: [String: Any]])
    #expect(parts.keys.sorted() == ["decoding", "preparation", "step"])
    let operations = try #require(parts["step"]?["operations"] as? [[String: Any]])
    #expect(operations.contains { $0["kind"] as? String == "linear" && ($0["gflop"] as? Double ?? 0) > 0 })
    let wrong = try await program.run(["profile", "--model", Program.model, "--steps", "0"])
    #expect(wrong.status == 64)
    #expect(wrong.errors.hasPrefix("moonstep: --steps: 0 is outside 1..999"))
  }

  @Test("tell the tokens of a text")
  func tokens() async throws {
    let text = "red apple on a blue background"
    let json = try await program.run(["models", "tokens", Program.model, text, "--json"])
    let padding = [String](repeating: "2451", count: 25).joined(separator: ", ")
    #expect(
      json.output == """
        {"ids": [2450, 562, 795, 514, 320, 541, 521, \(padding)], "tokens": ["red</w>", "apple</w>", "on</w>", \
        "a</w>", "blue</w>", "background</w>"], "cut": 0}

        """)
    let long = try await program.run(["models", "tokens", Program.model, String(repeating: "red ", count: 40)])
    #expect(long.output == String(repeating: "red</w>\n", count: 30) + "10 more cut off\n")
  }

  @Test("list the bundled plugins, and those in ./plugins before them")
  func list() async throws {
    let bundled = try await program.run(["plugin", "list"])
    #expect(bundled.status == 0)
    let ids = bundled.output.split(separator: "\n").map { $0.prefix { $0 != " " } }
    #expect(ids.first == "id" && ids.contains("cfg_cutoff") && ids.contains("sd_cfg_cutoff"))
    try FileManager.default.createDirectory(
      at: program.folder.appending(path: "plugins"), withIntermediateDirectories: true)
    try program.write("return {", to: "plugins/broken.lua")
    try program.write("return function() end", to: "plugins/cfg_cutoff.lua")
    let own = try await program.run(["plugin", "list"]).output.split(separator: "\n")
    let broken = own.dropFirst().first?.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
    #expect(broken?.hasPrefix("broken - plugins/broken.lua does not load: plugins/broken.lua:1: ") == true)
    let second = own.dropFirst(2).first?.split(separator: " ", omittingEmptySubsequences: true)
    #expect(second == ["cfg_cutoff", "0", "plugins/cfg_cutoff.lua"])
    // The files stand below one another.
    let columns = own.dropFirst().prefix(2).map { line in
      line.firstRange(of: "plugins/").map { line.distance(from: line.startIndex, to: $0.lowerBound) }
    }
    #expect(columns.count == 2 && columns[0] == columns[1] && columns[0] != nil)
  }

  @Test("show names, choices and files without what could act on a terminal")
  func controlCharacters() async throws {
    try program.write(
      """
      return {
        id = 'a', version = '1', api = 1, summary = 'red \\27[31m',
        options = { mode = { type = 'string', default = '\\7', choices = { '\\7', '\\27[2J' } } },
      }
      """, to: "plugins/a.lua")
    try program.write("return function() end", to: "plugins/b\u{1b}[31m.lua")
    for command in [["list"], ["info", "a"], ["info", "b\u{1b}[31m"], ["check", "a", "b\u{1b}[31m"]] {
      let outcome = try await program.run(["plugin"] + command)
      let shown = (outcome.output + outcome.errors).unicodeScalars
      #expect(!shown.isEmpty && !shown.contains { $0.value < 32 && $0 != "\n" || $0.value == 127 }, "\(command)")
    }
    #expect(try await program.run(["plugin", "list"]).output.contains(#"b\u{1b}[31m"#))
  }

  @Test("tell what a plugin declares")
  func info() async throws {
    try program.write(
      """
      return {
        id = "x", version = "2.0", api = 1, summary = "A\\nB", tags = { "one", "two" }, tensor_inputs = {},
        options = {
          mode = { type = "choice", choices = { "a", "b" }, default = "a", help = "which" },
          weight = { type = "number", min = 0, max = 2.5 },
        },
        on_step_end = function() end, on_step_begin = function() end,
      }
      """, to: "x.lua")
    let outcome = try await program.run(["plugin", "info", "x.lua"])
    #expect(outcome.status == 0, "\(outcome.errors)")
    let lines = outcome.output.split(separator: "\n", omittingEmptySubsequences: false).filter {
      !$0.hasPrefix("sha256")
    }
    #expect(
      lines == [
        "id         x", "version    2.0", "summary    A\\nB", "tags       one, two", "pipelines  sd, sdxl",
        "tensors    none", "hooks      on_step_begin, on_step_end", "file       x.lua", "",
        "option  type    default  range     help", "mode    choice  \"a\"      a, b      which",
        "weight  number  -        0 to 2.5", "",
      ])
    let missing = try await program.run(["plugin", "info", "none"])
    #expect(missing.status == 64)
  }
}
