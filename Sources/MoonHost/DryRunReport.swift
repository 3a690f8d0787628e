/// What a run would cost with plugins and without, by a rehearsal.
package struct DryRunReport: Sendable {
  /// A step that ran.
  package struct Step: Sendable {
    /// Its number, from 0.
    package let step: Int
    /// Its training time.
    package let timestep: Double
    /// Noise level before it.
    package let sigma: Double
    /// Guidance in effect: 1 where it was off.
    package let guidance: Double
    /// Rows that went through the network.
    package let rows: Int
    /// Rows of the same call in the run without plugins; 0 where that has no such step.
    package let plainRows: Int
  }

  /// The plugins, as they were named.
  package let plugins: [String]
  /// `sd` or `sdxl`.
  package let pipeline: String
  /// Class name of the scheduler.
  package let scheduler: String
  /// The steps, in the order in which they ran.
  package let steps: [Step]
  /// Rows of the whole run without plugins.
  package let plainRows: Int
  /// Steps of the run without plugins.
  package let plainSteps: Int
  /// Whether a plugin ended the run early.
  package let isInterrupted: Bool
  /// What the user should know.
  package let warnings: [String]
  /// What the plugins printed.
  package let log: [String]

  /// Rows of the whole run.
  package var rows: Int { steps.map(\.rows).reduce(0, +) }

  /// Share of the network's work that the plugins save; negative where they add to it.
  package var saved: Double { plainRows == 0 ? 0 : Double(plainRows - rows) / Double(plainRows) }
}
