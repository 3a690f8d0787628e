internal import ArgumentParser
internal import Foundation
internal import MoonCommand
internal import MoonHost
internal import MoonImage
internal import MoonPipelines
internal import MoonTensor

/// From a grid of runs to one picture of all their pictures.
struct SheetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sheet",
    abstract: "Makes a contact sheet: one picture of runs that differ in one or two parameters.",
    discussion: """
      Example: moonstep sheet --model examples/moonlet --prompt "red apple on a blue background" \
      --x guidance_scale=1,3,5,7 --y seed=1,2,3

      Parameters: \(RunParameter.all.map(\.name).joined(separator: ", ")).

      Plugins of --callback run in all cells. Those of --x plugin=A,B,none run after them, one a column; their options \
      go on the other axis, and cells without such a plugin stay as they are. At most \(SheetPlan.maximumCells) cells.

      Ctrl-C ends the sheet with the pictures so far, a second one ends it at once. Exit codes are those of generate.
      """)

  @OptionGroup(title: "Sheet") var sheet: SheetOptions
  @OptionGroup var options: RunOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  func validate() throws {
    if !(sheet.x + sheet.y).contains(where: { $0.name == "prompt" }) { try options.picture.checkPrompt() }
  }

  func run() async throws {
    MemoryPool.shared.prepare()
    let names = try OutputNames(output.output)
    try OutputCheck.check(output.output, option: "--output")
    let (x, y) = try sheet.axes()
    let plan = try await SheetPlan(options, x: x, y: y)
    // Every file that a run reads is read before the model is.
    _ = try plan.cells.first?.options.request()
    let status = StatusOutput(isQuiet: output.quiet)
    let stop = StopFlag()
    let signals = InterruptSignals(raising: stop, status: status)
    let listeners = signals.listen()
    defer { withExtendedLifetime(listeners) { status.finish() } }
    let (pipeline, loadSeconds) = try options.loadModel(status)
    var report = SheetReport(
      plan, file: output.output, model: options.modelName, captions: sheet.captions, zoom: sheet.zoom,
      loadSeconds: loadSeconds)
    try report.checkSize(of: plan.check(against: pipeline))
    for cell in plan.cells {
      let entry = try await make(cell, of: plan, names, pipeline, status, stop)
      report.add(entry, isStopped: stop.isRaised)
      if stop.isRaised { break }
    }
    status.finish()
    try signals.whileWriting { try write(report) }
    try output.tell(json: report.json, summary: report.summary)
  }

  /// Makes the picture of one cell.
  private func make(
    _ cell: SheetPlan.Cell, of plan: SheetPlan, _ names: OutputNames, _ pipeline: StableDiffusionPipeline,
    _ status: StatusOutput, _ stop: StopFlag
  ) async throws -> SheetReport.Entry {
    let number = cell.row * plan.x.values.count + cell.column + 1
    let place = "cell \(number)/\(plan.cells.count)"
    status.phase("\(place): \(plan.text(of: cell))")
    let request = try cell.options.request()
    let run = cell.options.run(
      imageFolder: names.pluginFolder(column: cell.column, row: cell.row), status: status)
    let summaries = try await run.loadPlugins(seed: request.seeds[0])
    let result = try await run.generate(
      with: pipeline, request, threads: options.sampling.threads, stop: stop,
      progress: { status.stepEnded($0.step, of: $0.count, seconds: $0.seconds, in: place) })
    let report = RunReport(result.report, files: [output.output], loadSeconds: 0, plugins: summaries)
    for warning in report.warnings { status.warning(warning) }
    return SheetReport.Entry(request, report, result.images[0])
  }

  /// Writes the sheet, which appears whole or not at all.
  private func write(_ report: SheetReport) throws {
    do {
      try PNG.write(
        report.picture(), to: URL(literalPath: report.file),
        text: [("parameters", report.parameters), ("moonstep", report.json.text)])
    } catch {
      throw CommandFailure.writing(error)
    }
  }
}
