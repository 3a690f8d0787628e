internal import Foundation
internal import MoonImage
internal import MoonLua
internal import MoonTensor

/// Where one plugin's pictures go: plain names in one folder, never through a link, within a quota.
///
/// A hook's pictures are written beside their places, and take them when the hook has succeeded.
final class PluginImageFolder {
  /// The most pixels of a picture.
  static let maximumPixelCount = 1 << 24
  /// Bytes written between two looks at the clock.
  private static let pieceBytes = 1 << 20

  private let folder: URL?
  private var imagesLeft: Int
  private var bytesLeft: Int
  /// The open folder, once a picture was written.
  private var directory: FileHandle?
  /// Names of the pictures that wait for the end of the hook, in their order.
  private var staged: [String] = []

  /// Pictures go to `folder`, which is made with the first of them, as is the one that it is in; `nil` refuses to save.
  init(_ folder: URL?, limits: PluginLimits) {
    self.folder = folder
    imagesLeft = limits.images
    bytesLeft = limits.imageBytes
  }

  deinit { rollBack() }

  /// Whether `name` is `[A-Za-z0-9_][A-Za-z0-9_-]{0,63}.png`.
  static func isPlainName(_ name: String) -> Bool {
    let stem = name.utf8.dropLast(4)
    guard name.utf8.dropFirst(stem.count).elementsEqual(".png".utf8) else { return false }
    func isWord(_ byte: UInt8) -> Bool {
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F
    }
    guard let first = stem.first, stem.count <= 64, isWord(first) else { return false }
    return stem.allSatisfy { isWord($0) || $0 == 0x2D }
  }

  /// Throws unless a tensor has the size of a picture that a plugin may make.
  static func checkSize(_ tensor: Tensor) throws {
    let shape = tensor.shape
    guard shape.count == 3, shape[0] == 3 || shape[0] == 1 else {
      throw HostError.message(
        "a picture is made from [3, height, width] or [1, height, width], got \(TensorError.text(shape))")
    }
    let (pixels, overflow) = shape[1].multipliedReportingOverflow(by: shape[2])
    if overflow || pixels < 1 || pixels > maximumPixelCount {
      throw HostError.message("a picture has 1 to \(maximumPixelCount) pixels, got \(shape[2]) x \(shape[1])")
    }
    if max(shape[1], shape[2]) > RGBImage.maximumSide {
      throw HostError.message(
        "the sides of a picture have at most \(RGBImage.maximumSide) pixels, got \(shape[2]) x \(shape[1])")
    }
  }

  /// Writes a picture beside its place; one of the same name is replaced at the end of the hook.
  func stage(_ image: RGBImage, as name: String) throws {
    guard let folder else { throw HostError.message("this run has no folder for a plugin's pictures") }
    if imagesLeft < 1 { throw HostError.message("save_image: the limit of pictures in a run is reached") }
    let bytes = try PNG.encode(image)
    if bytes.count > bytesLeft { throw HostError.message("save_image: the limit of picture bytes in a run is reached") }
    let directory = try directory ?? Self.open(folder, for: name)
    self.directory = directory
    try Self.write(bytes, to: Self.temporary(name), in: directory.fileDescriptor, for: name)
    if !staged.contains(name) { staged.append(name) }
    imagesLeft -= 1
    bytesLeft -= bytes.count
  }

  /// Gives the hook's pictures their names.
  func commit() throws {
    guard let descriptor = directory?.fileDescriptor else { return }
    while let name = staged.first {
      if unsafe renameat(descriptor, Self.temporary(name), descriptor, name) != 0 { throw Self.failure("write", name) }
      staged.removeFirst()
    }
  }

  /// Removes the pictures of a hook that failed.
  func rollBack() {
    if let descriptor = directory?.fileDescriptor {
      for name in staged { _ = unsafe unlinkat(descriptor, Self.temporary(name), 0) }
    }
    staged = []
  }

  private static func temporary(_ name: String) -> String { ".\(name).part" }

  private static func failure(_ action: String, _ name: String) -> HostError {
    .message("save_image: cannot \(action) '\(name)': \(unsafe String(cString: strerror(errno)))")
  }

  /// Opens `folder`, made when missing, neither it nor the folder that it is in by way of a link.
  private static func open(_ folder: URL, for name: String) throws -> FileHandle {
    let folder = folder.absoluteURL
    let parent = folder.deletingLastPathComponent()
    let place = parent.deletingLastPathComponent()
    try? FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    let outer = try descriptor(ofFolder: place.path, in: AT_FDCWD, for: name)
    defer { close(outer) }
    let middle = try descriptor(ofFolder: parent.lastPathComponent, in: outer, makes: true, for: name)
    defer { close(middle) }
    let inner = try descriptor(ofFolder: folder.lastPathComponent, in: middle, makes: true, for: name)
    return FileHandle(fileDescriptor: inner, closeOnDealloc: true)
  }

  /// An open folder; one that may be made may not be a link.
  private static func descriptor(
    ofFolder path: String, in outer: Int32, makes: Bool = false, for name: String
  ) throws -> Int32 {
    if makes, unsafe mkdirat(outer, path, 0o777) != 0, errno != EEXIST { throw failure("make the folder for", name) }
    let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (makes ? O_NOFOLLOW : 0)
    let descriptor = unsafe openat(outer, path, flags)
    if descriptor < 0 { throw failure("open the folder for", name) }
    return descriptor
  }

  private static func write(_ bytes: [UInt8], to file: String, in directory: Int32, for name: String) throws {
    _ = unsafe unlinkat(directory, file, 0)
    let descriptor = unsafe openat(directory, file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
    if descriptor < 0 { throw failure("create", name) }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    do {
      for start in stride(from: 0, to: bytes.count, by: pieceBytes) {
        try TensorEnvironment.current.check()
        try handle.write(contentsOf: bytes[start..<min(start + pieceBytes, bytes.count)])
      }
      try handle.close()
    } catch {
      _ = unsafe unlinkat(directory, file, 0)
      throw error is TensorError ? error : failure("write", name)
    }
  }
}
