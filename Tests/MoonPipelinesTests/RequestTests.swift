import MoonPipelines
import MoonSchedulers
import MoonTensor
import MoonTestSupport
import Testing

@Suite("Requests") struct RequestTests {
  /// One change to a good request, and what is said of it.
  struct BadRequest: Sendable, CustomTestStringConvertible {
    let text: String
    let change: @Sendable (inout GenerationRequest) throws -> Void
    var testDescription: String { text }

    init(_ text: String, _ change: @escaping @Sendable (inout GenerationRequest) throws -> Void) {
      self.text = text
      self.change = change
    }
  }

  static let badRequests = [
    BadRequest("--prompt: at least one is needed") { $0.prompts = [] },
    BadRequest("--negative-prompt: 2 are given for 1 prompts; give one, or one a prompt") {
      $0.negativePrompts = ["a", "b"]
    },
    BadRequest("--num-images: 0 is outside 1..1024") { $0.imagesPerPrompt = 0 },
    BadRequest("--num-images: 1025 is outside 1..1024") { $0.imagesPerPrompt = 1025 },
    BadRequest("--steps: 0 is less than 1") { $0.inferenceSteps = 0 },
    BadRequest("DDIMScheduler: the number of steps is 1001, wanted 1 to 1000") { $0.inferenceSteps = 1001 },
    BadRequest("--guidance-scale: nan is not a finite number that float32 can hold") { $0.guidanceScale = .nan },
    BadRequest("--guidance-scale: 1e+39 is not a finite number that float32 can hold") { $0.guidanceScale = 1e39 },
    BadRequest("--guidance-rescale: inf is not a finite number that float32 can hold") {
      $0.guidanceRescale = .infinity
    },
    BadRequest("--guidance-rescale: 1.5 is outside 0..1") { $0.guidanceRescale = 1.5 },
    BadRequest("--eta: -0.1 is outside 0..1") { $0.eta = -0.1 },
    BadRequest("--eta: nan is not a finite number that float32 can hold") { $0.eta = .nan },
    BadRequest("--clip-skip: 3 is outside 0..2") { $0.clipSkip = 3 },
    BadRequest("--clip-skip: -1 is outside 0..2") { $0.clipSkip = -1 },
    BadRequest("--seed: 0 seeds are given for 1 images; give one, or one an image") { $0.seeds = [] },
    BadRequest("--seed: 2 seeds are given for 1 images; give one, or one an image") { $0.seeds = [1, 2] },
    BadRequest("--seed: 2 seeds are given for 3 images; give one, or one an image") {
      $0.imagesPerPrompt = 3
      $0.seeds = [1, 2]
    },
    BadRequest("--height: 18 is not a multiple of 4 in 4..16384") { $0.height = 18 },
    BadRequest("--height: 0 is not a multiple of 4 in 4..16384") { $0.height = 0 },
    BadRequest("--width: -8 is not a multiple of 4 in 4..16384") { $0.width = -8 },
    BadRequest("--width: 16388 is not a multiple of 4 in 4..16384") { $0.width = 16388 },
    BadRequest("--height: 16384x16384 are more than 100000000 pixels") { ($0.height, $0.width) = (16384, 16384) },
    BadRequest("'--latents' has shape [1, 4, 6, 4], wanted [1, 4, 4, 6]") {
      $0.latents = try Tensor(repeating: 0, shape: [1, 4, 6, 4])
    },
    BadRequest("'--latents' is NaN or infinite (element 0)") {
      $0.latents = try Tensor(repeating: .infinity, shape: [1, 4, 4, 6])
    },
    BadRequest(
      """
      --scheduler-option: timestep_spacing is "even", wanted one of leading, linspace, trailing
      """
    ) { $0.schedulerOptions = [("timestep_spacing", "even")] },
    BadRequest(
      """
      --scheduler-option: PNDMScheduler has no field 'skip_prk_step' (did you mean 'skip_prk_steps'?); it has \
      beta_end, beta_schedule, beta_start, num_train_timesteps, prediction_type, set_alpha_to_one, skip_prk_steps, \
      steps_offset, timestep_spacing, trained_betas
      """
    ) {
      $0.scheduler = "pndm"
      $0.schedulerOptions = [("skip_prk_step", "true")]
    },
    BadRequest(
      """
      there is no scheduler 'dimm'; there are ddim, ddpm, pndm, lms, euler, euler-a, heun, dpm++2m, dpm++2m-sde, unipc, \
      lcm, dpm2, dpm2-a, dpm++2s, deis, DPMSolverMultistepScheduler, DPMSolverSinglestepScheduler, DDIMScheduler, \
      DDPMScheduler, PNDMScheduler, LMSDiscreteScheduler, EulerDiscreteScheduler, EulerAncestralDiscreteScheduler, \
      HeunDiscreteScheduler, UniPCMultistepScheduler, LCMScheduler, KDPM2DiscreteScheduler, \
      KDPM2AncestralDiscreteScheduler, DEISMultistepScheduler
      """
    ) { $0.scheduler = "dimm" },
  ]

  @Test("that cannot be run are refused by option, before anything runs", arguments: badRequests)
  func refusals(bad: BadRequest) throws {
    var request = smallRequest()
    try bad.change(&request)
    var calls = 0
    let callback = HookCallback()
    callback.onRunBegin = { _ in calls += 1 }
    #expect(message { try RecordedRun(request, callback) } == bad.text)
    #expect(calls == 0)
  }

