/// When the next preview is due: so seldom that all of them take a twentieth of the time at most.
package struct PreviewPace: Sendable, Equatable {
  /// Part of the time that may go into previews.
  private static let share = 0.05
  /// The least time between two of them, in seconds: more often nobody looks.
  private static let pause = 0.1

  private var isFirst = true
  private var next = -Double.infinity

  /// The pace of a run; its first preview is due at once.
  package init() {}

  /// Whether a preview is due at the time `now`, in seconds from any moment on.
  package func isDue(at now: Double) -> Bool { now >= next }

  /// Takes in what a preview took. What the first one took is not held against the next: it prepares for all of them.
  ///
  /// - Parameters:
  ///   - start: When it was begun, in seconds.
  ///   - end: When it was done.
  package mutating func drew(from start: Double, to end: Double) {
    next = end + (isFirst ? Self.pause : max(Self.pause, (end - start) / Self.share - (end - start)))
    isFirst = false
  }
}
