internal import ArgumentParser
internal import Foundation

/// The option that shows pictures while they are made.
package struct PreviewOptions: ParsableArguments {
  @Option(
    name: .customLong("preview"), defaultAsFlag: PreviewChoice.auto.rawValue, parsing: .next,
    help: ArgumentHelp(
      """
      Shows the picture so far above the progress line, and the finished one at the end: as a picture on terminals like \
      kitty and iTerm2, else out of coloured characters. Nothing where standard error is no terminal.
      """, valueName: "auto|kitty|iterm|blocks|off"))
  private var value: String?

  /// What was chosen; `nil` without the option.
  package var preview: PreviewChoice? { value.flatMap { PreviewChoice(rawValue: $0) } }

  /// Options with their defaults, to be parsed.
  package init() {}

  /// Checks the choice.
  ///
  /// - Throws: `ValidationError`.
  package func validate() throws {
    guard let value, preview == nil else { return }
    let choices = PreviewChoice.allCases.map(\.rawValue).joined(separator: ", ")
    throw ValidationError("--preview: '\(value)' is none of \(choices)")
  }

  /// How pictures so far are shown on standard error; `nil` for none.
  ///
  /// - Parameter isQuiet: Whether nothing but warnings and errors is to be told.
  /// - Returns: The style.
  package func style(isQuiet: Bool) -> PreviewStyle? {
    if isQuiet { return nil }
    return preview?.style(
      environment: ProcessInfo.processInfo.environment, isTerminal: StandardStream.error.isTerminal)
  }
}
