internal import Foundation

/// What the machine has left.
enum SystemMemory {
  /// Bytes that programs may take without others being moved out, or nil where the system does not say.
  static var availableByteCount: Int? {
    guard let text = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8) else { return nil }
    return availableByteCount(in: text)
  }

  /// The available memory that the text of `/proc/meminfo` tells.
  static func availableByteCount(in text: String) -> Int? {
    for line in text.split(separator: "\n") where line.hasPrefix("MemAvailable:") {
      let words = line.split(separator: " ")
      guard words.count == 3, words[2] == "kB", let kibibytes = Int(words[1]) else { return nil }
      let (bytes, overflows) = kibibytes.multipliedReportingOverflow(by: 1024)
      return overflows ? nil : bytes
    }
    return nil
  }
}
