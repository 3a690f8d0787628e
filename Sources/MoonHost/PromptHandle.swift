internal import MoonLua
internal import MoonPipelines
internal import MoonPlugins
internal import MoonTensor

/// The handle type of encoded prompts: their tensors can be read, and written to blend prompts.
struct PromptHandle {
  /// Fields that can be read and written.
  static let fields = [
    "prompt_embeds", "negative_prompt_embeds", "pooled_prompt_embeds", "negative_pooled_prompt_embeds",
  ]

  let context: PluginContext

  /// The handle's type.
  func type(_ guarded: (@escaping (HostArguments) throws -> HostReply, String) -> HostFunction) -> HandleType {
    var type = HandleType(kind: PluginContext.Kind.prompt, name: "prompt")
    type.getter = guarded(
      { arguments in
        let name = try arguments.field(2, of: "a prompt", known: Self.fields)
        guard let prompt = context.prompt(arguments[1]) else { return .values([]) }
        let half = name.hasPrefix("negative_") ? prompt.unconditional : prompt.conditional
        let tensor = name.hasSuffix("pooled_prompt_embeds") ? half?.pooledEmbeds : half?.promptEmbeds
        return .values([try tensor.map { try context.value($0) } ?? .nil])
      }, "prompt")
    type.setter = guarded(
      { arguments in
        let name = try arguments.field(2, of: "a prompt", known: Self.fields)
        try write(arguments[3], to: name, of: arguments[1])
        return .values([])
      }, "prompt")
    return type
  }

  private func write(_ value: LuaValue, to name: String, of handle: LuaValue) throws {
    guard let tensor = try context.tensor(value) else {
      throw HostError.message("prompt.\(name) must be a tensor, got \(context.typeName(value))")
    }
    try context.updatePrompt(handle) { prompt in
      let isPooled = name.hasSuffix("pooled_prompt_embeds")
      guard let wanted = (isPooled ? prompt.conditional.pooledEmbeds : prompt.conditional.promptEmbeds)?.shape else {
        throw HostError.message("prompt.\(name): the model has no pooled embeddings")
      }
      if tensor.shape != wanted {
        throw HostError.message(
          "prompt.\(name) has shape \(TensorError.text(wanted)), got \(TensorError.text(tensor.shape))")
      }
      if let index = try tensor.firstNonFinite() {
        throw HostError.message("prompt.\(name) would be NaN or infinite (element \(index))")
      }
      let own = try context.asHost { try tensor.copied() }
      if !name.hasPrefix("negative_") {
        prompt.conditional.replace(own, isPooled: isPooled)
      } else if var half = prompt.unconditional {
        half.replace(own, isPooled: isPooled)
        prompt.unconditional = half
      } else if prompt.conditional.pooledEmbeds == nil {
        prompt.unconditional = TextEmbeds(promptEmbeds: own)
      } else {
        throw HostError.message("prompt.\(name): the prompt was encoded without a negative one")
      }
    }
  }
}

extension TextEmbeds {
  /// Takes a tensor in place of the pooled embeddings or of the others.
  fileprivate mutating func replace(_ tensor: Tensor, isPooled: Bool) {
    if isPooled { pooledEmbeds = tensor } else { promptEmbeds = tensor }
  }
}
