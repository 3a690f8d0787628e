package import MoonImage
package import MoonPipelines

/// The runs of a sheet that ended, the sheet made of their pictures, and what is told of them.
package struct SheetReport: Sendable {
  /// A run that has ended.
  package struct Entry: Sendable {
    /// What was asked for.
    package let request: GenerationRequest
    /// What the run tells.
    package let report: RunReport
    /// Its picture.
    package let image: RGBImage

    /// A run that has ended; pictures and latents that were given to it are not kept.
    package init(_ request: GenerationRequest, _ report: RunReport, _ image: RGBImage) {
      var request = request
      (request.images, request.masks, request.controls, request.imagePrompts) = ([], [], [], [])
      request.latents = nil
      self.request = request
      self.report = report
      self.image = image
    }
  }

  /// What was to be run.
  package let plan: SheetPlan
  /// The file of the sheet.
  package let file: String
  /// Name of the model.
  package let model: String
  /// What stands below each picture.
  package let captions: CaptionList?
  /// How large pictures are shown.
  package let zoom: Int?
  /// Seconds of the loading.
  package let loadSeconds: Double
  /// The runs that ended, in the order of the plan.
  package private(set) var entries: [Entry] = []
  /// Whether the user ended the sheet before the end of its last run.
  package private(set) var isInterrupted = false

  /// A report of nothing yet.
  package init(
    _ plan: SheetPlan, file: String, model: String, captions: CaptionList?, zoom: Int?, loadSeconds: Double
  ) {
    self.plan = plan
    self.file = file
    self.model = model
    self.captions = captions
    self.zoom = zoom
    self.loadSeconds = loadSeconds
  }

  /// Takes in a run that has ended.
  ///
  /// - Parameters:
  ///   - entry: The run.
  ///   - isStopped: Whether the user asks to stop.
  package mutating func add(_ entry: Entry, isStopped: Bool) {
    entries.append(entry)
    isInterrupted = isStopped && (entry.report.isInterrupted || entries.count < plan.cells.count)
  }

  /// The grid without its pictures.
  private var frame: ContactSheet {
    func axis(_ axis: SheetAxis) -> ContactSheet.Axis {
      ContactSheet.Axis(title: axis.name, labels: axis.values.map { $0.isEmpty ? "\"\"" : $0 })
    }
    var frame = ContactSheet(columns: axis(plan.x), rows: plan.y.map(axis))
    frame.zoom = zoom
    frame.captions = entries.first.map { SheetCaption($0, plan: plan, model: model).lines } ?? []
    return frame
  }

  /// Checks that the sheet will not be too large for a picture.
  ///
  /// - Parameter sizes: Sizes of the pictures, in the order of the plan.
  /// - Throws: `CommandFailure`.
  package func checkSize(of sizes: [PictureSize]) throws {
    let rows = grid(of: sizes.map { SheetLayout.Size(width: $0.width, height: $0.height) })
    let layout = SheetLayout(
      frame, sizes: rows, captions: rows.map { $0.map { _ in captions == nil ? "" : "0.00 s" } })
    do { try layout.checkSize() } catch {
      throw CommandFailure(.usage, "--zoom \(layout.zoom): the sheet is too large: \(error)")
    }
  }

  /// The sheet.
  ///
  /// - Throws: `ImageError.unsupportedSize`.
  package func picture() throws -> RGBImage { try frame.image(grid(of: drawn)) }

  /// The pictures with what stands below them; the run that the user stopped always says so.
  private var drawn: [ContactSheet.Cell] {
    entries.enumerated().map { index, entry in
      let report = entry.report
      let isStopped = isInterrupted && report.isInterrupted && index == entries.count - 1
      let parts = [
        isStopped ? "stopped at step \(report.stepSeconds.count) of \(report.timesteps.count)" : nil,
        captions?.text(of: report),
      ]
      return ContactSheet.Cell(entry.image, caption: parts.compactMap(\.self).joined(separator: ", "))
    }
  }

  /// Row by row, what there is for each run; `nil` for one that did not run.
  private func grid<Element>(of elements: [Element]) -> [[Element?]] {
    let columns = plan.x.values.count
    return (0..<(plan.y?.values.count ?? 1)).map { row in
      (0..<columns).map { column in
        let index = row * columns + column
        return index < elements.count ? elements[index] : nil
      }
    }
  }

  /// The text that web interfaces read, of the first run, with the axes.
  package var parameters: String {
    guard let first = entries.first else { return "" }
    let axes = [("X", plan.x)] + (plan.y.map { [("Y", $0)] } ?? [])
    let others = axes.flatMap { letter, axis in
      [
        (name: "\(letter) type", value: axis.name),
        (name: "\(letter) values", value: axis.values.joined(separator: ", ")),
      ]
    }
    return ParametersText(first.request, report: first.report, picture: 0, model: model, others: others).text
  }

  /// Everything as one JSON object.
  package var json: JSONText {
    let cells = drawn
    let layout = frame.layout(of: grid(of: cells))
    func axis(_ axis: SheetAxis) -> JSONText {
      .object([.init("name", .string(axis.name)), .init("values", .strings(axis.values))])
    }
    return .object([
      .init("file", .string(file)),
      .init("width", .integer(Int64(layout.width))),
      .init("height", .integer(Int64(layout.height))),
      .init("zoom", .integer(Int64(layout.zoom))),
      .init("x", axis(plan.x)),
      .init("y", plan.y.map(axis) ?? .null),
      .init("load_seconds", .number(RunReport.microseconds(loadSeconds))),
      .init("peak_memory_bytes", .integer(Int64(PeakMemory.bytes))),
      .init("interrupted", .bool(isInterrupted)),
      .init("cells", .array(zip(plan.cells, entries).map { json(of: $1, at: $0, layout) })),
    ])
  }

  private func json(of entry: Entry, at cell: SheetPlan.Cell, _ layout: SheetLayout) -> JSONText {
    let report = entry.report
    let place = layout.place(
      of: SheetLayout.Size(width: entry.image.width, height: entry.image.height),
      in: layout.slots[cell.row][cell.column])
    return .object([
      .init("column", .integer(Int64(cell.column))),
      .init("row", .integer(Int64(cell.row))),
      .init("values", .object(plan.values(of: cell).map { .init($0.name, .string($0.value)) })),
      .init("left", .integer(Int64(place.left))),
      .init("top", .integer(Int64(place.top))),
      .init("width", .integer(Int64(report.width))),
      .init("height", .integer(Int64(report.height))),
      .init("seed", report.seed.json),
      .init("scheduler", .string(report.scheduler)),
      .init("num_inference_steps", .integer(Int64(report.inferenceSteps))),
      .init("steps", .integer(Int64(report.stepSeconds.count))),
      .init("seconds", .number(RunReport.microseconds(report.seconds))),
      .init("interrupted", .bool(report.isInterrupted)),
      .init("warnings", .strings(report.warnings)),
      .init("plugins", .array(report.plugins)),
      .init("parameters", .string(ParametersText(entry.request, report: report, picture: 0, model: model).text)),
    ])
  }

  /// What a person is told at the end: one line.
  package var summary: String {
    let seconds = entries.map(\.report.seconds).reduce(0, +)
    let count = isInterrupted ? "\(entries.count) of \(plan.cells.count)" : "\(entries.count)"
    return "\(file): \(count) \(plan.cells.count == 1 ? "cell" : "cells") in \(ProgressLine.decimals(seconds)) s\n"
  }
}
