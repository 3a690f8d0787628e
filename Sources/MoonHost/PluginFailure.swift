/// A plugin that broke a rule, raised an error or hit a limit.
public struct PluginFailure: Error, Sendable, CustomStringConvertible {
  /// The plugin's id, or its file where it has none yet.
  public let plugin: String
  /// One sentence: `plugins/x.lua:12: on_step_end, step 3/25: ...`.
  public let description: String
  /// The line of the source that the sentence names, with a mark below it; `nil` where no line is known.
  ///
  /// ```
  ///   12 |   pipe.guidance_scal = 3.0
  ///      |        ^
  /// ```
  public let excerpt: String?
  /// Whether the plugin said at the begin of a run that it does not fit it: by `error(text, 0)`, or by tensors that the
  /// run does not have.
  package var isRefusal = false

  package init(plugin: String, description: String, excerpt: String? = nil) {
    self.plugin = plugin
    self.description = description
    self.excerpt = excerpt
  }
}

/// What happens to a run when a plugin fails.
public enum PluginFailurePolicy: String, Sendable, CaseIterable {
  /// The run ends with the plugin's error.
  case abort
  /// The failed hook call is undone, the plugin is dropped, and the run goes on with a warning.
  case disable
}
