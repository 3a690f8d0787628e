internal import ArgumentParser
internal import MoonCommand

/// Writes a plugin to start from.
struct NewPluginCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "new", abstract: "Writes a commented plugin that works, with tests; replaces nothing.")

  @Argument(help: ArgumentHelp("Its id: a small letter, then small letters, digits and _.", valueName: "name"))
  var name: String

  @Flag(help: "Writes a folder with several files instead of one file.") var folder = false

  @Option(name: .shortAndLong, help: ArgumentHelp("Where it is written to.", valueName: "dir"))
  var output = "."

  func validate() throws { try PathCheck.requireNames(["--output": [output]]) }

  func run() throws {
    let plugin = try NewPlugin(name, isFolder: folder)
    try plugin.write(to: output)
    try StandardStream.output.write(
      "\(plugin.path(in: output)): see what it does with 'moonstep plugin test \(plugin.path(in: output))'\n")
  }
}

/// Writes what editors and luacheck want to know of the API.
struct StubsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stubs", abstract: "Writes annotations for editors, and settings of lua-language-server and luacheck.",
    discussion: "The files are meta/moonstep.lua, .luarc.json and .luacheckrc; those of these names are replaced.")

  @Argument(help: ArgumentHelp("The folder with your plugins.", valueName: "dir")) var folder: String

  func validate() throws {
    if folder.isEmpty { throw ValidationError("The folder's path is empty") }
  }

  func run() throws {
    for path in try AuthorFiles.write(to: folder) { try StandardStream.output.write(path + "\n") }
  }
}
