import CLua

extension LuaSandbox {
  /// Where a function of the script begins: its file, as error texts name it, and the line; nil for one that is no
  /// function of this script, and while a call is running.
  package func place(of function: LuaFunction) -> LuaError.Frame? {
    guard let pointer = unsafe state.pointer, function.belongs(to: state) else { return nil }
    var line: Int32 = 0
    guard let source = unsafe moon_function_place(pointer, function.reference, &line) else { return nil }
    return unsafe LuaError.Frame(source: LuaText.shown(String(cString: source)), line: Int(line))
  }
}
