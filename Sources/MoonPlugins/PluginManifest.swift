package import MoonLua

/// What a plugin says of itself, checked.
package struct PluginManifest {
  /// The API version of this host.
  package static let hostAPI = 1

  /// The moments at which a plugin is called.
  package enum Hook: String, Sendable, CaseIterable {
    case runBegin = "on_run_begin"
    case stepBegin = "on_step_begin"
    case guidance = "on_guidance"
    case stepEnd = "on_step_end"
    case runEnd = "on_run_end"
  }

  package private(set) var id: String = ""
  package private(set) var version: String = "0"
  package private(set) var license: String = ""
  package private(set) var summary: String = ""
  package private(set) var author: String = ""
  package private(set) var homepage: String = ""
  package private(set) var tags: [String] = []
  /// Pipelines that it fits: `sd`, `sdxl`.
  package private(set) var pipelines: [String] = ["sd", "sdxl"]
  /// Names of the tensors that `kwargs` holds; `nil` for every name on offer.
  package private(set) var tensorInputs: [String]?
  package private(set) var options: [OptionDeclaration] = []
  package private(set) var hooks: [Hook: LuaFunction] = [:]
  /// Its tests, which nothing but `moonstep plugin test` runs, by name.
  package private(set) var tests: [(name: String, function: LuaFunction)] = []

  /// Checks what a plugin file returned.
  ///
  /// - Parameters:
  ///   - value: A function (the callback of the reference's guide) or a table.
  ///   - plugin: The plugin as messages name it.
  ///   - fileStem: The file's name without its ending; the id of a bare function.
  /// - Throws: `PluginError.badDeclaration`, naming the key.
  package init(_ value: LuaValue, plugin: String, fileStem: String) throws(PluginError) {
    let reader = DeclarationReader(plugin: plugin)
    if case .function(let function) = value {
      id = Self.identifier(fromFileStem: fileStem)
      hooks = [.stepEnd: function]
      return
    }
    guard case .table(let table) = value else {
      throw reader.refuse(
        "the file must return a function or a table, or define a global function 'callback'; it returned "
          + value.typeName)
    }
    let words = [
      "id", "version", "api", "license", "summary", "author", "homepage", "tags", "pipelines", "tensor_inputs",
      "options", "tests",
    ]
    try reader.checkKeys(of: table, allowed: words + Hook.allCases.map(\.rawValue), place: "the plugin's table")
    id = try Self.identifier(reader.text(table["id"], "'id'", required: true), reader)
    version = try Self.version(reader.text(table["version"], "'version'", required: true), reader)
    try Self.checkAPI(table["api"], reader)
    license = try reader.text(table["license"], "'license'", required: false) ?? ""
    summary = try reader.text(table["summary"], "'summary'", required: false) ?? ""
    author = try reader.text(table["author"], "'author'", required: false) ?? ""
    homepage = try reader.text(table["homepage"], "'homepage'", required: false) ?? ""
    tags = try reader.textList(table["tags"], "'tags'")
    let pipelines = try reader.textList(table["pipelines"], "'pipelines'")
    for name in pipelines where name != "sd" && name != "sdxl" {
      throw reader.refuse(
        "'pipelines': unknown pipeline '\(PluginText.escaped(name))'" + PluginText.hint(for: name, in: ["sd", "sdxl"]))
    }
    self.pipelines = pipelines.isEmpty ? ["sd", "sdxl"] : pipelines
    if !table["tensor_inputs"].isNil {
      tensorInputs = try reader.textList(table["tensor_inputs"], "'tensor_inputs'")
    }
    options = try Self.options(table["options"], reader)
    hooks = try Self.hooks(table, reader)
    tests = try Self.tests(table["tests"], plugin: plugin)
  }

  /// Checks a table of tests: names and functions.
  ///
  /// - Parameters:
  ///   - value: `tests` of a plugin's table, or what `test.lua` of a folder returned.
  ///   - plugin: The file as messages name it.
  /// - Returns: The tests by name; none where there is no table.
  /// - Throws: `PluginError.badDeclaration`.
  package static func tests(
    _ value: LuaValue, plugin: String
  ) throws(PluginError) -> [(name: String, function: LuaFunction)] {
    let reader = DeclarationReader(plugin: plugin)
    if case .nil = value { return [] }
    guard case .table(let table) = value else {
      throw reader.refuse("'tests' must be a table of functions, found \(value.typeName)")
    }
    if table.entries.count > 256 { throw reader.refuse("'tests' has more than 256 entries") }
    var tests: [(name: String, function: LuaFunction)] = []
    for (key, test) in table.entries {
      guard let name = key.asText, !name.isEmpty, name.utf8.count <= 200 else {
        throw reader.refuse("'tests': each test has a name of 1 to 200 bytes")
      }
      guard case .function(let function) = test else {
        throw reader.refuse("'tests': '\(PluginText.escaped(name))' must be a function, found \(test.typeName)")
      }
      tests.append((name, function))
    }
    return tests.sorted { $0.name < $1.name }
  }

  /// A file name turned into an id: lower case, other characters than letters and digits become `_`.
  package static func identifier(fromFileStem stem: String) -> String {
    let letters = stem.lowercased().unicodeScalars.prefix(64).map { scalar -> Character in
      scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)) ? Character(scalar) : "_"
    }
    return letters.first.map { $0.isLetter } == true ? String(letters) : "p_" + String(letters.prefix(62))
  }

  private static func identifier(_ text: String?, _ reader: DeclarationReader) throws(PluginError) -> String {
    let text = text ?? ""
    let scalars = text.unicodeScalars
    let isPlain = scalars.allSatisfy {
      ("a"..."z").contains($0) || ("0"..."9").contains($0) || $0 == "_"
    }
    guard isPlain, scalars.count <= 64, let first = scalars.first, ("a"..."z").contains(first) else {
      throw reader.refuse(
        "'id' is '\(PluginText.escaped(String(text.prefix(80))))'; it must be a small letter and up to 63 small letters, digits and _"
      )
    }
    return text
  }

  private static func version(_ text: String?, _ reader: DeclarationReader) throws(PluginError) -> String {
    let text = text ?? ""
    let isPlain = text.unicodeScalars.allSatisfy {
      $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || $0 == "." || $0 == "-" || $0 == "+")
    }
    guard isPlain, !text.isEmpty, text.utf8.count <= 64 else {
      throw reader.refuse(
        "'version' is '\(PluginText.escaped(String(text.prefix(80))))'; it must be like 1.0.0, up to 64 letters, digits, '.', '-' and '+'"
      )
    }
    return text
  }

  private static func checkAPI(_ value: LuaValue, _ reader: DeclarationReader) throws(PluginError) {
    if case .nil = value { throw reader.refuse("'api' is missing") }
    guard let number = value.asInteger, number >= 1 else {
      let found = value.asNumber.map { OptionDeclaration.shown($0) } ?? value.typeName
      throw reader.refuse("'api' must be a whole number from 1 on, found \(found)")
    }
    if number > hostAPI { throw reader.refuse(newerAPI(String(number))) }
  }

  /// The sentence for a plugin that is newer than the host.
  package static func newerAPI(_ wanted: String) -> String {
    "the plugin needs API \(wanted), this moonstep has API \(hostAPI)"
  }

  private static func options(
    _ value: LuaValue, _ reader: DeclarationReader
  ) throws(PluginError) -> [OptionDeclaration] {
    if case .nil = value { return [] }
    guard case .table(let table) = value else {
      throw reader.refuse("'options' must be a table, found \(value.typeName)")
    }
    if table.entries.count > 256 { throw reader.refuse("'options' has more than 256 entries") }
    var declarations: [OptionDeclaration] = []
    // A table has no order of its own: of several faults the same one is to be told each time.
    for (key, declaration) in table.entries.sorted(by: { ($0.key.asText ?? "") < ($1.key.asText ?? "") }) {
      guard let name = key.asText, isWord(name) else {
        throw reader.refuse(
          "'options': the name '\(PluginText.escaped(String((key.asText ?? key.typeName).prefix(80))))' is not a letter and up to 63 letters, digits and _"
        )
      }
      declarations.append(try OptionDeclaration(name, declaration, reader))
    }
    return declarations.sorted { $0.name < $1.name }
  }

  private static func isWord(_ name: String) -> Bool {
    let scalars = name.unicodeScalars
    guard let first = scalars.first, scalars.count <= 64 else { return false }
    return first.isASCII && (first.properties.isAlphabetic || first == "_")
      && scalars.allSatisfy { $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || $0 == "_") }
  }

  private static func hooks(
    _ table: LuaTable, _ reader: DeclarationReader
  ) throws(PluginError) -> [Hook: LuaFunction] {
    var hooks: [Hook: LuaFunction] = [:]
    for hook in Hook.allCases {
      switch table[hook.rawValue] {
      case .nil: continue
      case .function(let function): hooks[hook] = function
      case let other: throw reader.refuse("'\(hook.rawValue)' must be a function, found \(other.typeName)")
      }
    }
    if hooks.isEmpty {
      throw reader.refuse("the plugin has no hook; there are \(Hook.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return hooks
  }
}
