package import Foundation

/// A descriptor of the operating system, closed when the last reference goes.
@safe package final class SystemFile {
  /// The open descriptor.
  package let descriptor: Int32

  private init(descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// Opens a regular file for reading, and says how many bytes it has.
  package static func open(reading url: URL) throws(FileError) -> (file: SystemFile, byteCount: Int) {
    let name = url.shownPath
    let path = url.path
    if path.isEmpty || path.utf8.contains(0) { throw .unreadable(file: name, reason: "not a file name") }
    // A pipe would otherwise wait for its other end.
    let descriptor = unsafe Foundation.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    if descriptor < 0 { throw .unreadable(file: name, reason: systemReason()) }
    let file = SystemFile(descriptor: descriptor)
    var status = stat()
    if unsafe fstat(descriptor, &status) != 0 { throw .unreadable(file: name, reason: systemReason()) }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw .unreadable(file: name, reason: "it is a folder")
    default: throw .unreadable(file: name, reason: "it is not a regular file")
    }
    return (file, Int(status.st_size))
  }

  /// Opens a folder, so that names inside it can be used whatever happens to its path.
  package static func open(folder: URL, followsLink: Bool, for target: String) throws(FileError) -> SystemFile {
    let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (followsLink ? 0 : O_NOFOLLOW)
    let descriptor = unsafe Foundation.open(folder.path, flags)
    if descriptor < 0 {
      let code = errno
      let reason =
        switch code {
        case ENOENT: "the folder \(folder.shownPath) does not exist"
        case ENOTDIR, ELOOP: "\(folder.shownPath) is not a folder"
        default: systemReason(code)
        }
      throw .unwritable(file: target, reason: reason)
    }
    return SystemFile(descriptor: descriptor)
  }

  /// Creates a file that did not exist inside `folder`.
  package static func create(_ name: String, in folder: SystemFile, for target: String) throws(FileError) -> SystemFile
  {
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
    let descriptor = unsafe openat(folder.descriptor, name, flags, 0o666)
    if descriptor < 0 { throw .unwritable(file: target, reason: systemReason()) }
    return SystemFile(descriptor: descriptor)
  }

  /// What the system says about its last error.
  package static func systemReason(_ code: Int32 = errno) -> String {
    guard let text = unsafe strerror(code) else { return "error \(code)" }
    return unsafe String(cString: text)
  }
}

/// Reads whole files of bounded size.
package enum FileBytes {
  /// The bytes of the regular file at `url`; one with more than `limit` bytes is an error.
  package static func read(_ url: URL, limit: Int) throws(FileError) -> [UInt8] {
    let (file, byteCount) = try SystemFile.open(reading: url)
    if byteCount > limit {
      throw .unreadable(file: url.shownPath, reason: "it has \(byteCount) bytes, more than the \(limit) allowed")
    }
    var result = [UInt8](repeating: 0, count: byteCount)
    var position = 0
    var failure: Int32 = 0
    unsafe result.withUnsafeMutableBytes { buffer in
      while position < byteCount, let base = buffer.baseAddress {
        let got = withExtendedLifetime(file) {
          unsafe Foundation.read($0.descriptor, base + position, byteCount - position)
        }
        if got < 0 && errno == EINTR { continue }
        if got < 0 { failure = errno }
        if got <= 0 { return }
        position += got
      }
    }
    if failure != 0 { throw .unreadable(file: url.shownPath, reason: SystemFile.systemReason(failure)) }
    if position < byteCount { throw .unreadable(file: url.shownPath, reason: "it was cut while it was read") }
    return result
  }
}
