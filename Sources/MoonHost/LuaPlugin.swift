internal import Foundation
internal import MoonLua
internal import MoonPlugins
internal import MoonTensor

/// A plugin that is loaded: its sandbox, what it declares, and the values of its options.
///
/// Not `Sendable`: made, used and closed on the thread of one run.
final class LuaPlugin {
  let package: PluginPackage
  let manifest: PluginManifest
  let context: PluginContext
  /// What it used so far.
  private(set) var usage: PluginUsage
  let sandbox: LuaSandbox
  private var isClosed = false
  /// What Lua had asked for when the API was not defined yet.
  private let allocationsBefore: UInt64

  /// Loads a plugin and checks its declaration and its options.
  ///
  /// - Parameters:
  ///   - specification: Its name or path, and its options as text.
  ///   - registry: Where it is looked for.
  ///   - limits: What it may use.
  ///   - number: Its place in the order of the run, from 0.
  ///   - seed: The seed of the run.
  ///   - earlier: How many plugins of that id come before this one.
  ///   - imageFolder: The folder for the pictures of the plugin with that id; `nil` for none.
  ///   - log: Takes its lines of log.
  ///   - warn: Takes its warnings.
  ///   - isRun: Whether the plugin is to run, so that the options that it requires must be there.
  ///   - prepare: Adds to the sandbox what only tools give a plugin, before its file runs.
  /// - Throws: `PluginError`, or `PluginFailure` when the file does not load.
  init(
    _ specification: PluginSpecification, registry: PluginRegistry, limits: PluginLimits, number: Int, seed: UInt64,
    earlier: (String) -> Int = { _ in 0 }, imageFolder: (String) -> URL?, log: @escaping (String) -> Void,
    warn: @escaping (String) -> Void = { _ in }, isRun: Bool = true,
    prepare: (LuaSandbox, PluginContext) throws -> Void = { _, _ in }
  ) throws {
    let package = try registry.find(specification.name)
    try package.checkVersionLine()
    self.package = package
    let stem = PluginManifest.identifier(fromFileStem: package.stem)
    let ownSeed = Self.mixed(seed, stem, earlier(stem))
    do {
      sandbox = try LuaSandbox(
        name: package.chunkName, limits: LuaLimits(limits), randomSeed: ownSeed,
        modules: package.folder.map { LuaFolder(path: $0.path) }, log: log)
    } catch {
      throw PluginFailure(plugin: stem, description: "\(package.path): \(error.message)")
    }
    let context = PluginContext(
      limits: limits, number: number, name: stem, seed: ownSeed, imageFolder: imageFolder(stem), onWarning: warn)
    self.context = context
    context.attach(sandbox)
    if let refused = limits.refusals.lua {
      sandbox.refuseAllocations(after: UInt64(max(refused.lowerBound, 0)), count: UInt64(refused.count))
    }
    let made = sandbox.allocations
    let start = ContinuousClock.now
    manifest = try Self.load(package, sandbox, context, prepare)
    let loadTime = ContinuousClock.now - start
    if manifest.id != stem {
      context.rename(
        manifest.id, seed: Self.mixed(seed, manifest.id, earlier(manifest.id)), imageFolder: imageFolder(manifest.id))
    }
    usage = PluginUsage(id: manifest.id)
    allocationsBefore = made
    usage.count(loadTime)
    context.optionNames = manifest.options.map(\.name)
    context.options = try OptionReader.values(
      from: specification.options, declarations: manifest.options, plugin: package.path, isRun: isRun)
  }

  deinit { close() }

  private static func load(
    _ package: PluginPackage, _ sandbox: LuaSandbox, _ context: PluginContext,
    _ prepare: (LuaSandbox, PluginContext) throws -> Void
  ) throws -> PluginManifest {
    do {
      try context.defineAPI(in: sandbox)
      let value = try context.withinTensorLimits {
        try prepare(sandbox, context)
        let value = try sandbox.load(source: package.source)
        try context.retrying { try context.endLoading() }
        return value
      }
      return try PluginManifest(value, plugin: package.path, fileStem: package.stem)
    } catch let error as PluginError {
      throw error
    } catch {
      let text = FailureText(package: package, chunkName: sandbox.name, knownNames: MoonModule.knownNames)
      throw text.failure(
        error, of: PluginManifest.identifier(fromFileStem: package.stem), during: nil, fallback: nil)
    }
  }

