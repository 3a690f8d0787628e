internal import Synchronization

/// What a run tells on standard error while it goes: one line that is rewritten on a terminal, plain lines elsewhere.
///
/// Lines of plugins, warnings and signals arrive from several threads; each is written whole, above the progress line.
package final class StatusOutput: Sendable {
  private let isTerminal: Bool
  private let isQuiet: Bool
  private let write: @Sendable (String) -> Void
  private let state = Mutex(State())

  private struct State {
    var progress = ProgressLine()
    /// The line on the terminal that is rewritten; empty when there is none.
    var current = ""
    /// What was warned of already.
    var warnings: Set<String> = []
  }

  /// An output.
  ///
  /// - Parameters:
  ///   - isTerminal: Whether the last line can be rewritten.
  ///   - isQuiet: Whether only warnings and errors are told.
  ///   - write: Takes text that may hold several lines or a part of one.
  package init(
    isTerminal: Bool = StandardStream.error.isTerminal, isQuiet: Bool,
    write: @escaping @Sendable (String) -> Void = { text in try? StandardStream.error.write(text) }
  ) {
    self.isTerminal = isTerminal
    self.isQuiet = isQuiet
    self.write = write
  }

  /// Tells what goes on until the next step ends; on a terminal only.
  package func phase(_ text: String) {
    if isQuiet || !isTerminal { return }
    state.withLock { show(text, &$0) }
  }

  /// Tells that a step has ended.
  ///
  /// - Parameters:
  ///   - step: The step, from 0.
  ///   - count: Steps of the run.
  ///   - seconds: Seconds that the step took.
  ///   - place: Which of several runs it is, where there are several: `cell 2/12`.
  package func stepEnded(_ step: Int, of count: Int, seconds: Double, in place: String? = nil) {
    if isQuiet { return }
    state.withLock { state in
      let text = (place.map { "\($0), " } ?? "") + state.progress.ended(step: step, of: count, seconds: seconds)
      if isTerminal { show(text, &state) } else { write(text + "\n") }
    }
  }

  /// Tells something in a line of its own, unless the run is quiet.
  package func note(_ text: String) {
    if !isQuiet { line(text) }
  }

  /// Tells something that the user should know, also when the run is quiet; the same text only once.
  package func warning(_ text: String) {
    let isNew = state.withLock { $0.warnings.insert(text).inserted }
    if isNew { line("moonstep: warning: \(text)") }
  }

  /// Takes the progress line away.
  package func finish() {
    state.withLock { show("", &$0) }
  }

  private func line(_ text: String) {
    state.withLock { state in
      let current = state.current
      show("", &state)
      write(text + "\n")
      show(current, &state)
    }
  }

  /// Rewrites the progress line.
  private func show(_ text: String, _ state: inout State) {
    if text.isEmpty && state.current.isEmpty { return }
    // Back to the first column, then clear to the end of the line.
    write("\r" + text + "\u{1B}[K")
    state.current = text
  }
}
