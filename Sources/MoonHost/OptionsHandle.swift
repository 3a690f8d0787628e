internal import MoonLua
internal import MoonPlugins

/// The handle type of `pipe.options`: each declared option by its name, nil where it has no value.
struct OptionsHandle {
  /// The one handle that plugins get.
  static var value: LuaValue { .handle(LuaHandle(kind: PluginContext.Kind.options, id: 1)) }

  let context: PluginContext

  /// The handle's type.
  func type(_ guarded: (@escaping (HostArguments) throws -> HostReply, String) -> HostFunction) -> HandleType {
    var type = HandleType(kind: PluginContext.Kind.options, name: "options")
    type.getter = guarded(
      { arguments in
        guard let name = arguments[2].asName, context.optionNames.contains(name) else {
          let isText = if case .string = arguments[2] { true } else { false }
          throw HostError.message(
            "the plugin declares no option "
              + (isText ? PluginText.quoted(arguments[2]) : "of type \(arguments[2].typeName)")
              + PluginText.hint(for: arguments[2].asName ?? "", in: context.optionNames))
        }
        context.witness?.readOptions.insert(name)
        return .values([context.options.first { $0.name == name }.map { LuaValue($0.value) } ?? .nil])
      }, "options")
    type.setter = guarded({ _ in throw HostError.message("pipe.options cannot be written") }, "options")
    type.operators["__pairs"] = guarded(
      { _ in
        context.witness?.readOptions.formUnion(context.optionNames)
        return .values([
          .table(LuaTable(fields: context.options.map { .init(key: .string($0.name), value: LuaValue($0.value)) }))
        ])
      }, "pairs")
    return type
  }
}

extension LuaValue {
  /// The value of an option.
  init(_ option: OptionValue) {
    switch option {
    case .number(let number): self = .number(number)
    case .integer(let number): self = .integer(number)
    case .boolean(let flag): self = .boolean(flag)
    case .string(let text): self = .string(text)
    case .numbers(let numbers): self = .list(numbers.map { .number($0) })
    }
  }
}
