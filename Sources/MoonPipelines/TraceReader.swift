internal import Foundation
internal import MoonSchedulers
internal import MoonTensor
internal import MoonWeights

/// Reads and checks a file with a recorded run.
struct TraceReader {
  /// The most pixels along a side, and the most rows of a batch.
  private static let (maximumSide, maximumBatch) = (16_384, 1_024)

  private let file: SafetensorsFile
  private let run: ConfigFile
  private let latents: Tensor
  private let factor: Int

  /// Opens the file and reads what all the rest is measured by.
  init(_ url: URL) throws {
    file = try SafetensorsFile(contentsOf: url)
    guard file.metadata["format"] == RunTrace.format, let text = file.metadata["run"] else {
      throw Self.refusal(file, "it is no trace of a run: --record-trace makes one")
    }
    guard let version = file.metadata["version"].flatMap({ Int($0) }), (1...RunTrace.version).contains(version) else {
      throw Self.refusal(
        file,
        "it has version \((file.metadata["version"] ?? "").shown) of the trace format, versions up to "
          + "\(RunTrace.version) are read")
    }
    run = try ConfigFile(Array(text.utf8), name: "\(file.name), run")
    guard let model = try run.section("model") else {
      throw WeightsError.missingValue(file: run.name, key: "model")
    }
    factor = try model.int("factor", in: 1...64)
    latents = try Self.tensor("latents", in: file)
    let shape = latents.shape
    guard shape.count == 4, (1...Self.maximumBatch).contains(shape[0]), (1...64).contains(shape[1]),
      shape[2...].allSatisfy({ $0 >= 1 && $0 <= Self.maximumSide / factor })
    else {
      throw Self.refusal(file, "\"latents\" has the shape \(TensorError.text(shape)), which no run has")
    }
  }

  /// The whole trace.
  func trace() throws -> RunTrace {
    let request = try Self.request(run, batchSize: latents.shape[0])
    let pipeline = try run.string("pipeline")
    guard pipeline == "sd" || pipeline == "sdxl" else {
      throw WeightsError.badValue(
        file: run.name, key: "pipeline", found: "\"\(pipeline.shown)\"", wanted: "\"sd\" or \"sdxl\"")
    }
    var state = RunState(
      guidanceScale: request.guidanceScale, guidanceRescale: request.guidanceRescale, latents: latents,
      conditional: try bundle("cond"))
    let unconditional = try bundle("uncond", like: state.conditional)
    if (state.conditional.text.pooledEmbeds != nil) != (pipeline == "sdxl") {
      throw Self.refusal(file, "its embeddings are not those of the pipeline \(pipeline)")
    }
    state.imitatesGuidance = try run.section("model")?.bool("imitates_guidance", default: false) ?? false
    if state.guides { state.unconditional = unconditional }
    try addShared(to: &state)
    let plain = state.latents.shape
    var trace = RunTrace(
      pipeline: pipeline, factor: factor, request: request, scheduler: try scheduler(),
      window: try window(), state: state, unconditional: unconditional,
      noise: try tensor("noise", shape: plain), imageLatents: try optional("image_latents", shape: plain))
    trace.startsFromImage = try run.bool("starts_from_image")
    trace.startsFromNoise = try run.bool("starts_from_noise")
    trace.guessesControl = try run.bool("guesses_control")
    if state.mask != nil && trace.imageLatents == nil && state.maskedImageLatents == nil {
      throw Self.refusal(file, "it has a mask, but no picture that the mask belongs to")
    }
    try checkSchedule(of: trace)
    trace.steps = try steps()
    if trace.steps.isEmpty { throw Self.refusal(file, "it has no step") }
    return trace
  }

  // MARK: Tensors

  private static func refusal(_ file: SafetensorsFile, _ detail: String) -> PipelineError {
    .badModel(path: file.name, detail: detail)
  }

  /// A tensor as float32, all of its numbers finite.
  private static func tensor(_ key: String, in file: SafetensorsFile) throws -> Tensor {
    let tensor = try file.tensor(key).converted(to: .float32)
    if let index = try tensor.firstNonFinite() {
      throw refusal(file, "\"\(key)\" is NaN or infinite (element \(index))")
    }
    return tensor
  }

  private func tensor(_ key: String, shape: [Int]) throws -> Tensor {
    let tensor = try Self.tensor(key, in: file)
    if tensor.shape != shape {
      throw WeightsError.shapeMismatch(file: file.name, key: key, found: tensor.shape, wanted: shape)
    }
    return tensor
  }

  private func optional(_ key: String, shape: [Int]) throws -> Tensor? {
    file.entry(key) == nil ? nil : try tensor(key, shape: shape)
  }

  /// A tensor with a row an image and `rank` dimensions.
  private func rows(_ key: String, rank: Int) throws -> Tensor {
    let tensor = try Self.tensor(key, in: file)
    if tensor.rank != rank || tensor.shape[0] != latents.shape[0] || tensor.count == 0 {
      throw Self.refusal(
        file,
        "\"\(key)\" has the shape \(TensorError.text(tensor.shape)), wanted \(rank) sizes of which the first is "
          + "\(latents.shape[0])")
    }
    return tensor
  }

