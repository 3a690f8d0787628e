package import MoonTensor

/// The element types that a safetensors file can name.
package enum SafetensorsDType: String, Sendable, CaseIterable {
  case float64 = "F64"
  case float32 = "F32"
  case float16 = "F16"
  case bfloat16 = "BF16"
  case complex64 = "C64"
  case int64 = "I64"
  case int32 = "I32"
  case int16 = "I16"
  case int8 = "I8"
  case uint64 = "U64"
  case uint32 = "U32"
  case uint16 = "U16"
  case uint8 = "U8"
  case bool = "BOOL"
  case float8E4M3 = "F8_E4M3"
  case float8E4M3FNUZ = "F8_E4M3FNUZ"
  case float8E5M2 = "F8_E5M2"
  case float8E5M2FNUZ = "F8_E5M2FNUZ"
  case float8E8M0 = "F8_E8M0"
  case float6E2M3 = "F6_E2M3"
  case float6E3M2 = "F6_E3M2"
  case float4 = "F4"

  /// Bits of one element.
  package var bitCount: Int {
    switch self {
    case .float64, .complex64, .int64, .uint64: 64
    case .float32, .int32, .uint32: 32
    case .float16, .bfloat16, .int16, .uint16: 16
    case .int8, .uint8, .bool: 8
    case .float8E4M3, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ, .float8E8M0: 8
    case .float6E2M3, .float6E3M2: 6
    case .float4: 4
    }
  }

  /// The tensor type whose bytes are the same, if there is one.
  package var tensorDType: DType? {
    switch self {
    case .float32: .float32
    case .float16: .float16
    case .bfloat16: .bfloat16
    default: nil
    }
  }

  /// The type as which a file stores a tensor's elements.
  package init(_ dtype: DType) {
    switch dtype {
    case .float32: self = .float32
    case .float16: self = .float16
    case .bfloat16: self = .bfloat16
    }
  }
}