  @Test("without a size have the model's own")
  func ownSize() throws {
    for model in Model.allCases {
      var request = smallRequest(steps: 1, guidance: 1)
      (request.height, request.width) = (nil, nil)
      let run = try RecordedRun(request, of: model.pipeline())
      let side = model == .tinySD ? 32 : 16
      #expect(run.result.report.width == side && run.result.report.height == side)
      #expect(run.result.latents.shape == [1, 4, 8, 8])
      (request.height, request.width) = (20, nil)
      #expect(try RecordedRun(request, of: model.pipeline()).result.decoded.shape == [1, 3, 20, side])
    }
  }

  @Test("with one negative prompt or none use it for every prompt")
  func negativePrompts() throws {
    var request = smallRequest(["a", "b"], steps: 1)
    let one = try RecordedRun(request)
    request.negativePrompts = ["blurry, dark", "blurry, dark"]
    expectExact(try RecordedRun(request).inputs[0].context, one.inputs[0].context)
    request.negativePrompts = []
    let none = try RecordedRun(request)
    request.negativePrompts = [""]
    expectExact(try RecordedRun(request).inputs[0].context, none.inputs[0].context)
    #expect(try relativeDifference(none.inputs[0].context, one.inputs[0].context) > 0.1)
  }

  @Test("with given latents draw nothing for them")
  func givenLatents() throws {
    var request = smallRequest(seeds: [9], scheduler: .eulerAncestral)
    request.latents = try Tensor(repeating: 0.5, shape: [1, 4, 4, 6])
    let run = try RecordedRun(request)
    let scale = try #require(run.recorder.initial).floats()[0] / 0.5
    #expect(abs(scale - 14.6) < 0.1, "scaled as the scheduler's own noise")
    // The first draw of the stream goes into step 0: another seed changes it.
    request.seeds = [10]
    let other = try RecordedRun(request)
    expectExact(other.inputs[0].latents, run.inputs[0].latents)
    #expect(try relativeDifference(other.recorder.latents[0], run.recorder.latents[0]) > 0.01)
  }

  @Test("with layers of the text encoder left out do so for the prompt alone, as the reference does")
  func clipSkip() throws {
    var request = smallRequest(steps: 1)
    let plain = try RecordedRun(request)
    request.clipSkip = 1
    let skipped = try RecordedRun(request)
    expectExact(try skipped.context(0, half: 0), try plain.context(0, half: 0))
    #expect(try relativeDifference(skipped.context(0, half: 1), plain.context(0, half: 1)) > 0.01)
    let encoding = ClosureCallback { run in
      let encoded = try run.encode(run.request.prompts[0], negativePrompt: run.request.negativePrompts[0])
      expectExact(encoded.conditional.promptEmbeds, try skipped.context(0, half: 1))
      expectExact(try #require(encoded.unconditional).promptEmbeds, try plain.context(0, half: 0))
      #expect(try run.encode("a").unconditional == nil)
    }
    #expect(try RecordedRun(request, encoding).rows == [2])
  }

  @Test("choose the scheduler and change its fields for one run")
  func schedulers() throws {
    var request = smallRequest(scheduler: nil)
    #expect(try RecordedRun(request).result.report.scheduler == "PNDMScheduler")
    #expect(try RecordedRun(request, of: Model.tinySD2.pipeline()).result.report.scheduler == "DDIMScheduler")
    request.scheduler = "EulerDiscreteScheduler"
    // A field that the model's file lacks takes the default of the scheduler that is asked for.
    #expect(try RecordedRun(request).result.report.timesteps == [999, 666, 333, 0])
    request.schedulerOptions = [("timestep_spacing", "leading")]
    let leading = try RecordedRun(request)
    #expect(leading.result.report.scheduler == "EulerDiscreteScheduler")
    #expect(leading.result.report.timesteps == [751, 501, 251, 1])
    request.schedulerOptions = [("timestep_spacing", "trailing")]
    #expect(try RecordedRun(request).result.report.timesteps == [999, 749, 499, 249])
    request.schedulerOptions = [("timestep_spacing", "trailing"), ("timestep_spacing", "leading")]
    expectExact(try RecordedRun(request).result.latents, leading.result.latents)
  }

  @Test("whose texts are too long for the model are told of, once a text, with what is lost")
  func cutPrompts() throws {
    let long = String(repeating: "caf\u{E9} ", count: 40)
    var request = smallRequest([long, "a", long], steps: 1)
    request.negativePrompts = ["b", String(repeating: "d ", count: 80), "c"]
    let callback = ClosureCallback { run in
      _ = try run.encode(String(repeating: "e ", count: 76))
      _ = try run.encode(String(repeating: "e ", count: 76))
      _ = try run.encode("short")
    }
    let warnings = try RecordedRun(request, callback).result.report.warnings
    #expect(warnings.count == 3)
    try #require(warnings.count == 3)
    let start = "--prompt: the model reads 75 tokens of a text; "
    #expect(warnings[0].hasPrefix(start) && warnings[0].hasSuffix("caf\u{E9} caf\u{E9} caf\u{E9}\""), "\(warnings[0])")
    #expect(
      warnings[1] == "--negative-prompt: the model reads 75 tokens of a text; 5 are left out: \"d d d d d\"")
    #expect(warnings[2] == "encode: the model reads 75 tokens of a text; 1 is left out: \"e\"")
  }
}
