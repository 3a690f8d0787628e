package import ArgumentParser

/// Options that keep more of a run than its pictures.
package struct RecordingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Writes the final latents and the decoder's output, as float32.", valueName: "file.safetensors"))
  package var saveLatents: String?

  @Option(
    help: ArgumentHelp(
      "Writes what a replay of the run needs, for plugin test and plugin dry-run.", valueName: "file.safetensors"))
  package var recordTrace: String?

  /// Options with their defaults, to be parsed.
  package init() {}

  /// Checks the names.
  ///
  /// - Throws: `ValidationError` that names the option.
  package func validate() throws {
    for case (let option, let path?) in [("--save-latents", saveLatents), ("--record-trace", recordTrace)]
    where !path.lowercased().hasSuffix(".safetensors") {
      throw ValidationError("\(option): '\(path)' does not end in .safetensors")
    }
    if let saveLatents, saveLatents == recordTrace {
      throw ValidationError("--record-trace: '\(saveLatents)' is the file of --save-latents")
    }
  }
}
