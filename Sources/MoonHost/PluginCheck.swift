internal import MoonLua
internal import MoonPipelines
internal import MoonPlugins

/// Checks a plugin without a model: its declaration, then every hook in rehearsals of each kind of run.
struct PluginCheck {
  let name: String
  let registry: PluginRegistry
  let limits: PluginLimits
  private let witness = PluginWitness()

  init(_ name: String, registry: PluginRegistry, limits: PluginLimits) {
    self.name = name
    self.registry = registry
    self.limits = limits
  }

  /// Runs the check.
  ///
  /// - Throws: `PluginError` when there is no such file.
  func callAsFunction() throws -> PluginCheckReport {
    var report = PluginCheckReport(path: name)
    let manifest: PluginManifest
    let stem: String
    do {
      let plugin = try LuaPlugin(
        PluginSpecification(name: name, options: ""), registry: registry, limits: limits, number: 0, seed: 0,
        imageFolder: { _ in nil }, log: { _ in }, isRun: false)
      defer { plugin.close() }
      manifest = plugin.manifest
      stem = plugin.package.stem
    } catch let failure as PluginFailure {
      report.loading = failure
      return report
    } catch let error as PluginError where !error.isUsage {
      report.loading = PluginFailure(plugin: name, description: "\(error)")
      return report
    }
    report.id = manifest.id
    if let option = manifest.options.first(where: { $0.isRequired && $0.example == nil }) {
      report.loading = PluginFailure(
        plugin: name,
        description: "\(name): option '\(option.name)' is required and declares no 'example', which a check would take")
      return report
    }
    for pipeline in manifest.pipelines {
      for (index, kind) in RehearsalKind.all(of: pipeline).enumerated() {
        let trials = try Trial.all(kind, manifest.options, isFirst: index == 0)
        report.entries.append(entry(kind, trials, manifest.options))
      }
      report.judgeRefusals(of: pipeline, plugin: manifest.id)
    }
    if manifest.id != PluginManifest.identifier(fromFileStem: stem) {
      report.warnings.append(
        "the id is '\(manifest.id)', but --callback finds the plugin by the name of its file, '\(PluginText.escaped(stem))'"
      )
    }
    if manifest.options.flatMap(\.extremes).count > Trial.mostExtremes {
      report.warnings.append("only the first \(Trial.mostExtremes) values of the options are tried")
    }
    report.warnings += warnings(manifest, isComplete: report.isOK)
    return report
  }

  /// One rehearsal with the values of the plugin's options.
  fileprivate struct Trial {
    let rehearsal: Rehearsal
    /// What is given besides the examples of options that are required.
    let option: (name: String, value: OptionValue)?

    init(
      _ kind: RehearsalKind, option: (name: String, value: OptionValue)? = nil,
      _ change: (inout GenerationRequest) -> Void = { _ in }
    ) throws {
      var rehearsal = try Rehearsal(kind)
      rehearsal.request.inferenceSteps = 4
      change(&rehearsal.request)
      // By default a part of the steps is left out, with one step all of them.
      if kind.task != .textToImage { rehearsal.request.strength = rehearsal.request.inferenceSteps == 1 ? 1 : 0.8 }
      self.rehearsal = rehearsal
      self.option = option
    }

    /// The options of the run: the examples of those that are required, and the trial's own.
    func options(_ declarations: [OptionDeclaration]) -> String {
      var values: [(name: String, value: OptionValue)] = declarations.compactMap { declaration in
        guard declaration.isRequired, declaration.name != option?.name else { return nil }
        return declaration.example.map { (declaration.name, $0) }
      }
      if let option { values.append(option) }
      return OptionReader.text(of: values)
    }

    /// What is tried on each kind of run; on the first of a pipeline more schedulers, and each option's extremes.
    static func all(_ kind: RehearsalKind, _ options: [OptionDeclaration], isFirst: Bool) throws -> [Trial] {
      var trials = [
        try Trial(kind), try Trial(kind) { $0.imagesPerPrompt = 2 }, try Trial(kind) { $0.guidanceScale = 1 },
        try Trial(kind) { $0.inferenceSteps = 1 },
      ]
      // Where the first scheduler does not fit, this one may.
      trials.append(try Trial(kind) { $0.scheduler = "ddim" })
      if !isFirst { return trials }
      trials.append(try Trial(kind) { $0.inferenceSteps = 25 })
      for name in ["euler-a", "heun", "unipc"] {
        trials.append(try Trial(kind) { $0.scheduler = name })
      }
      for option in options.flatMap(\.extremes).prefix(mostExtremes) { trials.append(try Trial(kind, option: option)) }
      return trials
    }

    /// The most values of options that are tried.
    static let mostExtremes = 256
  }

  /// Lines that are told of a run that failed.
  private static let mostLogLines = 20

