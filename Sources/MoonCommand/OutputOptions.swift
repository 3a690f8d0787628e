package import ArgumentParser
internal import Foundation

/// Options that say where the results go, and what is told.
package struct OutputOptions: ParsableArguments {
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The picture to make or to replace; several become NAME-0.png, NAME-1.png, ... Plugins save to NAME_plugins/.",
      valueName: "file.png"))
  package var output = "out.png"

  @Option(
    help: ArgumentHelp(
      "Writes the final latents and the decoder's output, as float32.", valueName: "file.safetensors"))
  package var saveLatents: String?

  @Option(
    help: ArgumentHelp(
      "Writes what a replay of the run needs, for plugin test and plugin dry-run.", valueName: "file.safetensors"))
  package var recordTrace: String?

  @Flag(help: "Prints one JSON object about the run.")
  package var json = false

  @Flag(help: "Tells nothing but warnings and errors.")
  package var quiet = false

  @Option(
    defaultAsFlag: PreviewChoice.auto, parsing: .next,
    help: ArgumentHelp(
      """
      Shows the picture so far above the progress line, and the finished one at the end: as a picture on terminals like \
      kitty and iTerm2, else out of coloured characters. Nothing where standard error is no terminal.
      """, valueName: "auto|kitty|iterm|blocks|off"))
  package var preview: PreviewChoice?

  /// Options with their defaults, to be parsed.
  package init() {}

  /// How pictures so far are shown on standard error; `nil` for none.
  package var previewStyle: PreviewStyle? {
    if quiet { return nil }
    return preview?.style(
      environment: ProcessInfo.processInfo.environment, isTerminal: StandardStream.error.isTerminal)
  }

  /// Checks the names.
  ///
  /// - Throws: `ValidationError` that names the option.
  package func validate() throws {
    do { _ = try OutputNames(output) } catch { throw ValidationError("\(error)") }
    for case (let option, let path?) in [("--save-latents", saveLatents), ("--record-trace", recordTrace)]
    where !path.lowercased().hasSuffix(".safetensors") {
      throw ValidationError("\(option): '\(path)' does not end in .safetensors")
    }
    if let saveLatents, saveLatents == recordTrace {
      throw ValidationError("--record-trace: '\(saveLatents)' is the file of --save-latents")
    }
  }
}
