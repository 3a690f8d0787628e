/// What a C function says when it fails.
struct CMessage {
  private var bytes: [CChar]

  /// A place for `capacity` bytes, the ending zero included.
  init(capacity: Int) { bytes = [CChar](repeating: 0, count: capacity) }

  /// Calls `body` with the place for a message.
  mutating func fill<Result>(_ body: (UnsafeMutablePointer<CChar>?) -> Result) -> Result {
    unsafe bytes.withUnsafeMutableBufferPointer { unsafe body($0.baseAddress) }
  }

  /// The message.
  var text: String {
    String(decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
