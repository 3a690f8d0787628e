internal import ArgumentParser
internal import MoonTensor

/// What changes along one side of a sheet: a name and its values, from texts such as `guidance_scale=1,3,5`.
package struct SheetAxis: Sendable, Equatable {
  /// The option that gave it: `--x` or `--y`.
  package let option: String
  /// The parameter or plugin option.
  package let name: String
  /// Its values as texts, at least one.
  package let values: [String]
  /// Whether each value was given by an option of its own.
  private let isRepeated: Bool

  /// Reads an axis.
  ///
  /// Given once, commas part the values. Given several times for the same name, each text is one value, commas
  /// included.
  ///
  /// - Parameters:
  ///   - texts: `NAME=VALUE,VALUE...`, or `NAME=VALUE` several times; at least one.
  ///   - option: The option that gave them.
  /// - Throws: `CommandFailure` that names the option.
  package init(_ texts: [AxisText], option: String) throws {
    self.option = option
    let names = texts.map(\.name)
    name = names[0]
    if let other = names.first(where: { $0 != names[0] }) {
      throw CommandFailure(
        .usage, "\(option): an axis has one name, but '\(name.shown)' and '\(other.shown)' are given")
    }
    isRepeated = texts.count > 1
    values =
      isRepeated
      ? texts.map(\.value)
      : texts[0].value.split(separator: ",", omittingEmptySubsequences: false).map(\.trimmed)
  }

  /// How the axis is told with one of its values: `--x guidance_scale=3`.
  package func text(_ value: String) -> String { "\(option) \(name)=\(value.shown)" }

  /// The failure for a value that is not of the right kind.
  package func refusal(_ value: String, kind: String) -> CommandFailure {
    let hint = isRepeated && value.contains(",") ? "; where \(option) is repeated, each gives one value" : ""
    return CommandFailure(.usage, "\(option) \(name): '\(value.shown)' is not \(kind)\(hint)")
  }
}

/// One text of `--x` or `--y`.
package struct AxisText: TextForm, Sendable, Equatable {
  package static let form = "a name, an equals sign and values"

  /// What changes.
  package let name: String
  /// Its values, or one of them.
  package let value: String

  /// Reads `NAME=VALUES`; `nil` without `=` or without a name.
  package init?(argument: String) {
    guard let sign = argument.firstIndex(of: "=") else { return nil }
    name = argument[..<sign].trimmed
    value = argument[argument.index(after: sign)...].trimmed
    if name.isEmpty { return nil }
  }
}
