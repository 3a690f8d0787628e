/// What a plugin may use; the defaults are the product's promise.
public struct PluginLimits: Sendable {
  /// Bytes of Lua values.
  public var luaMemory = 64 << 20
  /// Bytes of tensors.
  public var tensorMemory = 512 << 20
  /// Elements that one tensor may claim.
  public var tensorElements = 1 << 27
  /// Seconds of one hook call.
  public var hookSeconds = 2.0
  /// Seconds of all hook calls of a run.
  public var runSeconds = 60.0
  /// Instructions of the Lua machine in one hook call.
  public var instructions = 100_000_000
  /// Bytes of log in a run.
  public var logBytes = 1 << 20
  /// Different warnings in a run.
  public var warnings = 32
  /// Pictures saved in a run.
  public var images = 1000
  /// Bytes of the pictures saved in a run.
  public var imageBytes = 256 << 20
  /// Prompts encoded in a run.
  public var encodings = 64
  /// Latents decoded in a step.
  public var decodings = 4
  /// Previews made in a step.
  public var previews = 16
  /// Bytes of a prompt to encode.
  public var promptBytes = 10_000
  /// What is refused on purpose, to test that a plugin ends cleanly wherever memory runs out.
  package var refusals = Refusals()

  /// The defaults.
  public init() {}

  /// Requests for memory that are refused, by their numbers, counted from 0.
  package struct Refusals: Sendable {
    /// Of blocks of Lua.
    package var lua: Range<Int>?
    /// Of tensors, and of what is charged like them.
    package var tensors: Range<Int>?
  }

  /// `hookSeconds` as a clock can count it.
  var hookTime: Double { Self.bounded(hookSeconds) }
  /// `runSeconds` as a clock can count it.
  var runTime: Double { Self.bounded(runSeconds) }

  private static func bounded(_ seconds: Double) -> Double { seconds > 0 ? min(seconds, 1e9) : 0 }
}
