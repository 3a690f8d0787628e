/// What one plugin may use. The defaults are those of the plugin guide.
package struct LuaLimits: Sendable, Equatable {
  /// Memory of the Lua state, in bytes as Lua accounts for it.
  package var memoryBytes = 64 << 20
  /// Memory that handles stand for, in bytes, which the host counts: `LuaSandbox.endForMemory()` names it.
  package var handleBytes = 512 << 20
  /// The longest string.
  package var stringBytes = 4 << 20
  /// The longest source file, and the longest text for `load`.
  package var sourceBytes = 64 << 10
  /// All lines of the log together.
  package var logBytes = 1 << 20
  /// Values that may cross to the host at once, those in tables included.
  package var crossingValues = 1 << 20
  /// Wall time of one call.
  package var callTime = Duration.seconds(2)
  /// Wall time of all calls together.
  package var runTime = Duration.seconds(60)
  /// Instructions of one call.
  package var callInstructions: UInt64 = 100_000_000

  package init() {}

  /// The nanoseconds of a duration, cut to what a clock can count.
  static func nanoseconds(_ duration: Duration) -> Int64 {
    let (seconds, attoseconds) = duration.components
    let bounded = min(max(seconds, 0), 1_000_000_000)
    return bounded * 1_000_000_000 + max(attoseconds, 0) / 1_000_000_000
  }
}
