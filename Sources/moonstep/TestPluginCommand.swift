internal import ArgumentParser
internal import Foundation
internal import MoonCommand
internal import MoonHost
internal import MoonPipelines
internal import MoonTensor

/// Runs the tests that plugins bring along.
struct TestPluginCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test", abstract: "Runs the tests of plugins: the field tests of their tables, test.lua in folders.",
    discussion: """
      A test is a function that is given t: t:run{...} runs the plugin without a model and returns what happened, \
      t:expect and its kin say what should have. Exit codes: 0 all passed, 3 a test failed, 64 bad usage, 65 bad trace.
      """)

  @Argument(help: ArgumentHelp("Plugins: ids, files, or folders of one or of several.", valueName: "file"))
  var names: [String]

  @Option(
    help: ArgumentHelp(
      "A run that generate --record-trace has recorded, for the tests to replay; by default a stand-in for a model.",
      valueName: "file"))
  var trace: String?

  @Flag(help: "Prints one JSON object.") var json = false

  func validate() throws { try PathCheck.requireNames(["--trace": [trace].compactMap(\.self)]) }

  func run() async throws {
    let recorded = try trace.map { try RunTrace(contentsOf: URL(literalPath: $0)) }
    let listeners = RehearsalSignals.listen()
    defer { withExtendedLifetime(listeners) {} }
    let bench = PluginBench()
    var reports: [PluginTestReport] = []
    for name in try PluginFiles.expanded(names) { reports.append(try await bench.test(name, trace: recorded)) }
    let sheet = TestSheet(reports)
    try StandardStream.output.write(json ? sheet.json.text + "\n" : sheet.text)
    if !sheet.isOK { throw CommandFailure(.pluginFailed, "") }
  }
}
