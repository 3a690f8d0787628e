/// Bytes as a key of a set or dictionary, hashed at once rather than one by one as `[UInt8]` is.
struct ByteKey: Hashable {
  /// The bytes.
  let bytes: [UInt8]

  func hash(into hasher: inout Hasher) {
    unsafe bytes.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
  }
}
