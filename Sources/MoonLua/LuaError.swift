/// What stopped a script, and where.
package struct LuaError: Error, Equatable, CustomStringConvertible {
  /// Why a script stopped.
  package enum Kind: Sendable, Equatable {
    /// The source is not a Lua chunk, or too long.
    case syntax
    /// The script raised an error.
    case runtime
    /// A call, or all calls of the run, took too long.
    case timeLimit
    /// A call ran too many instructions.
    case instructionLimit
    /// Lua's memory, a string, or what handles stand for became too large.
    case memoryLimit
    /// The host asked for the stop.
    case stopped
    /// The sandbox cannot run anything: it is closed, busy or damaged.
    case unusable
  }

  /// One of the script's own frames.
  package struct Frame: Sendable, Equatable {
    /// The file as the sandbox names it, or `[string "..."]`.
    package var source: String
    /// The line, from 1.
    package var line: Int
  }

  /// Why the script stopped.
  package var kind: Kind
  /// The file as the sandbox names it.
  package var source: String
  /// The line in it, from 1, where one is known.
  package var line: Int?
  /// What went wrong, without the position; control characters are escaped, at most 4 KiB are kept.
  package var reason: String
  /// The script's frames, innermost first, at most twelve.
  package var frames: [Frame]
  /// Whether the script raised a text without a position of its own: `error(text, 0)`.
  package var isPlain = false

  package init(kind: Kind, source: String, line: Int? = nil, reason: String, frames: [Frame] = []) {
    self.kind = kind
    self.source = source
    self.line = line
    self.reason = reason
    self.frames = frames
  }

  /// The whole sentence: `file.lua:12: reason`.
  package var message: String {
    if let line { "\(source):\(line): \(reason)" } else { "\(source): \(reason)" }
  }

  package var description: String { message }

  /// Whether the script is ended for good: its sandbox runs nothing any more.
  package var isFinal: Bool { kind != .syntax && kind != .runtime }
}

/// What a host function throws; the script sees it as an error at its own line.
package enum HostError: Error, Equatable {
  /// A sentence about what went wrong.
  case message(String)
  /// The same about an argument, numbered from 1; the handle before a colon is not counted. The script reads
  /// `bad argument #2 to 'narrow' (start 5 outside 0..3)`.
  case argument(Int, String)
}
