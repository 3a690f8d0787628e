internal import Dispatch
import Synchronization

/// When the call of a plugin that runs must end; asked from any thread.
///
/// It lies a little behind the sandbox's own deadline, so that an operation that it ends finds the sandbox expired and
/// the plugin cannot catch the error.
final class Deadline: Sendable {
  /// How far behind.
  private static let margin = Duration.milliseconds(5)
  private let nanoseconds = Atomic<Int64>(.max)

  /// Sets the deadline of a call that starts now, after calls that took `used`.
  func start(_ limits: PluginLimits, used: Duration) {
    let left = min(.seconds(limits.hookTime), .seconds(limits.runTime) - used)
    nanoseconds.store(Self.now() + Self.count(left + Self.margin), ordering: .relaxed)
  }

  /// Moves the deadline by time that was not the plugin's.
  func extend(by pause: Duration) {
    nanoseconds.wrappingAdd(Self.count(pause), ordering: .relaxed)
  }

  /// Whether the time is up. Asked every few microseconds of an operation, so it does no arithmetic with durations.
  var isOver: Bool { Self.now() >= nanoseconds.load(ordering: .relaxed) }

  /// The time that the machine was awake, as the sandbox counts it.
  private static func now() -> Int64 { Int64(clamping: DispatchTime.now().uptimeNanoseconds) }

  private static func count(_ duration: Duration) -> Int64 {
    let (seconds, attoseconds) = duration.components
    return min(max(seconds, -1 << 30), 1 << 30) * 1_000_000_000 + attoseconds / 1_000_000_000
  }
}
