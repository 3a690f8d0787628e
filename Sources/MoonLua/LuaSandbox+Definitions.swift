import CLua

/// What scripts find beside the language: all of it is defined before the script is loaded.
extension LuaSandbox {
  /// Defines a function in a global table that scripts can read only; the table is made when it is missing.
  ///
  /// - Parameters:
  ///   - table: The global's name, for instance `moon`.
  ///   - name: The function's name, also in error texts.
  ///   - function: What runs.
  /// - Throws: `LuaError` when the state is closed or memory is out.
  package func define(table: String, name: String, function: @escaping HostFunction) throws(LuaError) {
    let pointer = unsafe try open()
    try unsafe check(moon_define_function(pointer, table, name, add(function)))
  }

  /// Defines a constant in a global table that scripts can read only.
  ///
  /// - Parameters:
  ///   - table: The global's name.
  ///   - name: The constant's name.
  ///   - value: Its value; a table stays writable for the script.
  /// - Throws: `LuaError` when the state is closed or memory is out.
  package func define(table: String, name: String, value: LuaValue) throws(LuaError) {
    let pointer = unsafe try open()
    var list = unsafe writer.list([value]) { count($0) }
    try unsafe check(moon_define_value(pointer, table, name, &list))
  }

  /// Defines a kind of handle.
  ///
  /// - Parameter type: Its number, name, methods and operators.
  /// - Throws: `LuaError` when the state is closed or memory is out.
  package func defineHandleType(_ type: HandleType) throws(LuaError) {
    let pointer = unsafe try open()
    try unsafe check(moon_define_type(pointer, type.kind, type.name))
    for (name, function) in type.methods {
      try unsafe check(moon_define_member(pointer, type.kind, MOON_METHOD, name, add(function)))
    }
    if let getter = type.getter {
      try unsafe check(moon_define_member(pointer, type.kind, MOON_GETTER, "index", add(getter)))
    }
    if let setter = type.setter {
      try unsafe check(moon_define_member(pointer, type.kind, MOON_SETTER, "newindex", add(setter)))
    }
    for (event, function) in type.operators {
      precondition(Self.operatorEvents.contains(event), "\(event) is not an operator of a handle type")
      try unsafe check(moon_define_member(pointer, type.kind, MOON_METAMETHOD, event, add(function)))
    }
  }

  private static let operatorEvents: Set<String> = [
    "__add", "__sub", "__mul", "__div", "__mod", "__pow", "__unm", "__idiv", "__len", "__eq", "__lt", "__le", "__call",
    "__tostring", "__pairs",
  ]

  /// Numbers a closure for C.
  private func add(_ function: @escaping HostFunction) -> Int32 {
    functions.append(function)
    return Int32(clamping: functions.count - 1)
  }
}
