internal import ArgumentParser
internal import MoonCommand
internal import MoonHost
internal import MoonPlugins

/// What plugins there are, what they say of themselves, and tools for those who write them.
struct PluginCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plugin", abstract: "Lists plugins, tells what they are, and helps to write them.",
    discussion: """
      Plugins are looked for in ./plugins, the folders in MOONSTEP_PLUGIN_PATH, moonstep/plugins in XDG_DATA_HOME, and \
      among the bundled ones; the first of a name wins. None of these commands needs a model.
      """,
    subcommands: [
      ListCommand.self, InfoCommand.self, NewPluginCommand.self, CheckPluginCommand.self, TestPluginCommand.self,
      DryRunCommand.self, StubsCommand.self,
    ])

  /// Every plugin that is found by its id.
  struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "Lists the plugins that are found by their ids.")

    func run() async throws {
      let registry = PluginRegistry()
      let reader = PluginReader()
      var table = TextTable([.left, .left, .left, .left])
      table.add(["id", "version", "file", "summary"])
      for (id, _, path) in registry.installed() {
        do {
          let plugin = try await reader.describe(path, in: registry)
          let summary = plugin.texts.first { $0.name == "summary" }?.text ?? ""
          table.add([PluginText.escaped(id), plugin.version, PluginText.escaped(path), PluginText.escaped(summary)])
        } catch {
          table.add([PluginText.escaped(id), "-", PluginText.escaped(path), "does not load: \(error)"])
        }
      }
      try StandardStream.output.write(table.text)
    }
  }

  /// One plugin's declaration.
  struct InfoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "info", abstract: "Tells what a plugin declares: its options, hooks and tensors.")

    @Argument(help: ArgumentHelp("The plugin's id or file.", valueName: "id")) var name: String

    func run() async throws {
      let plugin = try await PluginReader().describe(name, in: PluginRegistry())
      try StandardStream.output.write(PluginSheet(plugin).text)
    }
  }
}
