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
  /// One sentence that begins with `file.lua:12: ` where a line is known; control characters are escaped.
  package var message: String
  /// The line, from 1, in the file that `message` names.
  package var line: Int?
  /// The script's frames, innermost first, at most twelve.
  package var frames: [Frame]

  package init(kind: Kind, message: String, line: Int? = nil, frames: [Frame] = []) {
    self.kind = kind
    self.message = message
    self.line = line
    self.frames = frames
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
