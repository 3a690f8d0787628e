import Foundation
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
      case prompts, prompt, seed, timesteps, traces
      case promptsFirstSeed = "prompts_first_seed"
      case promptsGuidanceScale = "prompts_guidance_scale"
      case steps = "num_inference_steps"
      case guidanceScale = "guidance_scale"
    }
  }

  @Test("makes the reference's picture, with and without the cut-off", arguments: ["guided", "cutoff"])
  func picture(name: String) throws {
    let index = try FixtureJSON.decode(Index.self, "traces/moonlet.json")
    let fixture = try Fixture("traces/moonlet")
    let folder = Fixture.folder.deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "examples/moonlet")
    let pipeline = try StableDiffusionPipeline(contentsOf: folder)
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
    let folder = Fixture.folder.deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "examples/moonlet")
    let pipeline = try StableDiffusionPipeline(contentsOf: folder)
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
}
