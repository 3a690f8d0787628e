/// How the elements of a tensor are stored. Arithmetic is always done in float32.
public enum DType: String, Sendable, CaseIterable {
  /// IEEE 754 single precision.
  case float32
  /// IEEE 754 half precision.
  case float16
  /// The upper 16 bits of single precision.
  case bfloat16

  /// Bytes of one element.
  public var byteCount: Int {
    switch self {
    case .float32: 4
    case .float16, .bfloat16: 2
    }
  }
}
