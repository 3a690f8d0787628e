public import Foundation
internal import MoonTensor

extension RunTrace {
  /// Reads a trace; its tensors share the file's mapping.
  ///
  /// Everything in it is checked: sizes against one another, numbers for being finite, the schedule for being one.
  ///
  /// - Parameter url: A file that `write(to:)` has made.
  /// - Throws: One sentence that names the file and what is wrong in it.
  public init(contentsOf url: URL) throws {
    self = try TraceReader(url).trace()
  }
}
