import Foundation
import MoonHost
import MoonImage
import MoonPipelines
import MoonWeights
import Testing

/// What README and the examples show must work as it is shown.
@Suite("README and examples", .serialized, .timeLimit(.minutes(15))) struct DocumentationTests {
  private static func text(_ path: String) throws -> String {
    try String(contentsOf: Program.root.appending(path: path), encoding: .utf8)
  }

  /// The blocks of `language` in a Markdown file.
  private static func blocks(_ language: String, in path: String) throws -> [String] {
    try text(path).components(separatedBy: "```\(language)\n").dropFirst().compactMap {
      $0.components(separatedBy: "```").first
    }
  }

  @Test("Lua plugins of the README run")
  func lua() async throws {
    let program = try Program()
    let blocks = try Self.blocks("lua", in: "README.md")
    #expect(blocks.count == 3)
    for block in blocks {
      try program.write(block, to: "guidance_ramp.lua")
      let outcome = try await program.generate(["--steps", "3", "--quiet", "--callback", "guidance_ramp.lua"])
      #expect(outcome.status == 0, "\(outcome.errors)")
    }
    let test = try await program.run(["plugin", "test", "guidance_ramp.lua"])
    #expect(test.status == 0 && test.output.hasSuffix("2 tests of 1 plugin, all passed\n"), "\(test.output)")
  }

  @Test("commands for authors of plugins in the README work as they are shown")
  func authors() async throws {
    let program = try Program()
    try FileManager.default.createSymbolicLink(
      at: program.folder.appending(path: "examples"),
      withDestinationURL: Program.root.appending(path: "examples"))
    let block = try #require(try Self.blocks("sh", in: "README.md").first { $0.contains("plugin new") })
    let commands = block.split(separator: "\n").filter { !$0.contains("--watch") }
    #expect(commands.count == 4)
    let script = commands.joined(separator: " && ").replacing(".build/release/moonstep", with: "\"$0\"")
    let outcome = try await program.run(["-c", script, Program.executable.path], executable: URL(filePath: "/bin/sh"))
    #expect(outcome.status == 0, "\(outcome.errors)\(outcome.output)")
  }

  @Test(
    "commands of the examples make what they say",
    arguments: [
      ("official-cutoff", []), ("dynamic-guidance", []), ("interrupt", []),
      ("image-each-step", (0...25).map { "latents_to_rgb/step_0\($0 < 10 ? "0" : "")\($0).png" }),
    ])
  func examples(name: String, pictures: [String]) async throws {
    let program = try Program()
    for folder in ["examples", "plugins"] {
      try FileManager.default.createSymbolicLink(
        at: program.folder.appending(path: folder), withDestinationURL: Program.root.appending(path: folder))
    }
    try FileManager.default.createDirectory(
      at: program.folder.appending(path: "out"), withIntermediateDirectories: true)
    let command = try #require(try Self.blocks("sh", in: "examples/\(name)/README.md").first)
    let script = command.replacingOccurrences(of: ".build/release/moonstep", with: "\"$0\" --json --quiet")
    let outcome = try await program.run(["-c", script, Program.executable.path], executable: URL(filePath: "/bin/sh"))
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(try outcome.report["interrupted"] == .bool(name == "interrupt"))
    #expect(FileManager.default.fileExists(atPath: program.folder.appending(path: "out/\(name).png").path))
    for picture in pictures {
      let url = program.folder.appending(path: "out/\(name)_plugins/\(picture)")
      #expect(try PNG.read(url).width == 128)
    }
  }

  /// The commands of the guide of plugins; those with a word in capitals in place of a file stand for what is not here.
  private static let guideCommands = ((try? blocks("sh", in: "plugins/README.md")) ?? []).filter {
    !$0.contains(" MODEL")
  }

  @Test("commands of the guide of plugins run", arguments: guideCommands)
  func guide(command: String) async throws {
    let program = try Program()
    for folder in ["examples", "plugins"] {
      try FileManager.default.createSymbolicLink(
        at: program.folder.appending(path: folder), withDestinationURL: Program.root.appending(path: folder))
    }
    try FileManager.default.createDirectory(
      at: program.folder.appending(path: "out"), withIntermediateDirectories: true)
    let examples = try Self.blocks("lua", in: "plugins/README.md")
    try program.write(try #require(examples.first), to: "half.lua")
    try program.write(
      try #require(examples.first { $0.contains("id = \"guidance_ramp\"") }), to: "guidance_ramp.lua")
    let script = command.replacingOccurrences(of: ".build/release/moonstep plugin", with: "\"$0\" plugin")
      .replacingOccurrences(of: ".build/release/moonstep", with: "\"$0\" --quiet")
    let outcome = try await program.run(
      ["-ec", script, Program.executable.path], executable: URL(filePath: "/bin/sh"))
    #expect(outcome.status == 0, "\(outcome.errors)")
    let pictures = try FileManager.default.contentsOfDirectory(atPath: program.folder.path + "/out")
    #expect(pictures.isEmpty != command.contains("--output"))
  }

  @Test("the Swift code of the README is this file's, which compiles and runs")
  func swift() async throws {
    let source = try Self.text("Tests/MoonCommandTests/DocumentationTests.swift").split(
      separator: "\n", omittingEmptySubsequences: false)
    let start = try #require(source.firstIndex { $0.hasSuffix("// README begins") })
    let end = try #require(source.firstIndex { $0.hasSuffix("// README ends") })
    let code = source[(start + 1)..<end].map { $0.dropFirst(4) }.joined(separator: "\n")
    let block = try #require(try Self.blocks("swift", in: "README.md").first)
    #expect(block.hasSuffix("\n\n" + code + "\n"))
    if FileManager.default.fileExists(atPath: "examples/moonlet/model_index.json") {
      try FileManager.default.createDirectory(atPath: "out", withIntermediateDirectories: true)
      try await Self.readme()
    }
  }

  private static func readme() async throws {
    // README begins
    let pipeline = try StableDiffusionPipeline(contentsOf: URL(filePath: "examples/moonlet"))
    var request = GenerationRequest(prompt: "red apple on a blue background", seed: 7)
    request.inferenceSteps = 25

    // A closure, called after each step.
    let cutoff = ClosureCallback { run in
      if run.step == run.timestepCount * 2 / 5 { run.state.guidanceScale = 0 }
    }
    let result = try pipeline.run(request, callbacks: [cutoff])
    try PNG.write(result.images[0], to: URL(filePath: "out/closure.png"))

    // A Lua plugin, in its sandbox.
    let run = GenerationRun(plugins: ["sd_cfg_cutoff:cutoff_step_ratio=0.4"])
    let steered = try await run.generate(with: pipeline, request)
    try PNG.write(steered.images[0], to: URL(filePath: "out/plugin.png"))
    // README ends
    #expect(result.images == steered.images)
  }
}
