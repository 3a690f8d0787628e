package import MoonPipelines

/// The text that web interfaces read out of a picture: prompt, negative prompt, and one line of settings.
///
/// - Source: the `parameters` chunk as AUTOMATIC1111's web UI writes it (`infotext_utils.py`); its names of the samplers.
package struct ParametersText: Sendable {
  /// What was asked for.
  package let request: GenerationRequest
  /// What the run tells.
  package let report: RunReport
  /// The picture, by its place in the batch.
  package let picture: Int
  /// Name of the model.
  package let model: String
  /// Settings beyond those of the run.
  package let others: [(name: String, value: String)]

  /// The text for one picture of a run.
  package init(
    _ request: GenerationRequest, report: RunReport, picture: Int, model: String,
    others: [(name: String, value: String)] = []
  ) {
    self.request = request
    self.report = report
    self.picture = picture
    self.model = model
    self.others = others
  }

  /// The text of the chunk.
  package var text: String {
    let prompt = request.prompts[picture / request.imagesPerPrompt]
    let line = settings.map { "\($0.name): \(Self.quotedIfNeeded($0.value))" }.joined(separator: ", ")
    return ([prompt] + (negativePrompt.isEmpty ? [] : ["Negative prompt: \(negativePrompt)"]) + [line])
      .joined(separator: "\n")
  }

  private var negativePrompt: String {
    let prompts = request.negativePrompts
    return prompts.count > 1 ? prompts[picture / request.imagesPerPrompt] : prompts.first ?? ""
  }

  private var settings: [(name: String, value: String)] {
    let isFromOneSeed = request.seeds.count == 1
    var settings: [(name: String, value: String)] = [
      ("Steps", String(report.inferenceSteps)), ("Sampler", sampler), ("CFG scale", Self.text(request.guidanceScale)),
      ("Seed", String(request.seeds[isFromOneSeed ? 0 : picture])), ("Size", "\(report.width)x\(report.height)"),
      ("Model", model),
    ]
    // The web interfaces count layers from 1, and 1 leaves none out.
    if request.clipSkip > 0 { settings.append(("Clip skip", String(request.clipSkip + 1))) }
    if request.guidanceRescale > 0 { settings.append(("Guidance rescale", Self.text(request.guidanceRescale))) }
    if isFromOneSeed && report.files.count > 1 {
      settings += [("Batch size", String(report.files.count)), ("Batch pos", String(picture))]
    }
    return settings + others + [("Version", "moonstep \(Product.version)")]
  }

  private var sampler: String {
    let names = [
      "DDIMScheduler": "DDIM", "PNDMScheduler": "PLMS", "EulerDiscreteScheduler": "Euler",
      "EulerAncestralDiscreteScheduler": "Euler a", "DPMSolverMultistepScheduler": "DPM++ 2M",
      "HeunDiscreteScheduler": "Heun", "LMSDiscreteScheduler": "LMS", "UniPCMultistepScheduler": "UniPC",
      "LCMScheduler": "LCM", "KDPM2DiscreteScheduler": "DPM2", "KDPM2AncestralDiscreteScheduler": "DPM2 a",
    ]
    let usesKarrasSigmas = request.schedulerOptions.last { $0.key == SamplingOptions.karrasKey }?.value == "true"
    return (names[report.scheduler] ?? report.scheduler) + (usesKarrasSigmas ? " Karras" : "")
  }

  private static func text(_ value: Double) -> String { JSONText.number(value).text }

  /// A value that would be taken apart is put in quotes.
  private static func quotedIfNeeded(_ value: String) -> String {
    value.contains { ",:\n".contains($0) } ? JSONText.string(value).text : value
  }
}
