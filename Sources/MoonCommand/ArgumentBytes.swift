/// The command line's arguments as text.
package enum ArgumentBytes {
  /// The arguments after the program's name.
  ///
  /// - Parameter arguments: Each one's bytes, without the zero at its end.
  /// - Returns: The texts, as many.
  /// - Throws: `CommandFailure` that names the first one that is not valid UTF-8.
  package static func texts(_ arguments: [[UInt8]]) throws -> [String] {
    try arguments.enumerated().map { index, bytes in
      guard let text = String(validating: bytes, as: UTF8.self) else {
        let shown = String(decoding: bytes, as: UTF8.self)
        throw CommandFailure(.usage, "argument \(index + 1) is not valid UTF-8: '\(shown)'")
      }
      return text
    }
  }

  /// The bytes of the arguments that this process was started with, without the program's name.
  package static var ofProcess: [[UInt8]] {
    let count = Int(CommandLine.argc)
    return (min(1, count)..<count).map { index in
      guard let text = unsafe CommandLine.unsafeArgv[index] else { return [] }
      return unsafe UnsafeBufferPointer(start: text, count: length(of: text)).map { UInt8(bitPattern: $0) }
    }
  }

  private static func length(of text: UnsafePointer<CChar>) -> Int {
    var length = 0
    while unsafe text[length] != 0 { length += 1 }
    return length
  }
}
