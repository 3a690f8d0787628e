import Foundation
import Synchronization

/// A terminal of the system's own making, for programs that ask whether they write to one.
final class PseudoTerminal {
  /// The end that a program gets.
  let slave: FileHandle
  private let master: FileHandle
  private let received = Received()

  /// What was written, from the thread that reads it.
  private final class Received: Sendable {
    private let data = Mutex(Data())

    func add(_ more: Data) { data.withLock { $0 += more } }
    var text: String { String(decoding: data.withLock { $0 }, as: UTF8.self) }
  }

  /// Requests of Linux's `ioctl_tty(2)`, which the headers make out of macros.
  private static let (getNumber, setLock) = (UInt(0x8004_5430), UInt(0x4004_5431))

  /// A terminal of this many cells.
  init(columns: UInt16, rows: UInt16) throws {
    master = FileHandle(fileDescriptor: try Self.descriptor("/dev/ptmx"), closeOnDealloc: true)
    var (number, lock) = (UInt32(0), Int32(0))
    var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
    guard unsafe ioctl(master.fileDescriptor, Self.setLock, &lock) == 0,
      unsafe ioctl(master.fileDescriptor, Self.getNumber, &number) == 0,
      unsafe ioctl(master.fileDescriptor, UInt(TIOCSWINSZ), &size) == 0
    else { throw Program.Missing(what: "a pseudo terminal") }
    slave = FileHandle(fileDescriptor: try Self.descriptor("/dev/pts/\(number)"), closeOnDealloc: true)
    let received = received
    master.readabilityHandler = { handle in
      let data = handle.availableData
      if data.isEmpty { handle.readabilityHandler = nil }
      received.add(data)
    }
  }

  deinit { master.readabilityHandler = nil }

  /// What was written so far; line ends as the program wrote them.
  var text: String { received.text.replacingOccurrences(of: "\r\n", with: "\n") }

  private static func descriptor(_ path: String) throws -> Int32 {
    let number = unsafe open(path, O_RDWR | O_NOCTTY)
    if number < 0 { throw Program.Missing(what: path) }
    return number
  }
}
