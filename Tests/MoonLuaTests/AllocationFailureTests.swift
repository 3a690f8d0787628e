import MoonLua
import Testing

@Suite("Allocation failures") struct AllocationFailureTests {
  /// Refuses allocation after allocation until the script runs through; each run must end cleanly.
  @Test("end a script cleanly wherever they happen", arguments: HostileCorpus.honest + ["moon"])
  func sweep(_ name: String) throws {
    let source = try name == "moon" ? Self.hostCalls : HostileCorpus.source("honest/\(name).lua")
    var step: UInt64 = 1
    var refusals = 0
    var after: UInt64 = 0
    while true {
      let run = try ScriptRun(source, name: name, limits: LuaLimits()) { $0.refuseAllocations(after: after, count: 2) }
      #expect(run.leftMemory == 0)
      if run.error == nil { break }
      #expect(run.outcome == "memory", "after \(after) allocations: \(run.error?.message ?? "")")
      refusals += 1
      // Every one of the first 400, then further apart, so that a long script takes no minute.
      if refusals > 400 { step = max(1, after / 50) }
      after += step
    }
    #expect(refusals > 10)
  }

  /// A script whose allocations happen in the shim: handles, tables from the host, errors, modules, coroutines.
  private static let hostCalls = Array(
    """
    return function(pipe, step, t, kwargs)
      local a, b = kwargs.latents:chunk(2)
      local sum = a + b * 2
      assert(#sum == 4 and sum.shape[2] == 4 and tostring(sum) == "Tensor(4, 4)")
      local ok, text = pcall(function() pipe.guidance_scale = 0 / 0 end)
      assert(not ok and text:find("finite"))
      local co = coroutine.wrap(function(x) coroutine.yield(x .. "a") error({ x }) end)
      assert(co("q") == "qa" and not pcall(co))
      local f = load("local x = ... return x * 2")
      assert(f(4) == 8)
      print(("x"):rep(300), string.format("%5.1f %q", 1.5, "a\\nb"), table.concat({ 1, 2, 3 }, ","))
      assert(("key = value"):gsub("(%w+) = (%w+)", "%2 = %1") == "value = key")
      return { latents = sum, list = { 1, 2, { 3 } }, f = f }
    end
    """.utf8)
}
