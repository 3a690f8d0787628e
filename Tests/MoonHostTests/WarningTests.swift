import MoonHost
import MoonPipelines
import MoonPlugins
import MoonTestSupport
import MoonTrialSupport
import Testing

@Suite("Warnings of plugins") struct WarningTests {
  private func outcome(_ sources: [(name: String, source: String)], copies: Int = 1) async throws -> (
    report: [String], told: [String], log: [String]
  ) {
    var trial = try PluginTrial()
    for (name, source) in sources { try trial.add(source, name: name) }
    for _ in 1..<copies { trial.specifications.append(trial.specifications[0]) }
    let (told, log) = (LogLines(), LogLines())
    let run = GenerationRun(
      plugins: trial.specifications, registry: PluginRegistry(folders: []), policy: .disable,
      log: { log.append($0) }, warn: { told.append($0) })
    let result = try await run.generate(with: TinyModel.pipeline.get(), trial.request, threads: 1)
    return (result.report.warnings, told.lines, log.lines)
  }

  @Test("are told at once and stand in the report, from every hook and while the file loads") func everywhere()
    async throws
  {
    let found = try await outcome([
      (
        "x.lua",
        """
        moon.warn("loading")
        return { id = "y", version = "1", api = 1,
          on_run_begin = function(pipe) moon.warn("begin", pipe, 1.5, nil, true, { } ~= nil) end,
          on_step_begin = function(pipe, step) moon.warn("step", step) print("log") end,
          on_guidance = function() moon.warn("guidance") end,
          on_step_end = function(pipe, step) moon.warn("a\\tb\\nc\\27[2J") end,
          on_run_end = function() moon.warn("end") end }
        """
      )
    ])
    let wanted = [
      "x: loading", "y: begin pipe 1.5 nil true true", "y: step 0", "y: guidance", "y: a\\tb\\nc\\x1b[2J", "y: step 1",
      "y: step 2", "y: end",
    ]
    #expect(found.report == wanted)
    #expect(found.told == wanted)
    #expect(found.log == ["log", "log", "log"])
  }

  @Test("are counted once for each text, and cut after 32 with one note") func many() async throws {
    let found = try await outcome([
      (
        "x.lua",
        "return function(pipe, step) for i = 1, 40 do moon.warn('warning', step * 40 + i) moon.warn('same') end end"
      )
    ])
    #expect(found.report.count == 33)
    #expect(found.report.prefix(3) == ["x: warning 1", "x: same", "x: warning 2"])
    #expect(found.report.last == "x: more than 32 warnings, the rest is left out")
    #expect(found.told == found.report)
  }

  @Test("of two uses of a plugin are one, and each has its own count") func twice() async throws {
    let found = try await outcome([("x.lua", "return function(pipe, step) moon.warn('careful') end")], copies: 2)
    #expect(found.report == ["x: careful"])
    #expect(found.told == ["x: careful", "x: careful"])
  }

  @Test("stay when their plugin is dropped, and are cut when they are long") func dropped() async throws {
    let found = try await outcome([
      ("x.lua", "return function(pipe, step) moon.warn(('x'):rep(10000)) moon.warn() end")
    ])
    #expect(found.report.count == 2)
    #expect(found.report[0] == "x: " + String(repeating: "x", count: 4096) + "…")
    #expect(found.report[1].hasSuffix("x.lua:1: on_step_end, step 0/3: bad argument #1 to 'warn' (value expected)"))
  }
}
