/// What one plugin used in a run.
package struct PluginUsage: Sendable {
  /// Its id.
  package let id: String
  /// Calls of its hooks, a failed one included, and the loading of its file.
  package var calls = 0
  /// Time of all calls, the host's work for the plugin left out.
  package var time = Duration.zero
  /// Time of the longest call.
  package var longestCall = Duration.zero
  /// The most bytes of tensors at a time.
  package var peakTensorBytes = 0
  /// The most bytes of Lua values at a time.
  package var peakLuaBytes = 0
  /// Bytes of tensors that are left once the plugin is closed: none.
  package var tensorBytesLeft = 0
  /// Bytes of Lua values that are left once the plugin is closed: none.
  package var luaBytesLeft = 0
  /// How often Lua asked for memory, from the definition of the API on.
  package var luaAllocations = 0
  /// How often memory for tensors was asked for.
  package var tensorAllocations = 0

  init(id: String) { self.id = id }

  /// Counts a call.
  mutating func count(_ duration: Duration) {
    calls += 1
    time += duration
    longestCall = max(longestCall, duration)
  }
}
