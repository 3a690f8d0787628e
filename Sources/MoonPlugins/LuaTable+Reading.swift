package import MoonLua

extension LuaTable {
  /// All entries, the list part under its numbers.
  package var entries: [(key: LuaValue, value: LuaValue)] {
    list.enumerated().map { (.integer(Int64($0.offset) + 1), $0.element) } + fields.map { ($0.key, $0.value) }
  }

  /// The values, when there are no other keys than 1, 2, 3, ...
  package var pureList: [LuaValue]? { fields.isEmpty ? list : nil }
}

extension LuaValue {
  /// A number that is neither NaN nor infinite.
  package var finiteNumber: Double? { asNumber.flatMap { $0.isFinite ? $0 : nil } }
}
