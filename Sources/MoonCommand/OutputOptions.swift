internal import ArgumentParser

/// Options that say where the results go, and what is told.
package struct OutputOptions: ParsableArguments {
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The picture to make or to replace; several become NAME-0.png, NAME-1.png, ... Plugins save to NAME_plugins/.",
      valueName: "file.png"))
  package var output = "out.png"

  @Flag(help: "Prints one JSON object about the run.")
  package var json = false

  @Flag(help: "Tells nothing but warnings and errors.")
  package var quiet = false

  /// Options with their defaults, to be parsed.
  package init() {}

  /// Checks the names.
  ///
  /// - Throws: `ValidationError` that names the option.
  package func validate() throws {
    do { _ = try OutputNames(output) } catch { throw ValidationError("\(error)") }
  }

  /// Tells of what was made on standard output, as one JSON object or as a summary for people.
  ///
  /// - Throws: What writing throws.
  package func tell(json report: JSONText, summary: String) throws {
    if json {
      try StandardStream.output.write(report.text + "\n")
    } else if !quiet {
      try StandardStream.output.write(summary)
    }
  }
}
