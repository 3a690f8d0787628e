/// What the tests of a plugin came to.
package struct PluginTestReport: Sendable {
  /// One test.
  package struct Entry: Sendable {
    /// Its name.
    package let name: String
    /// What it stumbled over; `nil` where it passed.
    package let failure: PluginFailure?
  }

  /// The file or folder, as it was named.
  package let path: String
  /// What kept the tests from running at all.
  package internal(set) var loading: PluginFailure?
  /// The tests, by name.
  package internal(set) var entries: [Entry] = []
  /// What the tests printed.
  package internal(set) var log: [String] = []

  /// Tests that failed.
  package var failureCount: Int { entries.count { $0.failure != nil } }
  /// Whether all ran and passed; also where there is none.
  package var isOK: Bool { loading == nil && failureCount == 0 }
}
