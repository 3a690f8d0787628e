public import ArgumentParser
public import MoonHost

/// Options that say which plugins run beside the steps, and what they may use.
package struct PluginOptions: ParsableArguments {
  @Option(
    name: [.customLong("callback"), .customLong("plugin")],
    help: ArgumentHelp(
      """
      A Lua plugin by its id or file, with its options after a colon: cfg_cutoff:cutoff_step_ratio=0.4, or \
      x.lua:{"key": 1}. Repeat it for several; they are called in this order.
      """, valueName: "name[:key=value,...]"))
  package var plugins: [String] = []

  @Option(
    name: .customLong("on-plugin-error"),
    help: ArgumentHelp(
      "What happens when a plugin fails: abort ends the run, disable goes on without the plugin.",
      valueName: "abort|disable"))
  package var policy = PluginFailurePolicy.abort

  @Option(
    name: .customLong("plugin-memory"), parsing: .unconditional,
    help: ArgumentHelp("Memory of a plugin's Lua values.", valueName: "mib"))
  package var memory = PluginLimits().luaMemory >> 20

  @Option(
    name: .customLong("plugin-tensor-memory"), parsing: .unconditional,
    help: ArgumentHelp("Memory of a plugin's tensors.", valueName: "mib"))
  package var tensorMemory = PluginLimits().tensorMemory >> 20

  @Option(
    name: .customLong("plugin-hook-seconds"), parsing: .unconditional,
    help: ArgumentHelp("Time of one call of a plugin.", valueName: "x"))
  package var hookSeconds = PluginLimits().hookSeconds

  @Option(
    name: .customLong("plugin-run-seconds"), parsing: .unconditional,
    help: ArgumentHelp("Time of all calls of a plugin in a run.", valueName: "x"))
  package var runSeconds = PluginLimits().runSeconds

  @Option(
    name: .customLong("plugin-instructions"), parsing: .unconditional,
    help: ArgumentHelp("Lua instructions of one call of a plugin.", valueName: "n"))
  package var instructions = PluginLimits().instructions

  @Option(
    name: .customLong("plugin-log"), parsing: .unconditional,
    help: ArgumentHelp("What a plugin may print in a run.", valueName: "kib"))
  package var logSize = PluginLimits().logBytes >> 10

  @Option(
    name: .customLong("plugin-images"), parsing: .unconditional,
    help: ArgumentHelp("Pictures that a plugin may save in a run.", valueName: "n"))
  package var images = PluginLimits().images

  @Option(
    name: .customLong("plugin-image-size"), parsing: .unconditional,
    help: ArgumentHelp("Size of all the pictures that a plugin saves in a run.", valueName: "mib"))
  package var imageSize = PluginLimits().imageBytes >> 20

  /// Options with their defaults, to be parsed.
  package init() {}

  /// What a plugin may use.
  package var limits: PluginLimits {
    var limits = PluginLimits()
    limits.luaMemory = memory << 20
    limits.tensorMemory = tensorMemory << 20
    limits.hookSeconds = hookSeconds
    limits.runSeconds = runSeconds
    limits.instructions = instructions
    limits.logBytes = logSize << 10
    limits.images = images
    limits.imageBytes = imageSize << 20
    return limits
  }

  /// Checks the limits.
  ///
  /// - Throws: `ValidationError` that names the option.
  package func validate() throws {
    let counts = [
      ("--plugin-memory", memory, 1...65_536), ("--plugin-tensor-memory", tensorMemory, 0...1_048_576),
      ("--plugin-instructions", instructions, 1...1_000_000_000_000), ("--plugin-log", logSize, 0...1_048_576),
      ("--plugin-images", images, 0...1_000_000), ("--plugin-image-size", imageSize, 0...1_048_576),
    ]
    for (option, count, range) in counts where !range.contains(count) {
      throw ValidationError("\(option): \(count) is outside \(range.lowerBound)..\(range.upperBound)")
    }
    for (option, seconds) in [("--plugin-hook-seconds", hookSeconds), ("--plugin-run-seconds", runSeconds)]
    where !(seconds > 0 && seconds <= 86_400) {
      throw ValidationError("\(option): \(seconds) is not above 0 and at most 86400")
    }
  }
}

extension PluginFailurePolicy: ExpressibleByArgument {}
