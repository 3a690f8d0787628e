internal import Foundation
internal import MoonImage
internal import MoonLua

/// Where one plugin's pictures go: plain names in one folder, never through a link, within a quota.
final class PluginImageFolder {
  private let folder: URL?
  private var imagesLeft: Int
  private var bytesLeft: Int

  /// Pictures go to `folder`, which is made with the first of them; `nil` refuses to save.
  init(_ folder: URL?, limits: PluginLimits) {
    self.folder = folder
    imagesLeft = limits.images
    bytesLeft = limits.imageBytes
  }

  /// Whether `name` is `[A-Za-z0-9_][A-Za-z0-9_-]{0,63}.png`.
  static func isPlainName(_ name: String) -> Bool {
    guard name.hasSuffix(".png") else { return false }
    let stem = name.utf8.dropLast(4)
    func isWord(_ byte: UInt8) -> Bool {
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F
    }
    guard let first = stem.first, stem.count <= 64, isWord(first) else { return false }
    return stem.allSatisfy { isWord($0) || $0 == 0x2D }
  }

  /// Writes a picture; one of the same name is replaced.
  func save(_ image: RGBImage, as name: String) throws {
    guard let folder else { throw HostError.message("this run has no folder for a plugin's pictures") }
    if imagesLeft < 1 { throw HostError.message("save_image: the limit of pictures in a run is reached") }
    let bytes = try PNG.encode(image)
    if bytes.count > bytesLeft { throw HostError.message("save_image: the limit of picture bytes in a run is reached") }
    try write(bytes, name, in: folder)
    imagesLeft -= 1
    bytesLeft -= bytes.count
  }

  private func write(_ bytes: [UInt8], _ name: String, in folder: URL) throws {
    func fail(_ action: String) -> HostError {
      .message("save_image: cannot \(action) '\(name)': \(unsafe String(cString: strerror(errno)))")
    }
    try? FileManager.default.createDirectory(
      at: folder.deletingLastPathComponent(), withIntermediateDirectories: true)
    if unsafe mkdir(folder.path, 0o777) != 0 && errno != EEXIST { throw fail("make the folder for") }
    let directory = unsafe open(folder.path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    if directory < 0 { throw fail("open the folder for") }
    defer { close(directory) }
    let temporary = ".\(name).part"
    _ = unsafe unlinkat(directory, temporary, 0)
    let file = unsafe openat(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
    if file < 0 { throw fail("create") }
    let handle = FileHandle(fileDescriptor: file, closeOnDealloc: true)
    do {
      try handle.write(contentsOf: bytes)
      try handle.close()
      if unsafe renameat(directory, temporary, directory, name) != 0 { throw fail("write") }
    } catch {
      _ = unsafe unlinkat(directory, temporary, 0)
      throw error is HostError ? error : fail("write")
    }
  }
}
