internal import Foundation

/// What this process holds of the system.
package struct ProcessState: Sendable {
  /// Its threads.
  package let threads: Int
  /// Its open files.
  package let descriptors: Int
  /// Bytes of memory that it occupies.
  package let residentBytes: Int

  /// The state now; all zero on a system that does not tell.
  package static var now: ProcessState {
    ProcessState(
      threads: count("/proc/self/task"), descriptors: count("/proc/self/fd"), residentBytes: resident)
  }

  /// The state once no more than `threads` threads are left, which is waited for: one that ends needs a moment for it.
  package static func settled(threads: Int) -> ProcessState {
    for _ in 0..<200 where count("/proc/self/task") > threads { Thread.sleep(forTimeInterval: 0.01) }
    return now
  }

  private static func count(_ folder: String) -> Int {
    (try? FileManager.default.contentsOfDirectory(atPath: folder).count) ?? 0
  }

  private static var resident: Int {
    guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }),
      let kibibytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) })
    else { return 0 }
    return kibibytes << 10
  }
}
