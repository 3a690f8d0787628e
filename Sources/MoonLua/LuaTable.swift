/// A copy of a script's table, made by raw access: the list part, then everything else in Lua's own order.
package struct LuaTable: Equatable {
  /// One entry outside the list part.
  package struct Field: Equatable {
    package var key: LuaValue
    package var value: LuaValue

    package init(key: LuaValue, value: LuaValue) {
      self.key = key
      self.value = value
    }
  }

  /// The values at 1, 2, 3, ...
  package var list: [LuaValue]
  /// The other entries. Their order is Lua's, which differs from run to run: sort before it matters.
  package var fields: [Field]

  package init(list: [LuaValue] = [], fields: [Field] = []) {
    self.list = list
    self.fields = fields
  }

  /// A table of named fields.
  package init(_ named: KeyValuePairs<String, LuaValue>) {
    list = []
    fields = named.map { Field(key: .string($0.key), value: $0.value) }
  }

  /// The value under a name; `nil` as a Lua value when there is none.
  package subscript(name: String) -> LuaValue {
    get { fields.first { $0.key == .string(name) }?.value ?? .nil }
    set {
      let key = LuaValue.string(name)
      if let index = fields.firstIndex(where: { $0.key == key }) {
        fields[index].value = newValue
      } else {
        fields.append(Field(key: key, value: newValue))
      }
    }
  }
}
