internal import ArgumentParser
internal import MoonCommand
internal import MoonHost

/// Checks plugins without a model.
struct CheckPluginCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Checks declarations, and runs every hook on small runs of each kind.",
    discussion: """
      The runs are rehearsals: the real loop and schedulers, with a stand-in for the model. There are runs from text, \
      from pictures, inpainting, with ControlNets and IP-Adapters, of one picture and two, with guidance and without, \
      of one step and several, and with the ends of each option's range. Exit codes: 0 all is well, 3 a plugin failed, \
      64 bad usage.
      """)

  @Argument(help: ArgumentHelp("Plugins: ids, files, or folders of one or of several.", valueName: "file"))
  var names: [String]

  @Flag(help: "Prints one JSON object.") var json = false

  func run() async throws {
    let listeners = RehearsalSignals.listen()
    defer { withExtendedLifetime(listeners) {} }
    let bench = PluginBench()
    var reports: [PluginCheckReport] = []
    for name in try PluginFiles.expanded(names) { reports.append(try await bench.check(name)) }
    let sheet = CheckSheet(reports)
    try StandardStream.output.write(json ? sheet.json.text + "\n" : sheet.text)
    if !sheet.isOK { throw CommandFailure(.pluginFailed, "") }
  }
}
