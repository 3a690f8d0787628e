internal import Foundation
internal import MoonImage
internal import MoonLua
internal import MoonPipelines
internal import MoonPlugins
internal import MoonTensor

/// What one plugin holds while it lives: its tensors, pictures and prompts, and the run that it is called for.
final class PluginContext {
  /// Numbers of the handle types.
  enum Kind {
    static let tensor: UInt16 = 1
    static let pipe: UInt16 = 2
    static let image: UInt16 = 3
    static let prompt: UInt16 = 4
    static let options: UInt16 = 5
  }

  let limits: PluginLimits
  let budget: TensorBudget
  let tensors: TensorHandles
  /// When the call that runs must end.
  let deadline = Deadline()
  /// Where `moon.save_image` writes.
  private(set) var imageFolder: PluginImageFolder
  /// The plugin's own random stream.
  var generator: Generator
  /// The sandbox that the plugin runs in; it holds the functions that hold this.
  weak var sandbox: LuaSandbox?
  /// The values of its options.
  var options: [(name: String, value: OptionValue)] = []
  /// Names of all declared options, those without a value too.
  var optionNames: [String] = []
  /// The run whose hook is being called.
  var run: DenoisingRun? {
    didSet { if let run { deliverWarnings(to: run) } }
  }
  /// The number under which the plugin asks for an interrupt.
  let number: Int
  /// Whether the caller of the run asked for its end, where that matters to the call that runs.
  var outerStop: (@Sendable () -> Bool)?
  /// Time of the call that runs that was the host's.
  var hostTime = Duration.zero
  /// Notes what the plugin makes use of, for a tool.
  var witness: PluginWitness?
  /// The plugin's name in its warnings.
  var name: String
  private let onWarning: (String) -> Void
  /// Warnings so far, as bytes: texts are slow to compare as people read them.
  private var warned: Set<[UInt8]> = []
  private var pendingWarnings: [String] = []
  private var images: [UInt64: RGBImage] = [:]
  private var prompts: [UInt64: EncodedPrompt] = [:]
  private var promptBytes = 0
  private var nextID: UInt64 = 1
  private var encodingsLeft: Int
  private var stepWork = StepWork()
  private var nextCollection = PluginContext.growth
  private var callsSinceCollection = 0
  private var nextCallCount = PluginContext.leastCalls

  init(
    limits: PluginLimits, number: Int, name: String = "", seed: UInt64, imageFolder: URL?,
    onWarning: @escaping (String) -> Void = { _ in }
  ) {
    self.limits = limits
    self.number = number
    self.name = name
    self.onWarning = onWarning
    budget = TensorBudget(
      limit: limits.tensorMemory, maximumElements: limits.tensorElements, refusing: limits.refusals.tensors)
    tensors = TensorHandles(budget: budget)
    self.imageFolder = PluginImageFolder(imageFolder, limits: limits)
    generator = Generator(seed: seed, device: .cpu)
    encodingsLeft = limits.encodings
  }

  deinit { endRun() }

  /// Takes the random stream and the folder that belong to the plugin's own id.
  func rename(_ id: String, seed: UInt64, imageFolder folder: URL?) {
    name = id
    generator = Generator(seed: seed, device: .cpu)
    imageFolder = PluginImageFolder(folder, limits: limits)
  }

  /// Takes new values of options.
  func change(_ values: [String: OptionValue]) {
    if values.isEmpty { return }
    let present = Dictionary(options.map { ($0.name, $0.value) }) { $1 }
    options = optionNames.compactMap { name in (values[name] ?? present[name]).map { (name, $0) } }
  }

  // MARK: Values

  /// The tensor behind a value; `nil` when it is something else.
  ///
  /// - Throws: `HostError.message` for a handle that is dead.
  func tensor(_ value: LuaValue) throws -> Tensor? {
    guard let handle = value.asHandle, handle.kind == Kind.tensor else { return nil }
    guard let tensor = try tensors.tensor(handle.id) else { throw Self.deadHandle }
    return tensor
  }