  /// Makes the runs of one kind, up to the first that fails.
  private func entry(
    _ kind: RehearsalKind, _ trials: [Trial], _ declarations: [OptionDeclaration]
  ) -> PluginCheckReport.Entry {
    var refusal: String?
    var runs = 0
    /// Makes one run; an entry where it fails.
    func failure(of trial: Trial) -> PluginCheckReport.Entry? {
      let options = trial.options(declarations)
      var rehearsal = PluginRehearsal(
        plugins: [PluginSpecification(name: name, options: options)], registry: registry, limits: limits)
      rehearsal.witness = witness
      do {
        _ = try rehearsal.withTemporaryFolder { try $0.run(trial.rehearsal) }
        runs += 1
        return nil
      } catch let failure as PluginFailure where failure.isRefusal {
        // A plugin may refuse what it likes, as long as it runs somewhere.
        if trial.option == nil { refusal = refusal ?? failure.reason }
        return nil
      } catch {
        let text = error is PluginError ? "\(error)" : "\(name): \(error)"
        let failure = error as? PluginFailure ?? PluginFailure(plugin: name, description: text)
        return PluginCheckReport.Entry(
          kind: kind.description, runs: runs + 1, verdict: .failed(failure.noting(trial.circumstances)),
          log: rehearsal.log.lines.suffix(Self.mostLogLines))
      }
    }
    for trial in trials { if let entry = failure(of: trial) { return entry } }
    // What refuses these schedulers may be made for another one.
    for name in Rehearsal.schedulerNames where runs == 0 && refusal != nil {
      guard let trial = try? Trial(kind, { $0.scheduler = name }) else { continue }
      if let entry = failure(of: trial) { return entry }
    }
    let isRefused = runs == 0 ? refusal : nil
    return PluginCheckReport.Entry(
      kind: kind.description, runs: runs, verdict: isRefused.map { .refused($0) } ?? .ok)
  }

  // MARK: Advice

  private func warnings(_ manifest: PluginManifest, isComplete: Bool) -> [String] {
    let hooks = PluginManifest.Hook.allCases.map(\.rawValue)
    var warnings = witness.globals.filter { $0 != "callback" }.sorted().map { name in
      let shown = PluginText.escaped(String(name.prefix(64)))
      if let hook = PluginText.nearest(to: name, in: hooks) {
        return "sets the global '\(shown)'; a hook is a field of the table that the file returns"
          + (hook == name ? "" : "; did you mean '\(hook)'?")
      }
      return "sets the global '\(shown)'; write local before its first use"
    }
    warnings += witness.unreturned.sorted().map { change in
      "\(change) is changed and not returned: only what a hook returns counts"
    }
    // Where runs failed, a part of the plugin was never reached.
    if !isComplete { return warnings }
    for option in manifest.options where !witness.readOptions.contains(option.name) {
      warnings.append("the option '\(option.name)' is never read")
    }
    for name in manifest.tensorInputs ?? [] where !witness.touchedTensors.contains(name) {
      warnings.append(
        "'\(PluginText.escaped(name))' is in tensor_inputs, but kwargs.\(PluginText.escaped(name)) is never used")
    }
    if manifest.hooks[.stepEnd] == nil, manifest.hooks[.stepBegin] == nil, manifest.tensorInputs?.isEmpty == false {
      warnings.append("there are tensor_inputs, but no on_step_begin or on_step_end that would be given them")
    }
    return warnings
  }
}

extension PluginCheck.Trial {
  /// What of a run is not as in the plain one: ` (2 images, guidance off)`.
  fileprivate var circumstances: String {
    let request = rehearsal.request
    var parts: [String] = []
    if request.imagesPerPrompt > 1 { parts.append("\(request.imagesPerPrompt) images") }
    if request.guidanceScale <= 1 { parts.append("no guidance") }
    if request.inferenceSteps == 1 { parts.append("1 step") }
    if let scheduler = request.scheduler { parts.append("scheduler \(scheduler)") }
    if let option { parts.append("option \(option.name) = \(option.value.text)") }
    return parts.isEmpty ? "" : " (in a run with \(parts.joined(separator: ", ")))"
  }
}

extension PluginFailure {
  /// What a plugin said at the begin of a run, without the place and the hook.
  fileprivate var reason: String {
    description.firstRange(of: "on_run_begin: ").map { String(description[$0.upperBound...]) } ?? description
  }

  /// The same failure with a note behind its sentence.
  fileprivate func noting(_ note: String) -> PluginFailure {
    PluginFailure(plugin: plugin, description: description + note, excerpt: excerpt)
  }
}

extension PluginCheckReport {
  /// A plugin that refuses every kind of run of a pipeline that it declares fails there.
  fileprivate mutating func judgeRefusals(of pipeline: String, plugin: String) {
    let indices = entries.indices.filter { entries[$0].kind.hasPrefix(pipeline + " ") }
    let refusals = indices.compactMap { index -> String? in
      if case .refused(let text) = entries[index].verdict { text } else { nil }
    }
    guard let first = refusals.first, refusals.count == indices.count, let index = indices.first else { return }
    entries[index] = Entry(
      kind: entries[index].kind, runs: entries[index].runs,
      verdict: .failed(PluginFailure(plugin: plugin, description: "\(first) (in every run of \(pipeline))")))
  }
}

extension OptionDeclaration {
  /// Values at the ends of what the option may hold, and the example.
  fileprivate var extremes: [(name: String, value: OptionValue)] {
    let values: [OptionValue] =
      switch kind {
      case .number: [minimum, maximum].compactMap { $0 }.map { .number($0) }
      case .integer: [minimum, maximum].compactMap { $0.flatMap { Int64(exactly: $0) } }.map { .integer($0) }
      case .boolean: [.boolean(true), .boolean(false)]
      case .choice: choices.map { .string($0) }
      case .string, .numbers: []
      }
    return (values + (isRequired ? [] : [example].compactMap { $0 })).map { (name, $0) }
  }
}
