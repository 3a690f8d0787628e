package import Foundation

/// A file that appears whole or not at all.
///
/// The bytes go to a new temporary file in the target's folder, which takes the target's name when `commit` has seen
/// all of them on the disk. Until then a file that had the name keeps its bytes; without `commit` the temporary file
/// goes when this object does. A link that has the target's name is replaced, never followed.
@safe package final class AtomicFile {
  private let target: String
  private let name: String
  private let temporaryName: String
  private let folder: SystemFile
  private let file: SystemFile
  private var isCommitted = false

  /// Creates the temporary file beside `url`.
  ///
  /// - Parameters:
  ///   - url: The file to make or to replace.
  ///   - followsFolderLink: Whether the target's folder itself may be a symbolic link.
  /// - Throws: `FileError.unwritable`.
  package init(replacing url: URL, followsFolderLink: Bool = true) throws(FileError) {
    target = url.shownPath
    name = url.lastPathComponent
    if name.isEmpty || name == "/" || name == "." || name == ".." || url.path.utf8.contains(0) || url.hasDirectoryPath {
      throw .unwritable(file: target, reason: "not a file name")
    }
    if name.utf8.count > 255 { throw .unwritable(file: target, reason: "the name has more than 255 bytes") }
    folder = try SystemFile.open(
      folder: url.deletingLastPathComponent(), followsLink: followsFolderLink, for: target)
    var status = stat()
    let exists = unsafe fstatat(folder.descriptor, name, &status, 0) == 0
    if exists && status.st_mode & S_IFMT == S_IFDIR { throw .unwritable(file: target, reason: "it is a folder") }
    if exists && status.st_mode & S_IFMT != S_IFREG {
      throw .unwritable(file: target, reason: "it is not a regular file")
    }
    temporaryName = ".moonstep-\(String(UInt64.random(in: .min ... .max), radix: 36)).tmp"
    file = try SystemFile.create(temporaryName, in: folder, for: target)
    // A private file stays private.
    if exists { fchmod(file.descriptor, status.st_mode & 0o777) }
  }

  deinit {
    if !isCommitted { unsafe unlinkat(folder.descriptor, temporaryName, 0) }
  }

  /// Appends `bytes`.
  package func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    var position = 0
    while position < bytes.count, let base = bytes.baseAddress {
      let written = unsafe Foundation.write(file.descriptor, base + position, bytes.count - position)
      if written < 0 && errno == EINTR { continue }
      if written <= 0 { throw .unwritable(file: target, reason: SystemFile.systemReason()) }
      position += written
    }
  }

  /// Appends `bytes`.
  package func write(_ bytes: [UInt8]) throws(FileError) {
    try unsafe bytes.span.bytes.withUnsafeBytes { (buffer) throws(FileError) in try unsafe write(buffer) }
  }

  /// Gives the finished file its name.
  package func commit() throws(FileError) {
    if fsync(file.descriptor) != 0 && errno != EINVAL {
      throw .unwritable(file: target, reason: SystemFile.systemReason())
    }
    if unsafe renameat(folder.descriptor, temporaryName, folder.descriptor, name) != 0 {
      throw .unwritable(file: target, reason: SystemFile.systemReason())
    }
    isCommitted = true
  }

  /// Makes or replaces the file at `url`, which then holds `bytes`.
  package static func write(_ bytes: [UInt8], to url: URL, followsFolderLink: Bool = true) throws(FileError) {
    let file = try AtomicFile(replacing: url, followsFolderLink: followsFolderLink)
    try file.write(bytes)
    try file.commit()
  }
}
