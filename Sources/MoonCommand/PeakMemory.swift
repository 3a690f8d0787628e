internal import Foundation

/// The most memory that the process has had at one time.
package enum PeakMemory {
  /// Resident bytes at the peak, mapped files included.
  package static var bytes: Int {
    // The kernel's own peak for this program: that of getrusage may come from the program that started this one.
    if let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8), let bytes = bytes(in: status) {
      return bytes
    }
    var usage = rusage()
    if unsafe getrusage(RUSAGE_SELF.rawValue, &usage) != 0 { return 0 }
    return usage.ru_maxrss * 1024
  }

  /// The peak that a `/proc/<pid>/status` text tells.
  package static func bytes(in status: String) -> Int? {
    for line in status.split(separator: "\n") where line.hasPrefix("VmHWM:") {
      let words = line.dropFirst("VmHWM:".count).split { $0 == " " || $0 == "\t" }
      guard words.count == 2, words[1] == "kB", let kibibytes = Int(words[0]) else { return nil }
      return kibibytes * 1024
    }
    return nil
  }
}
