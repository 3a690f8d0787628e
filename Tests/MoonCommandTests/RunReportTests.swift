import Foundation
import MoonCommand
import MoonPipelines
import Testing

@Suite("Run report") struct RunReportTests {
  private var report: RunReport {
    var report = RunReport()
    report.files = ["a-0.png", "a-1.png"]
    report.seed = SeedList([7])
    (report.width, report.height) = (64, 96)
    report.pipeline = "sd"
    report.scheduler = "PNDMScheduler"
    report.inferenceSteps = 2
    report.timesteps = [901, 500.5, 1]
    report.guidance = [7.5, 1]
    report.stepSeconds = [0.5, 0.25]
    report.loadSeconds = 0.125
    report.decodeSeconds = 0.0625
    report.peakMemoryBytes = 1 << 31
    report.isInterrupted = true
    report.warnings = ["cut"]
    report.plugins = [.object([.init("id", .string("ramp"))])]
    return report
  }

  @Test("is one JSON object with the promised keys in their order")
  func json() {
    #expect(
      report.json.text
        == #"{"files": ["a-0.png", "a-1.png"], "seed": 7, "width": 64, "height": 96, "pipeline": "sd", "#
        + #""scheduler": "PNDMScheduler", "num_inference_steps": 2, "timesteps": [901, 500.5, 1], "#
        + #""guidance": [7.5, 1], "step_seconds": [0.5, 0.25], "load_seconds": 0.125, "decode_seconds": 0.0625, "#
        + #""peak_memory_bytes": 2147483648, "interrupted": true, "warnings": ["cut"], "plugins": [{"id": "ramp"}]}"#)
  }

  @Test("tells a person one line a picture")
  func summary() {
    #expect(
      report.summary == """
        a-0.png: 64x96, seed 7, 2 of 3 steps in 0.75 s
        a-1.png: 64x96, seed 7, 2 of 3 steps in 0.75 s

        """)
    var list = report
    list.seed = SeedList([1, 2])
    list.isInterrupted = false
    #expect(
      list.summary == "a-0.png: 64x96, seed 1, 2 steps in 0.75 s\na-1.png: 64x96, seed 2, 2 steps in 0.75 s\n")
    list.files = ["a.png"]
    list.timesteps = [1]
    list.stepSeconds = [0.5]
    #expect(list.summary == "a.png: 64x96, seed 1, 1 step in 0.50 s\n")
  }
}

@Suite("Parameters text") struct ParametersTextTests {
  private func text(
    _ request: GenerationRequest, scheduler: String = "EulerAncestralDiscreteScheduler", picture: Int = 0,
    pictures: Int = 1, model: String = "moonlet"
  ) -> String {
    var report = RunReport()
    (report.width, report.height) = (64, 96)
    report.scheduler = scheduler
    report.inferenceSteps = request.inferenceSteps
    report.files = (0..<pictures).map { "\($0).png" }
    return ParametersText(request, report: report, picture: picture, model: model).text
  }

  @Test("has the layout that web interfaces read")
  func layout() {
    var request = GenerationRequest(prompt: "red apple", seed: 7)
    request.inferenceSteps = 25
    request.negativePrompts = ["blurry"]
    #expect(
      text(request) == """
        red apple
        Negative prompt: blurry
        Steps: 25, Sampler: Euler a, CFG scale: 7.5, Seed: 7, Size: 64x96, Model: moonlet, \
        Version: moonstep \(Product.version)
        """)
  }

  @Test("leaves out what was not asked for, and names what was")
  func options() {
    var request = GenerationRequest(prompt: "a", seed: .max)
    request.imagesPerPrompt = 2
    request.clipSkip = 1
    request.guidanceRescale = 0.7
    request.schedulerOptions = [("use_karras_sigmas", "true")]
    #expect(
      text(request, scheduler: "DPMSolverMultistepScheduler", picture: 1, pictures: 2, model: "a, \"b\"") == """
        a
        Steps: 50, Sampler: DPM++ 2M Karras, CFG scale: 7.5, Seed: 18446744073709551615, Size: 64x96, \
        Model: "a, \\"b\\"", Clip skip: 2, Guidance rescale: 0.7, Batch size: 2, Batch pos: 1, \
        Version: moonstep \(Product.version)
        """)
  }

  @Test("belongs to the picture: its prompt, negative prompt and seed")
  func pictures() {
    var request = GenerationRequest(prompt: "", seed: 0)
    request.prompts = ["first", "second"]
    request.negativePrompts = ["one", "two"]
    request.imagesPerPrompt = 2
    request.seeds = [5, 6, 7, 8]
    #expect(text(request, picture: 2, pictures: 4).hasPrefix("second\nNegative prompt: two\nSteps: 50, "))
    #expect(text(request, picture: 2, pictures: 4).contains("Seed: 7, "))
    #expect(!text(request, picture: 2, pictures: 4).contains("Batch"))
  }
}
