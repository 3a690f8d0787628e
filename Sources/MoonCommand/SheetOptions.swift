package import ArgumentParser
internal import MoonPlugins
internal import MoonTensor

/// Options that say what a sheet shows.
package struct SheetOptions: ParsableArguments {
  @Option(
    name: .customLong("x"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      """
      What changes from column to column: a parameter by its name in diffusers (guidance_scale=1,3,5), an option of a \
      plugin (final=1,2 or guidance_ramp.final=1,2), or plugin=NAME,NAME,none. Where commas belong to a value, repeat \
      the option once for each value.
      """, valueName: "name=value,..."), transform: AxisText.reading)
  package var x: [AxisText]

  @Option(
    name: .customLong("y"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp("What changes from row to row, likewise.", valueName: "name=value,..."),
    transform: AxisText.reading)
  package var y: [AxisText] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Shows each pixel as so many along each side; by default as many as make the shortest side at least 128.",
      valueName: "n"))
  package var zoom: Int?

  @Option(
    defaultAsFlag: CaptionList([.seconds]),
    help: ArgumentHelp(
      "What stands below each picture: \(CaptionList.Part.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "part,..."))
  package var captions: CaptionList?

  /// Options with their defaults, to be parsed.
  package init() {}

  /// Checks zoom and captions.
  ///
  /// - Throws: `ValidationError` that names the option.
  package func validate() throws {
    if let zoom, !(1...64).contains(zoom) { throw ValidationError("--zoom: \(zoom) is outside 1..64") }
    if let name = captions?.unknown {
      let names = CaptionList.Part.allCases.map(\.rawValue)
      throw ValidationError("--captions: there is no '\(name.shown)'" + PluginText.hint(for: name, in: names))
    }
  }

  /// The axes.
  ///
  /// - Throws: `CommandFailure` that names the option.
  package func axes() throws -> (x: SheetAxis, y: SheetAxis?) {
    (try SheetAxis(x, option: "--x"), y.isEmpty ? nil : try SheetAxis(y, option: "--y"))
  }
}
