import ArgumentParser

/// Tries the promises of the sandbox and of the loaders, longer than the tests do.
@main struct MoonProof: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "moonproof", abstract: "Tries to break Moonstep, longer than its tests do.",
    subcommands: [
      CollectionCommand.self, OvershootCommand.self, RefusalsCommand.self, FuzzCommand.self, FuzzWorker.self,
    ])
}
