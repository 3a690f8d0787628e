internal import MoonLua
internal import MoonPlugins

/// What plugins are offered, by the names that they use.
package struct PluginAPI: Sendable {
  /// Fields that can be read.
  package let readable: Set<String>
  /// Fields that can be written.
  package let writable: Set<String>
  /// Methods, or functions of a table.
  package let methods: Set<String>
  /// Operators by Lua's names without the underscores: `add`, `len`.
  package let operators: Set<String>

  /// The table `moon` and each handle type, as they are registered.
  package static let classes: [String: PluginAPI] = {
    let context = PluginContext(limits: PluginLimits(), number: 0, seed: 0, imageFolder: nil)
    let fields: [UInt16: (readable: [String], writable: [String])] = [
      PluginContext.Kind.tensor: (TensorHandle.readable, []),
      PluginContext.Kind.pipe: (PipeHandle.allReadable, PipeHandle.allWritable),
      PluginContext.Kind.image: (ImageHandle.readable, []),
      PluginContext.Kind.prompt: (PromptHandle.fields, PromptHandle.fields),
    ]
    var classes = [
      "moon": PluginAPI(
        readable: Set(MoonModule.constants.keys), writable: [],
        methods: Set(MoonModule.functions.keys + MoonModule.sandboxFunctions),
        operators: [])
    ]
    for type in context.handleTypes {
      classes[type.name] = PluginAPI(
        readable: Set(fields[type.kind]?.readable ?? []), writable: Set(fields[type.kind]?.writable ?? []),
        methods: Set(type.methods.keys), operators: Set(type.operators.keys.map { String($0.dropFirst(2)) }))
    }
    return classes
  }()
}
