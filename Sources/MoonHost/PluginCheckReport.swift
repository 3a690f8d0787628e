/// What a check of a plugin's file found.
package struct PluginCheckReport: Sendable {
  /// What one kind of run came to.
  package enum Verdict: Sendable {
    /// Every run went well.
    case ok
    /// The plugin says that it does not fit runs of this kind.
    case refused(String)
    /// A run failed.
    case failed(PluginFailure)
  }

  /// Runs of one kind.
  package struct Entry: Sendable {
    /// `sd text-to-image, ControlNet`.
    package let kind: String
    /// Runs that were made, a failed one included.
    package let runs: Int
    /// What they came to.
    package let verdict: Verdict
    /// What the plugin printed last in the run that failed.
    package var log: [String] = []
  }

  /// The file or folder, as it was named.
  package let path: String
  /// The plugin's id; `nil` where it does not load.
  package internal(set) var id: String?
  /// What stopped it before any run.
  package internal(set) var loading: PluginFailure?
  /// A line for each kind of run.
  package internal(set) var entries: [Entry] = []
  /// What the author may want to know.
  package internal(set) var warnings: [String] = []

  /// Whether nothing failed, and at least one kind of run of each pipeline fits.
  package var isOK: Bool {
    loading == nil && !entries.contains { if case .failed = $0.verdict { true } else { false } }
  }
}
