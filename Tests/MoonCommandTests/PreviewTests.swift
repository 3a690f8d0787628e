import Foundation
import MoonCommand
import MoonImage
import MoonTestSupport
import MoonWeights
import Testing

@Suite("Previews", .serialized, .timeLimit(.minutes(10))) struct PreviewTests {
  private let program: Program

  init() throws { program = try Program() }

  /// Runs `generate` on a terminal of 60 x 20 cells.
  ///
  /// - Parameters:
  ///   - arguments: After the model and the prompt.
  ///   - environment: Variables beside those of the tests.
  ///   - signals: Sent one after the other, each once the terminal shows a text.
  /// - Returns: What the program ended with; as errors, what it wrote to the terminal.
  /// - Throws: What the system says when it cannot be run.
  private func show(
    _ arguments: [String], environment: [String: String] = ["TERM": "xterm", "COLORTERM": "truecolor"],
    signals: [(number: Int32, text: String)] = []
  ) async throws -> Program.Outcome {
    let terminal = try PseudoTerminal(columns: 60, rows: 20)
    let process = Process()
    process.executableURL = try Program.executable
    process.arguments =
      ["generate", "--model", Program.model, "--prompt", "red apple on a blue background"] + arguments
    process.currentDirectoryURL = program.folder
    let foreign = ["TMUX", "STY", "KITTY_WINDOW_ID", "TERM_PROGRAM", "LC_TERMINAL", "COLORTERM"]
    process.environment = ProcessInfo.processInfo.environment.filter { !foreign.contains($0.key) }
      .merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    let output = program.folder.appending(path: "captured-output")
    try Data().write(to: output)
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = terminal.slave
    try process.run()
    for signal in signals {
      while process.isRunning && !terminal.text.contains(signal.text) { try await Task.sleep(for: .milliseconds(5)) }
      kill(process.processIdentifier, signal.number)
    }
    while process.isRunning { try await Task.sleep(for: .milliseconds(5)) }
    // What is still on its way through the terminal.
    var text = terminal.text
    for _ in 0..<10 {
      try await Task.sleep(for: .milliseconds(20))
      text = terminal.text
    }
    return Program.Outcome(
      status: process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus,
      output: try String(contentsOf: output, encoding: .utf8), errors: text)
  }

  @Test("leave the latents bit for bit, and end as the finished picture above what is told next")
  func blocks() async throws {
    let options = ["--steps", "8", "--seed", "7", "--save-latents"]
    let plain = try await program.generate(options + ["a.safetensors", "--quiet"])
    let shown = try await show(options + ["b.safetensors", "--preview"])
    #expect(plain.status == 0 && shown.status == 0)
    let files = try ["a", "b"].map {
      try SafetensorsFile(contentsOf: program.folder.appending(path: "\($0).safetensors"))
    }
    for name in ["latents", "image"] { expectExact(try files[1].tensor(name), try files[0].tensor(name)) }
    let screen = TerminalScreen(width: 60, height: 20, showing: shown.errors)
    #expect(screen.lines == [String](repeating: String(repeating: "▀", count: 36), count: 18))
    #expect(screen.isTidy && screen.unknown == [])
    // The last rows that were drawn are those of the finished picture.
    let image = try PNG.read(program.folder.appending(path: "out.png"))
    let last = try TerminalPicture(
      image, style: .blocks(.full), size: TerminalSize(columns: 60, rows: 20), id: 1)
    #expect(last.rows == 18 && shown.errors.contains(last.drawing))
    let first = try #require(shown.errors.range(of: "▀")).lowerBound
    #expect(try #require(shown.errors.range(of: last.drawing)).lowerBound > first, "one before the last")
  }

  @Test(
    "are sent as files to terminals that take them",
    arguments: [("xterm-kitty", "auto", "\u{1B}_Ga=T,f=100,"), ("xterm", "iterm", "\u{1B}]1337;File=inline=1;")])
  func files(kind: String, choice: String, start: String) async throws {
    let shown = try await show(["--steps", "3", "--json", "--preview", choice], environment: ["TERM": kind])
    #expect(shown.status == 0)
    #expect(shown.errors.contains(start) && !shown.errors.contains("▀"))
    #expect(!shown.output.contains("\u{1B}") && shown.output.hasPrefix("{"))
    let screen = TerminalScreen(width: 60, height: 20, showing: shown.errors)
    #expect(screen.isTidy && screen.lines == [] && screen.pictures.count >= 2)
  }

  @Test(
    "write no escape sequence into a file or a pipe, whatever is asked for",
    arguments: [["--preview"], ["--preview", "kitty"], ["--preview=iterm", "--json"], ["--preview", "blocks"]])
  func piped(options: [String]) async throws {
    let outcome = try await program.generate(["--steps", "2"] + options)
    #expect(outcome.status == 0)
    #expect(!outcome.errors.utf8.contains(0x1B) && !outcome.output.utf8.contains(0x1B))
    #expect(outcome.errors.split(separator: "\n").map { $0.prefix(8) } == ["step 1/3", "step 2/3", "step 3/3"])
  }

  @Test("are none when quiet, when off, and where the terminal is dumb", arguments: [0, 1, 2])
  func none(number: Int) async throws {
    let options = [["--preview", "--quiet"], ["--preview", "off"], ["--preview"]][number]
    let shown = try await show(
      ["--steps", "2"] + options, environment: ["TERM": number == 2 ? "dumb" : "xterm", "COLORTERM": "truecolor"])
    #expect(shown.status == 0)
    #expect(!shown.errors.contains("▀"))
    if number == 0 { #expect(shown.errors == "") }
  }

  @Test("end as the picture so far after one Ctrl-C, and are taken away by a second one")
  func interrupts() async throws {
    let once = try await show(["--steps", "900", "--preview"], signals: [(SIGINT, "▀")])
    #expect(once.status == 0)
    var screen = TerminalScreen(width: 60, height: 20, showing: once.errors)
    #expect(screen.isTidy && screen.unknown == [])
    #expect(screen.lines.first == "stopping with the picture so far; once more ends at once")
    #expect(screen.lines.dropFirst().allSatisfy { $0 == String(repeating: "▀", count: 36) })
    #expect(screen.lines.count == 19)
    // Decoding this many pixels takes long enough to be interrupted in the middle.
    let twice = try await show(
      ["--steps", "900", "--width", "768", "--height", "768", "--preview", "--output", "b.png"],
      signals: [(SIGINT, "▀"), (SIGINT, "once more ends at once")])
    #expect(twice.status == 130)
    screen = TerminalScreen(width: 60, height: 20, showing: twice.errors)
    #expect(screen.isTidy && screen.lines == ["stopping with the picture so far; once more ends at once"])
  }

  @Test("are taken away when the run fails")
  func failure() async throws {
    try program.write("return function(pipe, step)\n  if step == 2 then error('boo') end\nend\n", to: "bad.lua")
    let shown = try await show(["--steps", "6", "--preview", "--callback", "bad.lua"])
    #expect(shown.status == 3 && shown.errors.contains("▀"))
    let screen = TerminalScreen(width: 200, height: 20, showing: shown.errors)
    #expect(screen.lines.first?.hasPrefix("moonstep: bad.lua:2: ") == true && screen.isTidy)
  }

  @Test("show several pictures side by side")
  func batch() async throws {
    let shown = try await show(["--steps", "2", "--num-images", "2", "--preview"])
    #expect(shown.status == 0)
    let screen = TerminalScreen(width: 60, height: 20, showing: shown.errors)
    #expect(screen.lines == [String](repeating: String(repeating: "▀", count: 60), count: 15))
  }
}
