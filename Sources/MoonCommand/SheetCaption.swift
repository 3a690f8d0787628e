internal import MoonPipelines

/// The texts below a sheet: what all its pictures have in common.
struct SheetCaption {
  /// One text a line: the prompt, what is not wanted, and the settings; without what an axis changes.
  let lines: [String]

  /// The texts.
  ///
  /// - Parameters:
  ///   - entry: Any run of the sheet.
  ///   - plan: What changes from run to run.
  ///   - model: Name of the model.
  init(_ entry: SheetReport.Entry, plan: SheetPlan, model: String) {
    let (request, report) = (entry.request, entry.report)
    var settings: [(name: String, text: String)] = [
      ("seed", "seed \(report.seed.seeds[0])"), ("num_inference_steps", "steps \(report.inferenceSteps)"),
      ("guidance_scale", "guidance_scale \(JSONText.number(request.guidanceScale).text)"),
      ("scheduler", report.scheduler),
    ]
    if !plan.changed.contains("width") && !plan.changed.contains("height") {
      settings.append(("size", "\(report.width)x\(report.height)"))
    }
    settings.append(("model", model))
    if !plan.plugins.isEmpty { settings.append(("plugins", "with \(plan.plugins.joined(separator: " and "))")) }
    let texts = [("prompt", request.prompts[0]), ("negative_prompt", request.negativePrompts.first ?? "")]
      .filter { !plan.changed.contains($0.0) && !$0.1.isEmpty }
      .map { $0.0 == "prompt" ? $0.1 : "not: \($0.1)" }
    lines =
      texts + [settings.filter { !plan.changed.contains($0.name) }.map(\.text).joined(separator: ", ")]
  }
}
