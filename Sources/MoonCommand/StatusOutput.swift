internal import Synchronization

/// What a run tells on standard error while it goes: one line that is rewritten on a terminal, plain lines elsewhere.
///
/// Lines of plugins, warnings and signals arrive from several threads; each is written whole, above the progress line
/// and the picture that may stand above that one.
package final class StatusOutput: Sendable {
  private let isTerminal: Bool
  private let isQuiet: Bool
  private let write: @Sendable (String) -> Void
  private let state = Mutex(State())

  private struct State {
    var progress = ProgressLine()
    /// The line on the terminal that is rewritten; empty when there is none.
    var current = ""
    /// The picture above that line.
    var picture: TerminalPicture?
    /// What was warned of already, as bytes: a plugin may choose texts that are slow to compare otherwise.
    var warnings: Set<[UInt8]> = []
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
    let isNew = state.withLock { $0.warnings.insert(Array(text.utf8)).inserted }
    if isNew { line("moonstep: warning: \(text)") }
  }

  /// Shows a picture above the progress line, in place of the one before; on a terminal only.
  package func picture(_ picture: TerminalPicture) {
    if isQuiet || !isTerminal { return }
    state.withLock { state in
      let current = state.current
      if let last = state.picture, last.rows == picture.rows {
        show("", &state)
        write(Self.up(last.rows))
      } else {
        clear(&state)
      }
      draw(picture, &state)
      show(current, &state)
    }
  }

  /// Leaves the picture where it is; what is told from now on stands below it.
  package func keepPicture() {
    state.withLock { $0.picture = nil }
  }

  /// Takes away the progress line, and the picture unless it is to be kept.
  package func finish() {
    state.withLock { clear(&$0) }
  }

  private func line(_ text: String) {
    state.withLock { state in
      let (current, picture) = (state.current, state.picture)
      clear(&state)
      write(text + "\n")
      if let picture { draw(picture, &state) }
      show(current, &state)
    }
  }

  /// Takes away the progress line and the picture; the cursor is where they began.
  private func clear(_ state: inout State) {
    show("", &state)
    guard let picture = state.picture else { return }
    write(Self.up(picture.rows) + picture.deletion + "\u{1B}[J")
    state.picture = nil
  }

  /// Draws a picture from the cursor's row on.
  private func draw(_ picture: TerminalPicture, _ state: inout State) {
    write(picture.drawing)
    state.picture = picture
  }

  /// To the first column, `rows` rows further up.
  private static func up(_ rows: Int) -> String { "\r\u{1B}[\(rows)A" }

  /// Rewrites the progress line.
  private func show(_ text: String, _ state: inout State) {
    if text.isEmpty && state.current.isEmpty { return }
    // A line that goes on in the next row would be counted as one when the picture is drawn again.
    let text = state.picture.map { String(text.prefix(max(1, $0.lineWidth - 1))) } ?? text
    // Back to the first column, then clear to the end of the line.
    write("\r" + text + "\u{1B}[K")
    state.current = text
  }
}