  /// A number that depends on the run's seed and the plugin: FNV-1a over the id, with `-2` behind it for the second
  /// plugin of that id and so on, mixed as in SplitMix64.
  private static func mixed(_ seed: UInt64, _ id: String, _ earlier: Int) -> UInt64 {
    var mixed = seed &+ TextHash.fnv1a(earlier == 0 ? id : "\(id)-\(earlier + 1)")
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  /// Its id, and the id that its file's name would give it.
  var names: Set<String> { [manifest.id, PluginManifest.identifier(fromFileStem: package.stem)] }

  /// Whether the plugin has that hook.
  func has(_ hook: PluginManifest.Hook) -> Bool { manifest.hooks[hook] != nil }

  /// Calls a hook; every tensor that it made and did not keep dies when `use` has returned.
  ///
  /// - Parameters:
  ///   - hook: One that the plugin has; another does nothing.
  ///   - arguments: Made when the scope has begun.
  ///   - use: Takes the first result.
  /// - Throws: `LuaError`, or what `use` throws.
  func call(
    _ hook: PluginManifest.Hook, arguments: () throws -> [LuaValue], use: (LuaValue) throws -> Void = { _ in }
  ) throws {
    guard let function = manifest.hooks[hook] else { return }
    guard let witness = context.witness else { return try call(function, arguments: arguments, use: use) }
    let (called, first) = witness.watched(function, hook)
    try callForAll(called, arguments: { first + (try arguments()) }) { results in
      witness.saw(results, of: hook)
      try use(results.first ?? .nil)
    }
  }

  /// Calls a function of the plugin as hooks are called.
  func call(
    _ function: LuaFunction, arguments: () throws -> [LuaValue], use: (LuaValue) throws -> Void = { _ in }
  ) throws {
    try callForAll(function, arguments: arguments) { try use($0.first ?? .nil) }
  }

  /// The same, for all results.
  private func callForAll(
    _ function: LuaFunction, arguments: () throws -> [LuaValue], use: ([LuaValue]) throws -> Void
  ) throws {
    let start = ContinuousClock.now
    defer {
      context.imageFolder.rollBack()
      context.endScope()
      usage.count(ContinuousClock.now - start - context.hostTime)
    }
    try context.withinTensorLimits {
      let results = try sandbox.call(function, context.retrying(arguments))
      try use(results)
    }
    try context.imageFolder.commit()
  }

  /// What stopped a hook, as the user is told it.
  ///
  /// - Parameters:
  ///   - error: What was thrown.
  ///   - hook: The hook; an error without a line of its own gets the one where the hook is defined.
  ///   - moment: Hook and step.
  /// - Returns: The failure with its sentence and excerpt.
  func failure(_ error: any Error, in hook: PluginManifest.Hook, during moment: String) -> PluginFailure {
    FailureText(package: package, chunkName: sandbox.name, knownNames: MoonModule.knownNames).failure(
      error, of: manifest.id, during: moment,
      fallback: manifest.hooks[hook].flatMap { sandbox.place(of: $0) }.map { FailureText.Place($0) })
  }

  /// What stopped another function of the plugin than a hook, such as a test.
  func failure(_ error: any Error, in function: LuaFunction?) -> PluginFailure {
    FailureText(package: package, chunkName: sandbox.name, knownNames: MoonModule.knownNames).failure(
      error, of: manifest.id, during: nil,
      fallback: function.flatMap { sandbox.place(of: $0) }.map { FailureText.Place($0) })
  }

  /// Frees what the plugin holds; it is called no more.
  func close() {
    if isClosed { return }
    isClosed = true
    context.endRun()
    usage.peakTensorBytes = context.budget.highest
    usage.peakLuaBytes = sandbox.peakMemory
    usage.luaAllocations = Int(clamping: sandbox.allocations - allocationsBefore)
    usage.tensorAllocations = context.budget.requests
    usage.luaBytesLeft = sandbox.close()
    usage.tensorBytesLeft = context.budget.used
  }
}

extension LuaLimits {
  /// The limits of a plugin as those of its Lua state.
  init(_ limits: PluginLimits) {
    self.init()
    memoryBytes = limits.luaMemory
    handleBytes = limits.tensorMemory
    logBytes = limits.logBytes
    callTime = .seconds(limits.hookTime)
    runTime = .seconds(limits.runTime)
    callInstructions = UInt64(max(limits.instructions, 1))
    sourceBytes = PluginPackage.maximumSourceBytes
    // A table is copied value by value; as many as this are done well within a deadline.
    crossingValues = 1 << 18
  }
}
