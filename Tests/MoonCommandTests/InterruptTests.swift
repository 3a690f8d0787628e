import Foundation
import MoonImage
import MoonWeights
import Testing

@Suite("Interrupts", .serialized, .timeLimit(.minutes(10))) struct InterruptTests {
  private let program: Program

  init() throws { program = try Program() }

  @Test("end the run with the picture so far, status 0 and a report that says so", arguments: [SIGINT, SIGTERM])
  func first(signal: Int32) async throws {
    let outcome = try await program.generate(
      ["--steps", "900", "--json", "--output", "a.png"], signals: [(signal, { $0.contains("step 2/") })])
    #expect(outcome.status == 0)
    #expect(outcome.errors.contains("stopping with the picture so far; once more ends at once\n"))
    let report = try outcome.report
    #expect(report["interrupted"] == .bool(true))
    guard case .array(let seconds) = report["step_seconds"] else { throw Program.Missing(what: "step_seconds") }
    #expect((2..<900).contains(seconds.count))
    #expect(try PNG.read(program.folder.appending(path: "a.png")).width == 64)
    #expect(try program.files == ["a.png"])
  }

  @Test("that are repeated end the process at once, with nothing half-written")
  func second() async throws {
    // Decoding this many pixels takes long enough to be interrupted in the middle.
    let outcome = try await program.generate(
      ["--steps", "900", "--width", "768", "--height", "768", "--output", "a.png"],
      signals: [
        (SIGINT, { $0.contains("step 1/") }), (SIGINT, { $0.contains("stopping with the picture so far") }),
      ])
    #expect(outcome.status == 130)
    #expect(outcome.output == "")
    #expect(try program.files == [])
  }

  @Test("before the first step leave the picture that is there as it is")
  func early() async throws {
    try program.write("old", to: "a.png")
    try program.write(
      "return { id = 'x', version = '1', api = 1, on_run_begin = function() print('it begins') end }", to: "x.lua")
    // A step of so many pixels takes long enough to be interrupted in the middle.
    let outcome = try await program.generate(
      ["--steps", "4", "--width", "1536", "--height", "1536", "--json", "--output", "a.png", "--callback", "x.lua"],
      signals: [(SIGINT, { $0.contains("it begins") })])
    #expect(outcome.status == 0)
    let report = try outcome.report
    #expect(report["step_seconds"] == .array([]) && report["files"] == .array([]))
    #expect(outcome.errors.contains("moonstep: warning: ended before the first step: nothing is written\n"))
    #expect(try Data(contentsOf: program.folder.appending(path: "a.png")) == Data("old".utf8))
  }

  @Test("of a rehearsal leave nothing of the pictures that it saved", arguments: [SIGINT, SIGTERM])
  func rehearsal(signal: Int32) async throws {
    try program.write(
      """
      return {
        id = 'x', version = '1', api = 1,
        on_step_end = function(pipe, step)
          moon.save_image(moon.zeros { 3, 8, 8 }, 'step.png')
          while step == 1 do end
        end,
      }
      """, to: "x.lua")
    let place = program.folder.appending(path: "temporary")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: false)
    let saved = { (try? FileManager.default.contentsOfDirectory(atPath: place.path)) ?? [] }
    let outcome = try await program.run(
      ["plugin", "dry-run", "x.lua"], environment: ["TMPDIR": place.path],
      signals: [(signal, { _ in !saved().isEmpty })])
    #expect(outcome.status == 128 + signal)
    #expect(saved() == [])
  }
}
