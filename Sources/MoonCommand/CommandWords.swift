package import ArgumentParser
internal import MoonPlugins
internal import MoonTensor

/// What is looked at in the words of a command line before its options are read.
package enum CommandWords {
  /// The words with `--option=` as the option and an empty text, which the parser takes for an option without a value.
  package static func separatingEmptyValues(_ words: [String]) -> [String] {
    // Behind `--` and in a prompt's place there is no option to be seen.
    let end = words.firstIndex(of: "--") ?? words.count
    return words[..<end].flatMap { word in
      word.wholeMatch(of: /--[a-z0-9]+(-[a-z0-9]+)*=/) == nil ? [word] : [String(word.dropLast()), ""]
    } + words[end...]
  }

  /// Refuses a word in the place of a subcommand that is none.
  ///
  /// - Parameters:
  ///   - words: The words of the command line, without the program's name.
  ///   - root: The program's command.
  /// - Throws: `CommandFailure` with the word, and the nearest subcommand where it looks like a slip.
  package static func checkSubcommands(_ words: [String], of root: any ParsableCommand.Type) throws {
    var command = root
    var path = [root.configuration.commandName ?? ""]
    var words = words[...]
    if words.first == "help" { words = words.dropFirst() }
    while let word = words.first, !word.hasPrefix("-"), !command.configuration.subcommands.isEmpty {
      let names = command.configuration.subcommands.compactMap { $0.configuration.commandName }
      guard let next = command.configuration.subcommands.first(where: { $0.configuration.commandName == word }) else {
        throw CommandFailure(
          .usage,
          "'\(word.shown)' is no command of \(path.joined(separator: " "))"
            + PluginText.hint(for: word, in: names))
      }
      path.append(word)
      command = next
      words = words.dropFirst()
    }
  }
}
