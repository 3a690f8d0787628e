internal import ArgumentParser
package import MoonPipelines

/// Options that trade memory for time.
package struct MemoryOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Memory for weights that are kept between steps in the form that is computed with: off, so many MiB (all of Stable \
      Diffusion 1.5 takes 7000), or auto: a small model whole, of others packed weights in place of pages of their files.
      """, valueName: "auto|off|mib"), transform: WeightsCacheArgument.reading)
  package var weightsCache = WeightsCacheArgument(limit: .automatic)

  @Flag(
    help:
      "Takes less memory where that costs time: guidance runs its halves one after the other, and no weights are kept."
  )
  package var lowMemory = false

  /// Options with their defaults, to be parsed.
  package init() {}

  /// Writes the options into those of a model.
  package func fill(_ options: inout ModelOptions) {
    options.weightsCache = weightsCache.limit
    options.lowMemory = lowMemory
  }
}

/// A limit from text: `auto`, `off`, or a number of MiB.
package struct WeightsCacheArgument: TextForm, Sendable, Equatable, CustomStringConvertible {
  package static let form = "auto, off, or a whole number of MiB from 0 to 1048576"

  /// The limit.
  package let limit: WeightsCacheLimit

  init(limit: WeightsCacheLimit) { self.limit = limit }

  /// Reads the text; nil where it is neither a word nor a whole number from 0 to 1048576.
  package init?(argument: String) {
    switch argument {
    case "auto": limit = .automatic
    case "off": limit = .off
    default:
      guard let count = Int(argument), (0...1 << 20).contains(count) else { return nil }
      limit = .bytes(count << 20)
    }
  }

  /// The text that it was read from.
  package var description: String {
    switch limit {
    case .automatic: "auto"
    case .off: "off"
    case .bytes(let count): "\(count >> 20)"
    }
  }
}
