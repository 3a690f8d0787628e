/// What the process ends with.
package enum CommandStatus: Int32, Sendable {
  /// Done, also when a plugin or one Ctrl-C ended the run early.
  case done = 0
  /// The run failed.
  case failed = 1
  /// A plugin failed.
  case pluginFailed = 3
  /// Bad usage.
  case usage = 64
  /// A bad model or image file.
  case badFile = 65
  /// Ended at once by a second Ctrl-C.
  case interrupted = 130
}

/// One sentence for standard error, and what the process ends with.
package struct CommandFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// The status.
  package let status: CommandStatus
  /// One sentence that names the file, key or option.
  package let message: String
  /// Lines to print below it: the line of a plugin's source that the sentence names, with a mark below it.
  package let excerpt: String?

  package var description: String { message }

  /// A failure.
  package init(_ status: CommandStatus, _ message: String, excerpt: String? = nil) {
    self.status = status
    self.message = message
    self.excerpt = excerpt
  }

  /// What is printed: the sentence and the lines below it, each with a line end; empty where there is no sentence.
  package var text: String {
    message.isEmpty ? "" : "moonstep: \(message)\n" + (excerpt.map { $0 + "\n" } ?? "")
  }
}