  /// The error for a handle from an earlier hook.
  static let deadHandle = HostError.message(
    "this tensor is no longer valid: it lived until its hook returned; keep() makes one last for the run")

  /// A new handle for a tensor.
  func value(_ tensor: Tensor) throws -> LuaValue {
    .handle(LuaHandle(kind: Kind.tensor, id: try tensors.add(tensor)))
  }

  /// A new handle for a tensor that the host made, as the plugin's own, charged copy.
  func ownValue(_ tensor: Tensor) throws -> LuaValue { try value(tensor.copied()) }

  /// The name of a value's type, for messages.
  func typeName(_ value: LuaValue) -> String {
    switch value.asHandle?.kind {
    case Kind.tensor: "tensor"
    case Kind.pipe: "pipe"
    case Kind.image: "image"
    case Kind.prompt: "prompt"
    case Kind.options: "options"
    default: value.typeName
    }
  }

  // MARK: Pictures

  /// A new image handle from `[3 or 1, height, width]` in 0...255.
  func addImage(_ tensor: Tensor) throws -> LuaValue {
    try PluginImageFolder.checkSize(tensor)
    let bytes = try Self.pixelBytes(tensor) + TensorHandles.entryBytes
    try budget.charge(bytes)
    do {
      let image = try RGBImage(levels: tensor)
      let id = newID()
      images[id] = image
      return .handle(LuaHandle(kind: Kind.image, id: id))
    } catch {
      budget.credit(bytes)
      throw error
    }
  }

  /// Lends the picture behind a value to `body`: an image, or a tensor turned into one.
  ///
  /// - Returns: What `body` returns; `nil` when the value is neither.
  func withImage<Result>(_ value: LuaValue, _ body: (RGBImage) throws -> Result) throws -> Result? {
    if let tensor = try tensor(value) {
      try PluginImageFolder.checkSize(tensor)
      let bytes = try Self.pixelBytes(tensor)
      try budget.charge(bytes)
      defer { budget.credit(bytes) }
      return try body(RGBImage(levels: tensor))
    }
    guard let handle = value.asHandle, handle.kind == Kind.image else { return nil }
    guard let image = images[handle.id] else {
      throw HostError.message("this image is no longer valid: it lived until its hook returned")
    }
    return try body(image)
  }

  /// Bytes of the picture that a tensor becomes.
  private static func pixelBytes(_ tensor: Tensor) throws -> Int { tensor.shape.suffix(2).reduce(3, &*) }

  // MARK: Prompts

  /// Encodes a prompt, within the limits, and gives a handle that lasts for the run.
  func encode(_ prompt: String, negative: String?) throws -> LuaValue {
    let run = try liveRun()
    for (index, text) in [prompt, negative ?? ""].enumerated() where text.utf8.count > limits.promptBytes {
      throw HostError.argument(index + 1, "the text has \(text.utf8.count) bytes, the limit is \(limits.promptBytes)")
    }
    if encodingsLeft < 1 { throw HostError.message("the limit of \(limits.encodings) prompts in a run is reached") }
    encodingsLeft -= 1
    let encoded = try asHost { try run.encode(prompt, negativePrompt: negative) }
    return try retrying { try add(encoded) }
  }

  private func add(_ prompt: EncodedPrompt) throws -> LuaValue {
    try budget.charge(prompt.byteCount)
    promptBytes += prompt.byteCount
    let id = newID()
    prompts[id] = prompt
    return .handle(LuaHandle(kind: Kind.prompt, id: id))
  }

  /// The prompt behind a value; `nil` when it is something else.
  func prompt(_ value: LuaValue) -> EncodedPrompt? {
    guard let handle = value.asHandle, handle.kind == Kind.prompt else { return nil }
    return prompts[handle.id]
  }

  /// Changes the prompt behind a handle.
  func updatePrompt(_ value: LuaValue, _ change: (inout EncodedPrompt) throws -> Void) throws {
    guard let id = value.asHandle?.id, var prompt = prompts[id] else { return }
    let before = prompt.byteCount
    try change(&prompt)
    let growth = prompt.byteCount - before
    try budget.charge(growth)
    promptBytes += growth
    prompts[id] = prompt
  }

