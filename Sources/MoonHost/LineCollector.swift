/// Lines that plugins print, kept for a report.
final class LineCollector {
  private(set) var lines: [String] = []

  /// Takes a line.
  func add(_ line: String) { lines.append(line) }
}
