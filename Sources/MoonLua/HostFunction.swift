/// A Swift closure that scripts call. It runs while Lua waits, may not call back into the sandbox, and ends a long piece of
/// work as soon as `LuaSandbox.shouldStop` is true: the script is ended then, whatever the closure returns.
package typealias HostFunction = ([LuaValue]) throws(HostError) -> [LuaValue]

/// A kind of handle: what scripts can do with one. Methods and operators get the handle like any other argument.
package struct HandleType {
  /// The number that `LuaHandle.kind` has; each type its own.
  package var kind: UInt16
  /// The name that error texts use: `Tensor`.
  package var name: String
  /// `handle:name(...)`. The handle is the first argument and is of this kind for certain.
  package var methods: [String: HostFunction] = [:]
  /// `handle.name` for every key that is no method; gets the handle and the key. Without it such a key is nil.
  package var getter: HostFunction?
  /// `handle.name = value`; gets the handle, the key and the value. Without it an assignment is an error.
  package var setter: HostFunction?
  /// Operators by their event: `"__add"`, `"__len"`, `"__tostring"`, `"__eq"`, `"__call"`, ... The handle may be either
  /// operand. `"__pairs"` gets the handle and returns one table to walk through. Without `"__eq"` two handles of the same
  /// kind and number are equal. `__index`, `__newindex`, `__gc`, `__close`, `__metatable` and `__name` are not for the host.
  package var operators: [String: HostFunction] = [:]

  package init(kind: UInt16, name: String) {
    self.kind = kind
    self.name = name
  }
}

/// Where `require` of a folder plugin finds its modules.
package protocol LuaModuleSource {
  /// The source of the module `name`, which is plain words with dots between them.
  ///
  /// - Parameter name: As given to `require`, checked already.
  /// - Returns: The source, or nil when there is no such module.
  /// - Throws: `HostError.message` when the file is there and cannot be used.
  func source(ofModule name: String) throws(HostError) -> [UInt8]?
}
