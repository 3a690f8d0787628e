import MoonCommand
import Synchronization
import Testing

@Suite("Status output") struct StatusOutputTests {
  /// Collects what is written, from any thread.
  private final class Screen: Sendable {
    private let text = Mutex("")
    var written: String { text.withLock { $0 } }
    func write(_ more: String) { text.withLock { $0 += more } }
  }

  private func output(isTerminal: Bool, isQuiet: Bool = false) -> (StatusOutput, Screen) {
    let screen = Screen()
    return (StatusOutput(isTerminal: isTerminal, isQuiet: isQuiet, write: { screen.write($0) }), screen)
  }

  @Test("rewrites one line on a terminal, below the lines of plugins")
  func terminal() {
    let (status, screen) = output(isTerminal: true)
    status.phase("loading m")
    status.stepEnded(0, of: 2, seconds: 1)
    status.note("ramp: hello")
    status.finish()
    let (back, clear) = ("\r", "\u{1B}[K")
    let step = "\(back)step 1/2, 1.00 s a step, 1 s left\(clear)"
    #expect(screen.written == "\(back)loading m\(clear)\(step)\(back)\(clear)ramp: hello\n\(step)\(back)\(clear)")
  }

  @Test("writes plain lines elsewhere, and no control characters")
  func pipe() {
    let (status, screen) = output(isTerminal: false)
    status.phase("loading m")
    status.stepEnded(0, of: 2, seconds: 1)
    status.note("ramp: hello")
    status.stepEnded(1, of: 2, seconds: 1)
    status.finish()
    #expect(screen.written == "step 1/2, 1.00 s a step, 1 s left\nramp: hello\nstep 2/2, 1.00 s a step\n")
  }

  @Test("tells warnings alone when quiet", arguments: [true, false])
  func quiet(isTerminal: Bool) {
    let (status, screen) = output(isTerminal: isTerminal, isQuiet: true)
    status.phase("loading m")
    status.stepEnded(0, of: 2, seconds: 1)
    status.note("ramp: hello")
    status.warning("cut")
    status.finish()
    #expect(screen.written == "moonstep: warning: cut\n")
  }

  @Test("keeps lines from several threads whole")
  func threads() async {
    let (status, screen) = output(isTerminal: false)
    await withTaskGroup(of: Void.self) { group in
      for task in 0..<8 {
        group.addTask { for line in 0..<50 { status.note("task \(task) line \(line)") } }
      }
    }
    let wanted = Set((0..<8).flatMap { task in (0..<50).map { "task \(task) line \($0)" } })
    #expect(Set(screen.written.split(separator: "\n").map(String.init)) == wanted)
  }

  /// A picture of `rows` rows out of one letter.
  private func picture(_ letter: Character, rows: Int, deletion: String = "", lineWidth: Int = 80) -> TerminalPicture {
    let row = String(repeating: letter, count: 4) + "\u{1B}[0m\n"
    return TerminalPicture(
      rows: rows, drawing: String(repeating: row, count: rows), deletion: deletion, lineWidth: lineWidth)
  }

  private func lines(_ screen: Screen, height: Int = 24) -> [String] {
    TerminalScreen(width: 80, height: height, showing: screen.written).lines
  }

  @Test("draws a picture above the line, and each one in place of the one before", arguments: [4, 24])
  func pictures(height: Int) {
    let (status, screen) = output(isTerminal: true)
    // On a low screen, what was told before scrolls away as it should.
    for number in 0..<6 { status.note("line \(number)") }
    let told = (0..<6).map { "line \($0)" }
    status.phase("encoding")
    status.picture(picture("a", rows: 2))
    #expect(lines(screen, height: height) == told + ["aaaa", "aaaa", "encoding"])
    status.stepEnded(0, of: 2, seconds: 1)
    status.picture(picture("b", rows: 2))
    let step = "step 1/2, 1.00 s a step, 1 s left"
    #expect(lines(screen, height: height) == told + ["bbbb", "bbbb", step])
    status.picture(picture("c", rows: 1))
    #expect(lines(screen, height: height) == told + ["cccc", step])
    status.picture(picture("d", rows: 3))
    #expect(lines(screen, height: height) == told + ["dddd", "dddd", "dddd", step])
    status.finish()
    #expect(lines(screen, height: height) == told)
    let end = TerminalScreen(width: 80, height: height, showing: screen.written)
    #expect(end.isTidy && end.unknown == [])
  }

  @Test("writes lines of others above the picture")
  func notesAbove() {
    let (status, screen) = output(isTerminal: true)
    status.picture(picture("a", rows: 2, deletion: "\u{1B}_Gdelete\u{1B}\\"))
    status.stepEnded(0, of: 2, seconds: 1)
    status.note("ramp: hello")
    #expect(lines(screen) == ["ramp: hello", "aaaa", "aaaa", "step 1/2, 1.00 s a step, 1 s left"])
    #expect(TerminalScreen(width: 80, height: 24, showing: screen.written).pictures == ["Gdelete\u{1B}"])
    status.warning("cut")
    status.finish()
    #expect(lines(screen) == ["ramp: hello", "moonstep: warning: cut"])
  }

  @Test("leaves a picture that is to be kept, and goes on below it")
  func keeps() {
    let (status, screen) = output(isTerminal: true)
    status.stepEnded(0, of: 1, seconds: 1)
    status.picture(picture("a", rows: 2))
    status.keepPicture()
    status.finish()
    status.note("out.png")
    status.picture(picture("b", rows: 1))
    status.finish()
    status.finish()
    #expect(lines(screen) == ["aaaa", "aaaa", "out.png"])
  }

  @Test("cuts a line that would go on in the next row, below a picture")
  func narrow() {
    let (status, screen) = output(isTerminal: true)
    status.picture(picture("a", rows: 1, lineWidth: 10))
    status.stepEnded(0, of: 2, seconds: 1)
    status.picture(picture("b", rows: 1, lineWidth: 10))
    #expect(TerminalScreen(width: 10, height: 24, showing: screen.written).lines == ["bbbb", "step 1/2,"])
  }

  @Test("draws no picture where there is no terminal, or when quiet", arguments: [(false, false), (true, true)])
  func none(isTerminal: Bool, isQuiet: Bool) {
    let (status, screen) = output(isTerminal: isTerminal, isQuiet: isQuiet)
    status.picture(picture("a", rows: 2))
    status.keepPicture()
    status.finish()
    #expect(screen.written == "")
  }
}
