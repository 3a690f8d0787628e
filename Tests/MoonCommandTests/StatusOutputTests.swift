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
}
