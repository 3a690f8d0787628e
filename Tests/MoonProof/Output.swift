import Foundation

/// Prints a line that is there at once, also when the process dies after it.
func printLine(_ text: String) {
  FileHandle.standardOutput.write(Data((text + "\n").utf8))
}
