import CLua

/// Limits: what the host asks during its functions, and what it can measure.
extension LuaSandbox {
  /// Whether the running call has to end: its time is up, or the host asked for the stop. Cheap; a host function that works
  /// for long asks at least every 50 ms and returns at once when it is true.
  package var shouldStop: Bool {
    guard let pointer = unsafe state.pointer else { return true }
    return unsafe moon_should_stop(pointer)
  }

  /// Runs work that is the host's and not the script's, such as encoding a prompt: its time does not count.
  ///
  /// - Parameter body: The work.
  /// - Returns: What the body returns.
  /// - Throws: What the body throws.
  package func withoutTimeLimit<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result
  {
    guard let pointer = unsafe state.pointer else { return try body() }
    unsafe moon_pause_clock(pointer)
    defer { unsafe moon_resume_clock(pointer) }
    return try body()
  }

  /// Bytes that Lua uses now, exactly as its allocator counts them.
  package var usedMemory: Int { unsafe measure { unsafe moon_memory_used($0) } }
  /// The most that Lua used.
  package var peakMemory: Int { unsafe measure { unsafe moon_memory_peak($0) } }
  /// Instructions of the last call, to about a hundred.
  package var instructionsUsed: UInt64 { unsafe measure { unsafe moon_instructions($0) } }
  /// Wall time of all calls so far.
  package var timeUsed: Duration { unsafe .nanoseconds(measure { unsafe moon_nanoseconds_used($0) }) }
  /// Allocations that Lua asked for so far.
  package var allocations: UInt64 { unsafe measure { unsafe moon_allocations($0) } }

  /// Refuses allocations on purpose, to test that a script survives or ends cleanly.
  ///
  /// - Parameters:
  ///   - after: How many still succeed.
  ///   - count: How many fail then.
  package func refuseAllocations(after: UInt64, count: UInt64) {
    if let pointer = unsafe state.pointer { unsafe moon_refuse_allocations(pointer, after, count) }
  }

  private func measure<Number: BinaryInteger>(_ body: (OpaquePointer) -> Number) -> Number {
    guard let pointer = unsafe state.pointer else { return 0 }
    return unsafe body(pointer)
  }
}

/// Memory that the host counts itself, for instance in a budget that is charged from several threads.
extension LuaSandbox {
  /// Collects Lua's garbage and tells `onRelease` of the handles that went with it. For use in a host function.
  ///
  /// - Parameter rounds: Twice without it: the first collection finds the handles, the second frees what they kept.
  package func collectGarbage(rounds: Int = 2) {
    guard let pointer = unsafe state.pointer else { return }
    for _ in 0..<rounds {
      unsafe moon_collect(pointer)
      releaseHandles()
    }
  }

  /// Ends the script because what its handles stand for does not fit. For use in a host function.
  package func endForMemory() {
    if let pointer = unsafe state.pointer { unsafe moon_refuse_handles(pointer) }
  }
}
