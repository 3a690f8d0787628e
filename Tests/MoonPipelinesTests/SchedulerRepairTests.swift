import Foundation
import MoonImage
import MoonPipelines
import MoonSchedulers
import MoonTestSupport
import Testing

/// The reference's pipelines of SD 1.x and 2.x mend old scheduler files; those with ControlNets and of SDXL do not.
@Suite("Repair of old scheduler files") struct SchedulerRepairTests {
  private static let betas: [String: ConfigValue] = [
    "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "timestep_spacing": "leading",
  ]
  private static let ddim = betas.merging(
    ["_class_name": "DDIMScheduler", "steps_offset": 0, "clip_sample": true]) { $1 }
  private static let pndm = betas.merging(
    ["_class_name": "PNDMScheduler", "steps_offset": 1, "skip_prk_steps": false]) { $1 }

  /// Times and warnings of a run of five steps.
  private func times(
    _ model: String, _ fields: [String: ConfigValue], control: Bool = false, mends: Bool = false
  ) throws -> (times: [Double], warnings: [String]) {
    let models = Fixture.folder.appending(path: "models")
    var options = ModelOptions()
    if control { options.controlNets = [models.appending(path: "tiny_controlnet_a")] }
    let pipeline = try StableDiffusionPipeline(contentsOf: models.appending(path: model), options: options)
      .withScheduler(fields, source: "scheduler_config.json")
    var request = GenerationRequest(prompt: "a red apple", seed: 1)
    (request.inferenceSteps, request.width, request.height) = (5, 32, 32)
    let picture = try RGBImage(contentsOf: Fixture.folder.appending(path: "pictures/reference.png"))
    if control { request.controls = [ControlInput(picture)] }
    if mends { (request.images, request.masks) = ([picture], [picture]) }
    let report = try pipeline.run(request).report
    return (report.timesteps, report.warnings.filter { $0.contains("scheduler_config.json") })
  }

  @Test("is done from text") func text() throws {
    let run = try times("tiny_sd", Self.ddim)
    #expect(run.times == [801, 601, 401, 201, 1])
    #expect(run.warnings.count == 2)
  }

  @Test("is another one where a picture is mended") func inpainting() throws {
    let clipping = try times("tiny_sd", Self.ddim, mends: true)
    #expect(clipping.times == [801, 601, 401, 201, 1] && clipping.warnings.count == 1)
    let run = try times("tiny_sd", Self.pndm, mends: true)
    #expect(run.times == [801, 601, 601, 401, 201, 1] && run.warnings.count == 1)
  }

  @Test("is not done with a ControlNet, nor for SDXL") func others() throws {
    for (model, control) in [("tiny_sd", true), ("tiny_sdxl", false)] {
      let run = try times(model, Self.ddim, control: control)
      #expect(run.times == [800, 600, 400, 200, 0], "\(model)")
      #expect(run.warnings == [])
    }
    #expect(try times("tiny_sd", Self.pndm, control: true).times.count == 14)
  }
}
