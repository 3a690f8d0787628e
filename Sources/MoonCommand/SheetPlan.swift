internal import ArgumentParser
internal import MoonHost
package import MoonPipelines
package import MoonPlugins
internal import MoonTensor

/// The runs of a sheet: one for each pair of values of its axes, found good as far as that goes without the model.
package struct SheetPlan: Sendable {
  /// The most runs.
  package static let maximumCells = 400

  /// One run.
  package struct Cell: Sendable {
    /// Its place along `--x`, from 0.
    package let column: Int
    /// Its place along `--y`, from 0.
    package let row: Int
    /// Everything that it is made with.
    package let options: RunOptions
  }

  /// What changes from column to column.
  package let x: SheetAxis
  /// What changes from row to row.
  package let y: SheetAxis?
  /// The runs, row by row.
  package private(set) var cells: [Cell] = []
  /// Parameters that an axis changes, by their names in diffusers.
  package let changed: Set<String>
  /// Plugins of all runs, as they were named.
  package let plugins: [String]

  private let targets: [(axis: SheetAxis, target: SheetTarget)]
  private var descriptions: [String: PluginDescription] = [:]

  /// Makes the runs and checks their options, their plugins and the plugins' options.
  ///
  /// - Parameters:
  ///   - options: What all runs have in common; a seed is drawn for all of them where none is given.
  ///   - x: What changes from column to column.
  ///   - y: What changes from row to row.
  ///   - registry: Where plugins are looked for.
  /// - Throws: `CommandFailure` that names the axis and the value; `PluginError`, `PluginFailure`.
  package init(
    _ options: RunOptions, x: SheetAxis, y: SheetAxis?, registry: PluginRegistry = PluginRegistry()
  ) async throws {
    self.x = x
    self.y = y
    plugins = options.plugins.plugins
    targets = ([x] + (y.map { [$0] } ?? [])).map { ($0, SheetTarget($0.name)) }
      .sorted { $0.1.order < $1.1.order }
    changed = Set(
      targets.compactMap { if case .parameter(let parameter) = $0.target { parameter.name } else { nil } })
    try checkCount(options)
    var options = options
    options.picture.seed = options.picture.seed ?? .random()
    try await describePlugins(of: options, registry)
    try checkNames()
    for (axis, _) in targets {
      for value in axis.values { try checkAlone(axis, value, options) }
    }
    for (row, yValue) in (y?.values ?? [""]).enumerated() {
      for (column, xValue) in x.values.enumerated() {
        cells.append(Cell(column: column, row: row, options: try cell(options, xValue, yValue)))
      }
    }
    try await checkPlugins(registry)
  }

  /// Checks all runs against the model, as each of them will before it begins.
  ///
  /// - Parameter pipeline: The model.
  /// - Returns: Sizes of the pictures, in the order of the runs.
  /// - Throws: `CommandFailure` that names the values of the run.
  package func check(against pipeline: StableDiffusionPipeline) throws -> [PictureSize] {
    try cells.map { cell in
      do {
        for text in cell.options.plugins.plugins {
          guard let plugin = descriptions[PluginSpecification(text).name] else { continue }
          if !plugin.pipelines.contains(pipeline.name) {
            throw PluginError.wrongPipeline(plugin: plugin.id, pipelines: plugin.pipelines, model: pipeline.name)
          }
        }
        return try pipeline.check(cell.options.request())
      } catch {
        let failure = CommandFailure(error)
        throw CommandFailure(failure.status, "\(text(of: cell)): \(failure.message)")
      }
    }
  }

  /// The axes with the values of a cell, in the order of the options.
  package func values(of cell: Cell) -> [(name: String, value: String)] {
    [(x.name, x.values[cell.column])] + (y.map { [($0.name, $0.values[cell.row])] } ?? [])
  }

  /// A cell in words: `guidance_scale=3, seed=1`.
  package func text(of cell: Cell) -> String {
    values(of: cell).map { "\($0.name)=\($0.value.shown)" }.joined(separator: ", ")
  }

  private func checkCount(_ options: RunOptions) throws {
    if targets.count == 2 && targets[0].target.isSame(as: targets[1].target) {
      throw CommandFailure(.usage, "--y: '\(y?.name.shown ?? "")' is what --x changes")
    }
    let count = x.values.count * (y?.values.count ?? 1)
    if count > Self.maximumCells {
      throw CommandFailure(
        .usage,
        "--x: \(x.values.count) columns\(y.map { " and \($0.values.count) rows" } ?? "") make \(count) cells; a sheet "
          + "has at most \(Self.maximumCells)")
    }
    if options.picture.prompt.count > 1 {
      throw CommandFailure(.usage, "--prompt: a sheet has one; several go on an axis: --x prompt=A --x prompt=B")
    }
    if options.picture.numImages > 1 {
      throw CommandFailure(.usage, "--num-images: a sheet has one picture a cell; seeds go on an axis: --x seed=1,2")
    }
  }

  /// Asks every plugin that a run may have for its options.
  private mutating func describePlugins(of options: RunOptions, _ registry: PluginRegistry) async throws {
    let reader = PluginReader(limits: options.plugins.limits)
    let axis = targets.first { if case .plugin = $0.target { true } else { false } }?.axis
    for text in options.plugins.plugins + (axis?.values ?? []) where text != SheetTarget.none {
      let name = PluginSpecification(text).name
      if descriptions[name] == nil { descriptions[name] = try await reader.describe(name, in: registry) }
    }
  }

  /// Refuses a name that is neither a parameter's nor an option's.
  private func checkNames() throws {
    let known = descriptions.values.sorted { $0.id < $1.id }
    for case (let axis, .option(let plugin, _)) in targets {
      if known.contains(where: SheetTarget(axis.name).fits) { continue }
      let options = known.flatMap { plugin in
        plugin.options.map { axis.name.contains(".") ? "\(plugin.id).\($0.name)" : $0.name }
      }
      let names = plugin == nil ? RunParameter.all.map(\.name) + ["plugin"] + options : options
      throw CommandFailure(
        .usage,
        "\(axis.option): there is no parameter or plugin option '\(axis.name.shown)'"
          + PluginText.hint(for: axis.name, in: names))
    }
  }

  /// Checks a value by itself, so that the message names its axis alone.
  private func checkAlone(_ axis: SheetAxis, _ value: String, _ options: RunOptions) throws {
    guard case .parameter(let parameter) = SheetTarget(axis.name) else { return }
    var options = options
    if !parameter.set(value, in: &options) { throw axis.refusal(value, kind: parameter.kind) }
    do { try options.check() } catch let error as ValidationError {
      if SheetTarget(axis.name).options.contains(where: { error.message.hasPrefix("\($0): ") }) {
        throw CommandFailure(.usage, "\(axis.text(value)): \(error.message)")
      }
    }
  }

  /// The options of a run.
  private func cell(_ options: RunOptions, _ xValue: String, _ yValue: String) throws -> RunOptions {
    var options = options
    for (axis, target) in targets {
      let value = axis.option == x.option ? xValue : yValue
      switch target {
      case .parameter(let parameter): _ = parameter.set(value, in: &options)
      case .plugin: if value != SheetTarget.none { options.plugins.plugins.append(value) }
      case .option(_, let name): try setOption(name, target, axis, value, &options)
      }
    }
    do { try options.check() } catch let error as ValidationError {
      let place = ([x.text(xValue)] + (y.map { [$0.text(yValue)] } ?? [])).joined(separator: ", ")
      throw CommandFailure(.usage, "\(place): \(error.message)")
    }
    return options
  }

  /// Sets an option of the plugins of a run that have it; a run without such a plugin stays as it is.
  private func setOption(
    _ name: String, _ target: SheetTarget, _ axis: SheetAxis, _ value: String, _ options: inout RunOptions
  ) throws {
    var owners: Set<String> = []
    for (index, text) in options.plugins.plugins.enumerated() {
      let specification = PluginSpecification(text)
      guard let plugin = descriptions[specification.name], target.fits(plugin),
        let declaration = plugin.options.first(where: { $0.name == name })
      else { continue }
      owners.insert(plugin.id)
      do {
        let changed = try OptionReader.text(
          specification.options, setting: declaration, to: value, declarations: plugin.options, plugin: plugin.path)
        options.plugins.plugins[index] = "\(specification.name):\(changed)"
      } catch {
        throw CommandFailure(.usage, "\(axis.text(value)): \(error)")
      }
    }
    if owners.count > 1 {
      let names = owners.sorted().map { "\($0).\(name)" }
      throw CommandFailure(
        .usage,
        "\(axis.option): several plugins have the option '\(name.shown)'; name one of them: "
          + names.joined(separator: " or "))
    }
  }

  /// Loads the plugins of each run as the run itself will.
  private func checkPlugins(_ registry: PluginRegistry) async throws {
    var checked: Set<[String]> = []
    for cell in cells where checked.insert(cell.options.plugins.plugins).inserted {
      try await cell.options.run(imageFolder: nil, status: nil, registry: registry).loadPlugins(
        seed: cell.options.picture.seed?.seeds.first ?? 0)
    }
  }
}