  private func bundle(_ name: String) throws -> ConditioningBundle {
    func optionalRows(_ part: String) throws -> Tensor? {
      file.entry("\(name).\(part)") == nil ? nil : try rows("\(name).\(part)", rank: 2)
    }
    var images: [Tensor] = []
    while images.count < 64, let entry = file.entry("\(name).image_embeds.\(images.count)") {
      images.append(try rows("\(name).image_embeds.\(images.count)", rank: entry.shape.count))
    }
    return ConditioningBundle(
      text: TextEmbeds(
        promptEmbeds: try rows("\(name).prompt_embeds", rank: 3),
        pooledEmbeds: try optionalRows("pooled_prompt_embeds")),
      timeIDs: try optionalRows("time_ids"), imageEmbeds: images)
  }

  /// A half whose tensors have the shapes of the other's.
  private func bundle(_ name: String, like other: ConditioningBundle) throws -> ConditioningBundle {
    let bundle = try bundle(name)
    func shapes(_ bundle: ConditioningBundle) -> [[Int]?] {
      [bundle.promptEmbeds.shape, bundle.text.pooledEmbeds?.shape, bundle.timeIDs?.shape]
        + bundle.imageEmbeds.map(\.shape)
    }
    if shapes(bundle) != shapes(other) {
      throw Self.refusal(file, "the tensors of \"cond\" and \"\(name)\" differ in shape")
    }
    return bundle
  }

  /// Reads what both halves share, and the weights that go with it.
  private func addShared(to state: inout RunState) throws {
    let shape = latents.shape
    state.mask = try optional("mask", shape: [shape[0], 1, shape[2], shape[3]]).map { HalvedTensor($0) }
    state.maskedImageLatents = try optional("masked_image_latents", shape: shape).map { HalvedTensor($0) }
    while state.controlImages.count < 64, file.entry("control_image.\(state.controlImages.count)") != nil {
      let image = try tensor(
        "control_image.\(state.controlImages.count)",
        shape: [shape[0], 3, shape[2] * factor, shape[3] * factor])
      state.controlImages.append(HalvedTensor(image))
    }
    state.controlScales = try scales("controlnet_scales", count: state.controlImages.count)
    state.adapterScales = try scales("ip_adapter_scales", count: state.conditional.imageEmbeds.count)
  }

  private func scales(_ key: String, count: Int) throws -> [Double] {
    let scales = try run.doubleList(key)
    if scales.count != count || scales.contains(where: { !Float($0).isFinite }) {
      throw WeightsError.badValue(
        file: run.name, key: key, found: "\(scales.count) numbers", wanted: "\(count) finite ones")
    }
    return scales
  }

  // MARK: Steps

  private func scheduler() throws -> SchedulerConfiguration {
    guard let section = try run.section("scheduler") else {
      throw WeightsError.missingValue(file: run.name, key: "scheduler")
    }
    return try SchedulerConfiguration(ModelFolder.fields(of: section), source: "\(file.name), scheduler.json")
  }

  /// Checks that the scheduler can be made, and that the run's steps are among those that it plans.
  private func checkSchedule(of trace: RunTrace) throws {
    do throws(SchedulerError) {
      var scheduler = try trace.scheduler.makeScheduler()
      try scheduler.plan(trace.request.stepPlan)
      if trace.window.upperBound <= scheduler.timesteps.count { return }
    } catch {
      throw Self.refusal(file, "its scheduler cannot be made: \(error)")
    }
    throw Self.refusal(file, "its steps \(trace.window) are not all in the schedule")
  }

  private func window() throws -> Range<Int> {
    let ends = try run.intList("window", in: 0...RunTrace.maximumStepCount)
    guard ends.count == 2, ends[0] < ends[1] else {
      throw WeightsError.badValue(
        file: run.name, key: "window", found: "\(ends.count) numbers", wanted: "two that rise")
    }
    return ends[0]..<ends[1]
  }

  private func steps() throws -> [RunTrace.Step] {
    guard case .array(let rows)? = run.value("steps"), rows.count <= RunTrace.maximumStepCount else {
      throw WeightsError.badValue(
        file: run.name, key: "steps", found: run.value("steps")?.shown ?? "nothing",
        wanted: "a list of at most \(RunTrace.maximumStepCount) steps")
    }
    let shape = latents.shape
    var before = latents
    return try rows.enumerated().map { index, row in
      guard case .object(let object) = row else {
        throw WeightsError.badValue(file: run.name, key: "steps", found: row.shown, wanted: "a list of objects")
      }
      let entry = ConfigFile(object, name: run.name, path: "steps.\(index).")
      func part(_ name: String) throws -> Tensor { try tensor(RunTrace.key(index, name), shape: shape) }
      func optionalPart(_ name: String) throws -> Tensor? { try optional(RunTrace.key(index, name), shape: shape) }
      let next = try part("latents.next")
      let step = RunTrace.Step(
        step: try entry.int("step", in: 0...RunTrace.maximumStepCount), timestep: try entry.double("timestep"),
        sigma: try entry.double("sigma"), nextSigma: try entry.double("sigma_next"),
        guidance: try entry.double("guidance"), latents: try optionalPart("latents") ?? before, nextLatents: next,
        conditional: try part("noise.cond"), unconditional: try optionalPart("noise.uncond"),
        original: try optionalPart("x0"), fresh: try optionalPart("noise.fresh"))
      before = next
      return step
    }
  }
}
