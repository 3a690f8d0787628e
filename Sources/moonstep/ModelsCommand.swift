internal import ArgumentParser
internal import Foundation
internal import MoonCommand
internal import MoonPipelines
internal import MoonTensor
internal import MoonText

/// What a model is, without loading its weights.
struct ModelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models", abstract: "Looks into models without loading their weights.",
    subcommands: [InspectCommand.self, TokensCommand.self])

  /// Kind, sizes, types, scheduler, and the tensors on offer to plugins.
  struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "inspect",
      abstract: "Tells a model's kind, sizes, types and scheduler, and the tensors on offer to plugins.")

    @Argument(help: "The model: a diffusers folder, or any safetensors file.") var path: String
    @Option(help: ArgumentHelp("Weights to prefer where the model has several.", valueName: "name"))
    var variant: String?

    func validate() throws {
      if path.isEmpty { throw ValidationError("The model's path is empty") }
    }

    func run() throws {
      try StandardStream.output.write(ModelInspection(contentsOf: URL(literalPath: path), variant: variant).text)
    }
  }

  /// What the tokenizer makes of a text.
  struct TokensCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "tokens", abstract: "Tells the tokens that a model reads in a text.")

    @Argument(help: "The model: a diffusers folder, or a checkpoint in one file.") var path: String
    @Argument(help: "The text.") var text: String
    @Flag(help: "Prints one JSON object: ids (padded to the model's length), tokens, and how many are cut off.")
    var json = false

    func validate() throws {
      if path.isEmpty { throw ValidationError("The model's path is empty") }
    }

    func run() throws {
      let tokens = try ModelSource(URL(literalPath: path)).tokenizers()[0].tokenizer.encode(text)
      let list = TokenList(tokens)
      try StandardStream.output.write(json ? list.json.text + "\n" : list.text)
    }
  }
}
