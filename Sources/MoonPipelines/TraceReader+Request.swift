internal import MoonTensor
internal import MoonWeights

extension TraceReader {
  /// What was asked for, checked as a request of the command line is.
  static func request(_ run: ConfigFile, batchSize: Int) throws -> GenerationRequest {
    guard let section = try run.section("request") else {
      throw WeightsError.missingValue(file: run.name, key: "request")
    }
    func refuse(_ key: String, _ found: String, _ wanted: String) -> WeightsError {
      .badValue(file: run.name, key: "request." + key, found: found, wanted: wanted)
    }
    func number(_ key: String) throws -> Double {
      let number = try section.double(key)
      if !Float(number).isFinite { throw refuse(key, "\(number)", "a number that float32 can hold") }
      return number
    }
    var request = GenerationRequest(prompt: "", seed: 0)
    request.prompts = try section.stringList("prompts")
    request.negativePrompts = try section.stringList("negative_prompts")
    request.secondPrompts = try section.stringList("prompts_2")
    request.secondNegativePrompts = try section.stringList("negative_prompts_2")
    request.imagesPerPrompt = try section.int("num_images_per_prompt", in: 1...1024)
    request.inferenceSteps = try section.int("num_inference_steps", in: 1...RunTrace.maximumStepCount)
    request.timesteps = try section.intList("timesteps", in: 0...1_000_000)
    request.sigmas = try section.doubleList("sigmas")
    request.guidanceScale = try number("guidance_scale")
    request.guidanceRescale = try number("guidance_rescale")
    request.eta = try number("eta")
    request.clipSkip = try section.int("clip_skip", in: 0...1000)
    request.strength = try section.optional("strength", .number())
    let seeds = try section.stringList("seeds")
    request.seeds = seeds.compactMap { UInt64($0) }
    if request.seeds.count != seeds.count || seeds.isEmpty {
      throw refuse("seeds", "\(seeds.count) texts", "whole numbers of 64 bits, at least one")
    }
    let device = try section.string("rng")
    guard let randomDevice = Generator.Device(rawValue: device) else {
      throw refuse("rng", "\"\(device.shown)\"", "\"cpu\" or \"cuda\"")
    }
    request.randomDevice = randomDevice
    let shares = [("guidance_rescale", request.guidanceRescale), ("eta", request.eta)]
    for (key, share) in shares + (request.strength.map { [("strength", $0)] } ?? []) where !(0...1).contains(share) {
      throw refuse(key, "\(share)", "a number in 0...1")
    }
    let rows = request.prompts.count.multipliedReportingOverflow(by: request.imagesPerPrompt)
    if rows.overflow || rows.partialValue != batchSize {
      throw refuse("prompts", "\(request.prompts.count)", "as many as the latents have rows")
    }
    if seeds.count != 1 && seeds.count != batchSize {
      throw refuse("seeds", "\(seeds.count)", "one, or one a row of the latents")
    }
    return request
  }
}
