internal import MoonHost

/// A report about one plugin of a sheet.
protocol SheetEntry {
  /// Whether nothing failed.
  var isOK: Bool { get }
  /// The report as one object.
  var json: JSONText { get }
}

extension Array where Element: SheetEntry {
  /// Whether nothing failed in any of them.
  var areOK: Bool { allSatisfy(\.isOK) }

  /// The sheet as one object.
  var json: JSONText { .object([.init("ok", .bool(areOK)), .init("plugins", .array(map(\.json)))]) }
}

extension PluginFailure {
  /// The sentence and the line of source that it names, as they stand below a plugin.
  var indented: String {
    let lines = excerpt?.split(separator: "\n", omittingEmptySubsequences: false) ?? []
    return "    \(description)\n" + lines.map { "    \($0)\n" }.joined()
  }

  /// The failure as one object.
  var json: JSONText {
    .object([.init("message", .string(description)), .init("excerpt", excerpt.map { .string($0) } ?? .null)])
  }
}
