import Foundation
import MoonCommand
import MoonCommunity
import MoonImage
import MoonPipelines
import MoonSchedulers
import MoonTensor
import MoonTestSupport
import MoonText
import MoonTrialSupport
import MoonWeights

/// Takes in what a file case made up, as the program would.
enum LoaderCase {
  /// Runs `body`; an error is a good end, and the next reader is asked.
  private static func trying(_ body: () throws -> Void) { try? body() }

  /// A file of tensors, given to everything that reads such files.
  static func tensors(_ url: URL) throws -> [String] {
    trying { _ = try LatentsFile.read(url) }
    trying {
      let file = try Checkpoint(contentsOf: url)
      for part in Checkpoint.Part.allCases {
        trying { _ = try file.configuration(part) }
        trying { try take(try file.weights(part)) }
      }
    }
    trying {
      let base = try WeightMap.open(
        component: TinyModel.folder.appending(path: "unet"), baseName: "diffusion_pytorch_model")
      let lora = try LoRA(contentsOf: url)
      for component in LoRA.Component.allCases {
        trying { try take(try base.merging([(lora: lora, strength: 0.5)], into: component)) }
      }
    }
    trying {
      let inversion = try TextualInversion(contentsOf: url)
      _ = inversion.tokens
      for component in LoRA.Component.allCases { trying { _ = try inversion.vectors(for: component, width: 4) } }
    }
    trying {
      let file = try ControlNetFile(contentsOf: url)
      trying { _ = try file.configuration() }
      trying { try take(try file.weights()) }
    }
    trying { try take(try AutoencoderFile(contentsOf: url).weights()) }
    let file = try SafetensorsFile(contentsOf: url)
    _ = SafetensorsKind(file)
    for key in file.keys {
      trying { _ = try file.tensor(key).converted(to: .float32).sum() }
      trying { _ = try file.integers(key) }
    }
    return []
  }

  /// Takes every tensor of a map, small ones in full.
  private static func take(_ map: WeightMap) throws {
    for key in map.keys {
      guard let shape = map.shape(of: key) else { continue }
      trying { _ = try map.take(key, shape: shape).shape }
    }
    try map.finish()
  }

  /// The weights of a component in several files.
  static func shards(_ folder: URL) throws -> [String] {
    try take(try WeightMap.open(component: folder, baseName: "diffusion_pytorch_model", variant: "fp16"))
    return []
  }

  /// A tokenizer, and texts for it.
  static func tokenizer(_ folder: URL) throws -> [String] {
    let tokenizer = try CLIPTokenizer(contentsOf: folder)
    var findings: [String] = []
    for text in ["", "a red apple", "<cat> é \u{301}\u{1F600}", String(repeating: "lower ", count: 200)] {
      trying {
        let encoding = try tokenizer.encode(text)
        if encoding.ids.count > 1 << 16 { findings.append("\(encoding.ids.count) ids") }
      }
    }
    return findings
  }

  /// A scheduler's configuration, planned and run for some steps.
  static func scheduler(_ folder: URL, _ random: inout Randomness) throws -> [String] {
    let file = try ConfigFile(contentsOf: folder.appending(path: "scheduler_config.json"))
    var fields: [String: ConfigValue] = [:]
    for key in file.keys { fields[key] = file.value(key).flatMap { ConfigValue($0) } }
    let kind = random.chance(80) ? random.pick(SchedulerKind.allCases, else: .ddim) : nil
    var configuration = try SchedulerConfiguration(fields, kind: kind)
    _ = configuration.correctForStableDiffusion()
    for _ in 0..<random.number(0...2) {
      let key = random.pick(fields.keys.sorted())
      try? configuration.set(key, text: random.pick(["true", "0", "-1", "1e300", "nan", "x", "[1,2]", "9999999999"]))
    }
    var scheduler = try configuration.makeScheduler()
    let plans: [StepPlan] = [
      .count(random.number(1...6)), .count(random.pick([0, -1, 999, 1000, 1001, Int.max], else: 0)),
      .timesteps([999, 500, 1]), .timesteps([3, 3]), .timesteps([-1]), .sigmas([14, 3, 1, 0]), .sigmas([1e300, 1, 0]),
      .sigmas([.nan, 0]), .sigmas([1, 2]),
    ]
    try scheduler.plan(random.chance(60) ? plans[0] : random.pick(plans, else: plans[0]))
    var latents = try Tensor.full([1, 4, 2, 2], value: 0.5)
    for step in scheduler.timesteps.indices.prefix(8) {
      let input = try scheduler.scaledModelInput(latents, at: step)
      latents = try scheduler.step(
        latents, prediction: input * 0.1, at: step, options: StepOptions(),
        noise: { shape throws(TensorError) in try Tensor.ones(shape) }
      ).latents
    }
    return []
  }

  /// A model with one configuration made up: loaded, and run where that goes well.
  static func model(_ folder: URL) throws -> [String] {
    let files = FileManager.default
    for case let path as String in files.enumerator(atPath: TinyModel.folder.path) ?? .init() {
      let place = folder.appending(path: path)
      let original = TinyModel.folder.appending(path: path)
      if files.fileExists(atPath: place.path) { continue }
      let isFolder = (try? original.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true
      if isFolder {
        try files.createDirectory(at: place, withIntermediateDirectories: true)
      } else {
        try files.createSymbolicLink(at: place, withDestinationURL: original)
      }
    }
    let pipeline = try StableDiffusionPipeline(contentsOf: folder)
    var request = TinyModel.request(steps: 2)
    request.scheduler = nil
    let start = ContinuousClock.now
    _ = try pipeline.run(request, threads: 1, shouldStop: { ContinuousClock.now - start > .seconds(5) })
    return []
  }

  /// A picture, read and made smaller.
  static func picture(_ url: URL) throws -> [String] {
    if url.pathExtension == "png" { trying { _ = try PNG.text(of: url) } }
    let picture = try RGBImage(contentsOf: url)
    if picture.width < 4096 { _ = try picture.resized(width: 8, height: 8, filter: .lanczos) }
    return []
  }
}
