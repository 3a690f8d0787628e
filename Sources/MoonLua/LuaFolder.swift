import CLua

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The folder of a plugin as a source of modules: regular files below it, never through a link.
package struct LuaFolder: LuaModuleSource {
  private let path: String
  private let limit: Int

  /// The folder at `path`; files longer than `limit` bytes are refused.
  package init(path: String, limit: Int = 64 << 10) {
    self.path = path
    self.limit = limit
  }

  package func source(ofModule name: String) throws(HostError) -> [UInt8]? {
    try source(ofFile: name.split(separator: ".", omittingEmptySubsequences: false).joined(separator: "/") + ".lua")
  }

  /// The bytes of a file by its path below the folder.
  ///
  /// - Parameter file: Plain names with slashes between them.
  /// - Returns: The bytes, or nil when there is no such file.
  /// - Throws: `HostError.message` when it is no regular file, a link, or too long.
  package func source(ofFile file: String) throws(HostError) -> [UInt8]? {
    guard !file.utf8.contains(0), !path.utf8.contains(0) else { throw .message("a file name with a zero byte") }
    var count = 0
    var reason: Int32 = 0
    guard let bytes = unsafe moon_read_file(path, file, limit, &count, &reason) else {
      if reason == 0 { return nil }
      let shown = LuaText.shown(file, limit: 200)
      if reason == EFBIG { throw .message("\(shown) has more than \(limit) bytes") }
      if reason == ELOOP || reason == ENOTDIR || reason == EINVAL { throw .message("\(shown) is not a regular file") }
      throw .message("\(shown) cannot be read")
    }
    defer { unsafe moon_free_file(bytes) }
    return unsafe ValueReader.bytes(bytes, count: count)
  }
}
