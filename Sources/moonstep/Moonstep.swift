internal import ArgumentParser
internal import Foundation
internal import MoonCommand
internal import MoonTensor

/// The command line.
@main struct Moonstep: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "moonstep",
    abstract: "Stable Diffusion with sandboxed Lua plugins between the denoising steps.",
    version: Product.version,
    subcommands: [
      GenerateCommand.self, SheetCommand.self, ModelsCommand.self, PluginCommand.self, ProfileCommand.self,
    ],
    defaultSubcommand: GenerateCommand.self)

  static func main() async {
    _ = MatrixProduct.isSingleThreaded
    // A reader that goes away must not end the run before its pictures are written.
    signal(SIGPIPE, SIG_IGN)
    MemoryExhaustion.setHandler { byteCount in
      let megabytes = (byteCount + (1 << 20) - 1) >> 20
      let failure = CommandFailure(
        .failed,
        "there is no memory for \(megabytes) MiB more: fewer pictures, a smaller size or --low-memory take less")
      try? StandardStream.error.write(failure.text)
      _exit(failure.status.rawValue)
    }
    Foundation.exit(await run(ArgumentBytes.ofProcess))
  }

  /// Runs the command that the arguments name, and gives the status to end with.
  private static func run(_ arguments: [[UInt8]]) async -> Int32 {
    let texts: [String]
    var command: any ParsableCommand
    do {
      texts = CommandWords.separatingEmptyValues(try ArgumentBytes.texts(arguments))
      try CommandWords.checkSubcommands(texts, of: Moonstep.self)
    } catch {
      return tell(CommandFailure(error))
    }
    do {
      command = try parseAsRoot(texts)
    } catch {
      return tell(parsing: error, of: texts)
    }
    do {
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
      return CommandStatus.done.rawValue
    } catch  where exitCode(for: error) == .success {
      return tell(parsing: error, of: texts)
    } catch {
      return tell(CommandFailure(error))
    }
  }

  private static func tell(_ failure: CommandFailure) -> Int32 {
    if !failure.text.isEmpty { try? StandardStream.error.write(failure.text) }
    return failure.status.rawValue
  }

  /// Help and version go to standard output; an error is one sentence, and where to read on unless it names an option
  /// whose value is wrong.
  private static func tell(parsing error: any Error, of arguments: [String]) -> Int32 {
    let code = exitCode(for: error)
    if code == .success {
      do { try StandardStream.output.write(fullMessage(for: error) + "\n") } catch {
        return tell(CommandFailure(error))
      }
      return code.rawValue
    }
    var command: any ParsableCommand.Type = Self.self
    var names: [String] = []
    for argument in arguments {
      let subcommands = command.configuration.subcommands
      guard let next = subcommands.first(where: { $0.configuration.commandName == argument }) else { break }
      command = next
      names.append(argument)
    }
    let named = names.isEmpty ? "generate" : names.joined(separator: " ")
    let message = message(for: error)
    let hint = message.hasPrefix("--") ? "" : "See 'moonstep \(named) --help' for the options.\n"
    try? StandardStream.error.write("moonstep: \(message)\n\(hint)")
    return code.rawValue
  }
}
