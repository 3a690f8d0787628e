internal import Foundation
import Synchronization

/// What happens when the system has no more memory: scratch memory of a kernel cannot be refused in any other way.
package enum MemoryExhaustion {
  private static let handler = Mutex<@Sendable (Int) -> Void>({ _ in })

  /// Has `handler` told of the bytes that could not be had, before the process ends. It may end the process itself.
  package static func setHandler(_ handler: @escaping @Sendable (Int) -> Void) {
    self.handler.withLock { $0 = handler }
  }

  /// Memory from the system.
  ///
  /// - Parameters:
  ///   - byteCount: How much, above 0.
  ///   - alignment: A power of two.
  /// - Returns: Memory to be given back with `free`; the process ends where there is none.
  static func allocate(_ byteCount: Int, alignment: Int) -> UnsafeMutableRawPointer {
    var base: UnsafeMutableRawPointer?
    if unsafe posix_memalign(&base, max(alignment, MemoryLayout<Int>.alignment), byteCount) == 0, let base = unsafe base
    {
      return unsafe base
    }
    handler.withLock { $0 }(byteCount)
    // Kernels ask for scratch memory where nothing can be thrown; the command line's handler has ended the process with a
    // sentence, and any other program may end it as it likes.
    fatalError("no memory for \(byteCount) bytes")
  }
}