  // MARK: Work of the host

  /// Counts work that the host does for the plugin, by the name of the method that asks for it.
  func countWork(_ name: String, limit: Int) throws {
    let step = try liveRun().step
    if stepWork.step != step { stepWork = StepWork(step: step) }
    let count = stepWork.counts[name, default: 0]
    if count >= limit { throw HostError.message("the limit of \(limit) calls of \(name) in a step is reached") }
    stepWork.counts[name] = count + 1
  }

  /// How often the host worked for the plugin in one step.
  private struct StepWork {
    var step = -2
    var counts: [String: Int] = [:]
  }

  // MARK: Garbage

  /// Tensors may grow by this before Lua's garbage is collected.
  private static let growth = 2 << 20

  /// Calls of host functions before Lua's garbage is collected: each may have made a handle, and handles that nobody holds
  /// outlast Lua's own collections.
  private static let leastCalls = 1 << 14

  /// Collects Lua's garbage when tensors have grown by much since the last time, or after many calls: to Lua, a tensor that
  /// was dropped is a few bytes. The more memory Lua has itself, the longer that takes, and the more rarely it is done.
  func collectIfGrown() {
    callsSinceCollection += 1
    let isManyCalls = callsSinceCollection >= nextCallCount
    guard budget.used >= nextCollection || isManyCalls, let sandbox else { return }
    sandbox.collectGarbage(rounds: isManyCalls ? 2 : 1)
    if isManyCalls {
      callsSinceCollection = 0
      nextCallCount = max(Self.leastCalls, sandbox.usedMemory / 512)
    }
    nextCollection = budget.used + max(Self.growth, 48 * sandbox.usedMemory)
  }

  // MARK: Warnings

  /// Takes a warning of the plugin: each text once, and after the first ones a note in place of the rest.
  func warn(_ text: String) {
    if warned.count > limits.warnings || !warned.insert(Array(text.utf8)).inserted { return }
    let isLast = warned.count > limits.warnings
    let warning = "\(name): \(isLast ? "more than \(limits.warnings) warnings, the rest is left out" : text)"
    onWarning(warning)
    pendingWarnings.append(warning)
    if let run { deliverWarnings(to: run) }
  }

  /// Hands over what was warned of, while the file was loaded too.
  private func deliverWarnings(to run: DenoisingRun) {
    for warning in pendingWarnings { run.warn(warning) }
    pendingWarnings = []
  }

  /// The run; an error outside of hooks.
  func liveRun() throws -> DenoisingRun {
    guard let run else { throw HostError.message("there is no run outside of hooks") }
    return run
  }

  // MARK: Life

  /// Ends the loading of the file: its tensors last for the run.
  func endLoading() throws {
    try tensors.keepAll()
    dropImages()
  }

  /// Ends a hook: tensors and images die that were not kept.
  func endScope() {
    tensors.endScope()
    dropImages()
  }

  /// Ends a run: everything dies.
  func endRun() {
    tensors.removeAll()
    dropImages()
    prompts = [:]
    budget.credit(promptBytes)
    promptBytes = 0
    run = nil
  }

  private func dropImages() {
    if images.isEmpty { return }
    for image in images.values { creditMemory(of: image) }
    images = [:]
  }

  /// Forgets a picture that the script has dropped.
  func releaseImage(_ id: UInt64) {
    if let image = images.removeValue(forKey: id) { creditMemory(of: image) }
  }

  /// Gives back what `addImage` charged.
  private func creditMemory(of image: RGBImage) { budget.credit(image.pixels.count + TensorHandles.entryBytes) }

  private func newID() -> UInt64 {
    defer { nextID += 1 }
    return nextID
  }
}

extension EncodedPrompt {
  /// Bytes of its tensors.
  fileprivate var byteCount: Int {
    [conditional, unconditional].compactMap(\.self).reduce(0) { sum, half in
      sum + (half.promptEmbeds.count + (half.pooledEmbeds?.count ?? 0)) * MemoryLayout<Float>.size
    }
  }
}
