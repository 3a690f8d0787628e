import Foundation
import MoonImage
import MoonPipelines
import MoonTensor
import MoonTestSupport
import Testing

@Suite("Demonstration model") struct MoonletTests {
  private struct Index: Decodable {
    struct Run: Decodable {
      let name: String
      let guidance: [Double]
    }
    struct Companion: Decodable {
      let name: String
      let prompt: String
      let control: String?
      let reference: String?
    }
    let companions: [Companion]
    let companionsGuidanceScale: Double
    let prompts: [String]
    let promptsFirstSeed: UInt64
    let promptsGuidanceScale: Double
    let prompt: String
    let seed: UInt64
    let steps: Int
    let guidanceScale: Double
    let timesteps: [Double]
    let traces: [Run]

    enum CodingKeys: String, CodingKey {
      case companions, prompts, prompt, seed, timesteps, traces
      case companionsGuidanceScale = "companions_guidance_scale"
      case promptsFirstSeed = "prompts_first_seed"
      case promptsGuidanceScale = "prompts_guidance_scale"
      case steps = "num_inference_steps"
      case guidanceScale = "guidance_scale"
    }
  }

  private static let folder = Fixture.folder.deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "examples/moonlet")

  @Test("makes the reference's picture, with and without the cut-off", arguments: ["guided", "cutoff"])
  func picture(name: String) throws {
    let index = try FixtureJSON.decode(Index.self, "traces/moonlet.json")
    let fixture = try Fixture("traces/moonlet")
    let pipeline = try StableDiffusionPipeline(contentsOf: Self.folder)
    var request = GenerationRequest(prompt: index.prompt, seed: index.seed)
    request.inferenceSteps = index.steps
    request.guidanceScale = index.guidanceScale
    let recorder = Recorder()
    let callbacks = name == "cutoff" ? [try TraceCallbacks.make("cutoff")] : []
    let result = try pipeline.run(request, callbacks: callbacks + [recorder])

    // Sums of up to 512 products through four layers.
    expectClose(try #require(recorder.conditional), try fixture["prompt_embeds"], rtol: 1e-5)
    expectClose(try #require(recorder.unconditional), try fixture["negative_prompt_embeds"], rtol: 1e-5)
    expectExact(try #require(recorder.initial), try fixture["\(name)/initial_latents"])
    #expect(result.report.timesteps == index.timesteps && recorder.latents.count == index.timesteps.count)
    for step in [0, 10, 24] {
      // Each call of the network differs by some 1e-6 of the largest value, and steps add up.
      expectClose(
        recorder.latents[step], try fixture["\(name)/latents_\(step)"], rtol: 4e-6 * Float(step + 1), "step \(step)")
    }
    expectClose(result.latents, try fixture["\(name)/latents"], rtol: 1e-4)
    let run = try #require(index.traces.first { $0.name == name })
    #expect(result.report.effectiveGuidance == run.guidance.map { $0 > 1 ? $0 : 1 })
    #expect((result.report.width, result.report.height) == (64, 64))
    let image = try fixture["\(name)/image"]
    expectClose(result.decoded, image, rtol: 2e-4)  // the decoder carries differences on
    try expectPixels(result.images, image, try fixture.integers("\(name)/image_u8"))
  }

  @Test("ends where the reference ends for ten prompts")
  func tenPrompts() throws {
    let index = try FixtureJSON.decode(Index.self, "traces/moonlet.json")
    let wanted = try Fixture("traces/moonlet")["prompts/latents"]
    let pipeline = try StableDiffusionPipeline(contentsOf: Self.folder)
    #expect(index.prompts.count == 10 && wanted.shape[0] == 10)
    for (number, prompt) in index.prompts.enumerated() {
      var request = GenerationRequest(prompt: prompt, seed: index.promptsFirstSeed + UInt64(number))
      request.inferenceSteps = index.steps
      request.guidanceScale = index.promptsGuidanceScale
      let result = try pipeline.run(request)
      // The promise for the end of a run.
      expectClose(result.latents, try wanted.narrow(0, start: number, length: 1), rtol: 1e-3, prompt)
    }
  }

  @Test("follows contours and a reference picture as the reference does", arguments: ["contours", "reference", "both"])
  func companions(name: String) throws {
    let index = try FixtureJSON.decode(Index.self, "traces/moonlet.json")
    let companion = try #require(index.companions.first { $0.name == name })
    var options = ModelOptions()
    if companion.control != nil { options.controlNets = [Self.folder.appending(path: "controlnet")] }
    if companion.reference != nil {
      options.imageAdapters = [Self.folder.appending(path: "ip_adapter/ip-adapter_moonlet.safetensors")]
    }
    let pipeline = try StableDiffusionPipeline(contentsOf: Self.folder, options: options)
    func picture(_ name: String) throws -> RGBImage {
      try RGBImage(contentsOf: Self.folder.appending(path: "pictures/\(name)"))
    }
    var request = GenerationRequest(prompt: companion.prompt, seed: index.seed)
    request.inferenceSteps = index.steps
    request.guidanceScale = index.companionsGuidanceScale
    if let control = companion.control { request.controls = [ControlInput(try picture(control))] }
    if let reference = companion.reference { request.imagePrompts = [ImagePrompt([try picture(reference)])] }
    let result = try pipeline.run(request)
    expectClose(result.latents, try Fixture("traces/moonlet")["companions/\(name)"], rtol: 1e-3, name)
  }
}
