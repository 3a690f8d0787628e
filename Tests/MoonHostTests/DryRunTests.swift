import MoonHost
import MoonPipelines
import MoonPlugins
import MoonTestSupport
import Testing

@Suite("Dry runs") struct DryRunTests {
  private let trial: BenchTrial

  init() throws { trial = try BenchTrial() }

  private func report(
    _ body: String, options: String = "", _ change: (inout GenerationRequest) -> Void = { _ in }
  ) async throws -> DryRunReport {
    let path = try trial.add(BenchTrial.table(body))
    var rehearsal = try Rehearsal(RehearsalKind("sd"))
    rehearsal.request.inferenceSteps = 4
    rehearsal.request.scheduler = "ddim"
    change(&rehearsal.request)
    return try await trial.bench.dryRun([path + options], rehearsal)
  }

  @Test("tell guidance and rows of each step, and the share of the work that is saved")
  func cutoff() async throws {
    let report = try await report(
      "options = { last = { type = 'integer' } },\n"
        + "on_step_end = function(pipe, step) if step == pipe.options.last then pipe.guidance_scale = 0 end end",
      options: ":last=1")
    #expect(report.steps.map(\.step) == [0, 1, 2, 3])
    #expect(report.steps.map(\.timestep) == [751, 501, 251, 1])
    #expect(report.steps.map(\.guidance) == [7.5, 7.5, 1, 1])
    #expect(report.steps.map(\.rows) == [2, 2, 1, 1])
    #expect(report.steps.map(\.plainRows) == [2, 2, 2, 2])
    #expect(report.rows == 6 && report.plainRows == 8 && report.saved == 0.25)
    #expect(zip(report.steps, report.steps.dropFirst()).allSatisfy { $0.sigma > $1.sigma })
  }

  @Test("count steps that are left out as saved, and steps that come again as added")
  func steps() async throws {
    let stopped = try await report("on_step_end = function(pipe, step) pipe.interrupt = step == 0 end") {
      $0.imagesPerPrompt = 2
    }
    #expect(stopped.isInterrupted && stopped.rows == 4 && stopped.plainRows == 16 && stopped.saved == 0.75)
    let longer = try await report(
      "on_step_end = function(pipe, step) if step == 1 and not done then done = true; pipe:jump_back(0) end end")
    #expect(longer.steps.map(\.step) == [0, 1, 0, 1, 2, 3])
    #expect(longer.steps.map(\.plainRows) == [2, 2, 2, 2, 0, 0])
    #expect(longer.saved == -0.5)
  }

  @Test("fail as a run of a model does")
  func failures() async throws {
    await #expect(throws: PluginFailure.self) { try await report("on_step_end = function() error('boo') end") }
    await #expect(throws: PluginError.self) { try await report("on_step_end = print", options: ":a=1") }
    await #expect(throws: PluginError.self) { try await report("pipelines = { 'sdxl' }, on_step_end = print") }
  }
}
