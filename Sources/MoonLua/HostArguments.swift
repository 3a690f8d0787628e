/// The arguments of a host function with the checks that most need. Positions count as the script writes them: from 1, the
/// handle before a colon not included.
package struct HostArguments {
  private let values: [LuaValue]
  private let first: Int

  /// The arguments of a function, or of a method, whose handle comes first in `values`.
  package init(_ values: [LuaValue], isMethod: Bool = false) {
    self.values = values
    first = isMethod ? 1 : 0
  }

  /// How many there are; trailing `nil` counts.
  package var count: Int { max(values.count - first, 0) }

  /// The argument at a position; `nil` as a Lua value past the last.
  package subscript(position: Int) -> LuaValue {
    let index = position - 1 + first
    return values.indices.contains(index) ? values[index] : .nil
  }

  /// A number.
  ///
  /// - Parameter position: Which argument.
  /// - Returns: Its value; strings are not converted.
  /// - Throws: `HostError.argument`.
  package func number(_ position: Int) throws(HostError) -> Double {
    guard let number = self[position].asNumber else { throw wrongType(position, wanted: "number") }
    return number
  }

  /// A whole number.
  ///
  /// - Parameter position: Which argument.
  /// - Returns: Its value; a float without a fraction will do.
  /// - Throws: `HostError.argument`.
  package func integer(_ position: Int) throws(HostError) -> Int {
    if let integer = self[position].asInteger { return integer }
    if self[position].asNumber != nil { throw .argument(position, "number has no integer representation") }
    throw wrongType(position, wanted: "number")
  }

  /// A text in UTF-8.
  ///
  /// - Parameter position: Which argument.
  /// - Returns: Its value.
  /// - Throws: `HostError.argument`.
  package func text(_ position: Int) throws(HostError) -> String {
    guard case .string(let string) = self[position] else { throw wrongType(position, wanted: "string") }
    guard let text = string.text else { throw .argument(position, "text is not UTF-8") }
    return text
  }

  /// A truth value.
  ///
  /// - Parameter position: Which argument.
  /// - Returns: Its value; other values are not converted.
  /// - Throws: `HostError.argument`.
  package func boolean(_ position: Int) throws(HostError) -> Bool {
    guard let boolean = self[position].asBoolean else { throw wrongType(position, wanted: "boolean") }
    return boolean
  }

  /// A table.
  ///
  /// - Parameter position: Which argument.
  /// - Returns: Its copy.
  /// - Throws: `HostError.argument`.
  package func table(_ position: Int) throws(HostError) -> LuaTable {
    guard let table = self[position].asTable else { throw wrongType(position, wanted: "table") }
    return table
  }

  /// The error for an argument of the wrong type, in Lua's words.
  package func wrongType(_ position: Int, wanted: String) -> HostError {
    let found = position > count ? "no value" : self[position].typeName
    return .argument(position, "\(wanted) expected, got \(found)")
  }
}
