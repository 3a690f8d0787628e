internal import ArgumentParser
internal import Foundation
internal import MoonCommand
internal import MoonHost
internal import MoonPlugins

/// What plugins there are, and what they say of themselves.
struct PluginCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plugin", abstract: "Lists plugins and tells what they are.",
    discussion: """
      Plugins are looked for in ./plugins, the folders in MOONSTEP_PLUGIN_PATH, moonstep/plugins in XDG_DATA_HOME, and \
      among the bundled ones; the first of a name wins.
      """,
    subcommands: [ListCommand.self, InfoCommand.self])

  /// Every plugin that is found by its id.
  struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "Lists the plugins that are found by their ids.")

    func run() async throws {
      let registry = PluginRegistry()
      let reader = PluginReader()
      for (id, _, path) in registry.installed() {
        let line: String
        do {
          let plugin = try await reader.describe(path, in: registry)
          let summary = plugin.texts.first { $0.name == "summary" }?.text ?? ""
          line = "\(id)\t\(plugin.version)\t\(PluginText.escaped(path))\t\(PluginText.escaped(summary))"
        } catch {
          line = "\(PluginText.escaped(id))\t-\t\(PluginText.escaped(path))\tdoes not load: \(error)"
        }
        try StandardStream.output.write(line + "\n")
      }
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
