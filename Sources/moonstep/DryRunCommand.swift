internal import ArgumentParser
internal import MoonCommand
internal import MoonHost
internal import MoonPlugins

/// Tells what a run with plugins costs, without a model.
struct DryRunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dry-run", abstract: "Tells guidance and model work of each step of a run with plugins.",
    discussion: """
      Example: moonstep plugin dry-run cfg_cutoff:cutoff_step_ratio=0.4 --steps 25

      A row is a picture that goes through the model: two a picture while guidance is on, one without.
      """)

  @Argument(
    help: ArgumentHelp("Plugins with their options, as of --callback.", valueName: "name[:key=value,...]"))
  var plugins: [String]

  @OptionGroup(title: "The run") var options: DryRunOptions

  @Flag(help: "Prints one JSON object.") var json = false

  func run() async throws {
    let listeners = RehearsalSignals.listen()
    defer { withExtendedLifetime(listeners) {} }
    let plugin = try await PluginReader().describe(PluginSpecification(plugins[0]).name, in: PluginRegistry())
    let rehearsal = try options.rehearsal(pipelines: plugin.pipelines)
    let isSilent = json
    let report = try await PluginBench().dryRun(
      plugins, rehearsal, log: { line in if !isSilent { try? StandardStream.error.write(line + "\n") } })
    for warning in report.warnings { try StandardStream.error.write("moonstep: warning: \(warning)\n") }
    let sheet = DryRunSheet(report)
    try StandardStream.output.write(json ? sheet.json.text + "\n" : sheet.text)
  }
}
