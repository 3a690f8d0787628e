import Foundation
import MoonHost
import MoonImage
import MoonPipelines
import MoonTestSupport
import MoonTrialSupport

extension FuzzKind {
  /// What plugins are made of.
  static let scripts = [
    FuzzKind(
      name: "script", share: 36, make: { ["fuzz.lua": Array(scriptText(&$0).utf8)] },
      run: { folder, random in try await ScriptCase.run(folder, &random) }),
    FuzzKind(
      name: "splice", share: 10, make: { ["fuzz.lua": splice(&$0)] },
      run: { folder, random in
        // What is left of a script's own test may well call an honest answer an escape.
        try await ScriptCase.run(folder, &random).filter { !$0.hasPrefix("escaped") }
      }),
    FuzzKind(
      name: "options", share: 4, make: { ["fuzz.lua": Array(declaration.utf8), "options": optionText(&$0)] },
      run: { folder, random in try await ScriptCase.run(folder, &random) }),
  ]

  private static func scriptText(_ random: inout Randomness) -> String {
    var grammar = ScriptGrammar(random)
    defer { random = grammar.random }
    return grammar.plugin()
  }

  /// Scripts of the collection, put together from pieces and damaged.
  private static func splice(_ random: inout Randomness) -> [UInt8] {
    let files = HostileFile.all.filter { $0.source.count < 8192 }.map(\.source)
    func piece(_ source: [UInt8]) -> ArraySlice<[UInt8].SubSequence> {
      let lines = source.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      let start = random.number(0...max(0, lines.count - 1))
      return lines[start..<min(lines.count, start + random.number(1...12))]
    }
    let first = random.pick(files, else: [])
    if random.chance(40) { return random.damage(first) }
    var lines = first.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    lines.insert(contentsOf: piece(random.pick(files, else: [])), at: random.number(0...lines.count))
    return Array(lines.joined(separator: [UInt8(ascii: "\n")]))
  }

  private static let declaration = """
    return { id = "fuzz", version = "1", api = 1, options = {
      a = { type = "number", default = 0.5, min = 0, max = 1 }, b = { type = "integer", min = -5 }, c = { type = "boolean" },
      d = { type = "string", default = "x" }, e = { type = "choice", choices = { "one", "two" } }, f = { type = "numbers", max = 9 } },
      on_step_end = function(pipe) for name, value in pairs(pipe.options) do print(name, value) end end }
    """

  private static func optionText(_ random: inout Randomness) -> [UInt8] {
    let values = [
      "1", "0.5", "-3", "true", "x", "one", "1,2,3", "nan", "1e400", "", "\u{0}", "\"", "{}", "[1]", "0x1p3",
      "9999999999999999999",
    ]
    if random.chance(40) {
      return JSONMutation.mutated(
        Array("{\"a\": 0.5, \"b\": 3, \"c\": true, \"d\": \"y\", \"e\": \"two\", \"f\": [1, 2]}".utf8), &random)
    }
    let pairs = (0..<random.number(1...5)).map { _ in "\(random.word("a b c d e f g"))=\(random.pick(values))" }
    let text = Array(pairs.joined(separator: ",").utf8)
    return random.chance(20) ? random.damage(text) : text
  }
}

/// Runs a made-up plugin in a real run.
enum ScriptCase {
  /// Models with everything that plugins can be offered, loaded when they are first asked for.
  private static let models: [@Sendable () throws -> (StableDiffusionPipeline, GenerationRequest)] = [
    plain, plain, batch, controlled, large, mended,
  ]
  private static let folder = Fixture.folder.appending(path: "models")
  private static func picture(_ name: String) throws -> RGBImage {
    try RGBImage(contentsOf: Fixture.folder.appending(path: "pictures/\(name).png"))
  }

  private static let controlledModel = Result {
    var options = ModelOptions()
    options.controlNets = ["tiny_controlnet_a", "tiny_controlnet_b"].map { folder.appending(path: $0) }
    options.imageAdapters = [folder.appending(path: "tiny_ip_adapter.safetensors")]
    options.imageEncoder = folder.appending(path: "tiny_image_encoder")
    return try StableDiffusionPipeline(contentsOf: folder.appending(path: "tiny_sd"), options: options)
  }
  private static let largeModel = Result {
    try StableDiffusionPipeline(contentsOf: folder.appending(path: "tiny_sdxl"))
  }
  private static let mendedModel = Result {
    try StableDiffusionPipeline(contentsOf: folder.appending(path: "tiny_sd_inpaint"))
  }

  @Sendable private static func plain() throws -> (StableDiffusionPipeline, GenerationRequest) {
    (try TinyModel.pipeline.get(), TinyModel.request(steps: 2))
  }

  @Sendable private static func batch() throws -> (StableDiffusionPipeline, GenerationRequest) {
    var request = TinyModel.request(steps: 2)
    request.imagesPerPrompt = 2
    request.scheduler = "dpm++2m"
    return (try TinyModel.pipeline.get(), request)
  }

  @Sendable private static func controlled() throws -> (StableDiffusionPipeline, GenerationRequest) {
    var request = TinyModel.request(steps: 2)
    (request.width, request.height) = (32, 24)
    request.controls = [ControlInput(try picture("control")), ControlInput(try picture("control_b"))]
    request.imagePrompts = [ImagePrompt([try picture("reference")], scale: 0.5)]
    request.scheduler = "euler"
    return (try controlledModel.get(), request)
  }

  @Sendable private static func large() throws -> (StableDiffusionPipeline, GenerationRequest) {
    var request = TinyModel.request(steps: 2)
    (request.width, request.height) = (16, 24)
    request.scheduler = "heun"
    return (try largeModel.get(), request)
  }

  @Sendable private static func mended() throws -> (StableDiffusionPipeline, GenerationRequest) {
    var request = TinyModel.request(steps: 2)
    (request.width, request.height) = (24, 16)
    request.images = [try picture("picture")]
    request.masks = [try picture("mask")]
    request.scheduler = "pndm"
    return (try mendedModel.get(), request)
  }

  /// Small limits, so that what runs into one is done soon.
  private static let limits: PluginLimits = {
    var limits = HostileCollection.limits(hookSeconds: 0.05)
    limits.luaMemory = 8 << 20
    limits.tensorMemory = 32 << 20
    limits.runSeconds = 0.2
    limits.images = 8
    return limits
  }()

  /// Runs `fuzz.lua` of `folder`, with the text of `options` beside it.
  static func run(_ folder: URL, _ random: inout Randomness) async throws -> [String] {
    let source = [UInt8](try Data(contentsOf: folder.appending(path: "fuzz.lua")))
    let options = (try? Data(contentsOf: folder.appending(path: "options"))).map { String(decoding: $0, as: UTF8.self) }
    let model = try random.pick(models, else: plain)()
    var trial = try PluginTrial()
    try trial.add(source, name: "fuzz.lua", options: options ?? "")
    trial.limits = limits
    trial.policy = random.chance(50) ? .abort : .disable
    trial.request = model.1
    trial.pipeline = .success(model.0)
    let start = clock()
    let outcome = try await trial.run()
    var findings = trial.findings(outcome)
    // The network's own work and what the host does for plugins come on top of the limits. Processor time: a machine may
    // be busy with other things.
    let seconds = Double(clock() - start) / Double(CLOCKS_PER_SEC)
    if seconds > 10 { findings.append("the run took \(seconds) seconds") }
    return findings
  }
}
