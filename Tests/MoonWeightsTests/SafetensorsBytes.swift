/// The bytes of a safetensors file with the header `header` and `dataByteCount` bytes of data: 0, 1, 2 ...
///
/// - Parameters:
///   - header: The header's text.
///   - dataByteCount: Bytes after the header.
///   - claimed: What the first eight bytes say; by default the header's true length.
/// - Returns: The whole file.
func safetensors(_ header: String, dataByteCount: Int = 0, claimed: UInt64? = nil) -> [UInt8] {
  let text = Array(header.utf8)
  let length = claimed ?? UInt64(text.count)
  return (0..<8).map { UInt8(truncatingIfNeeded: length >> ($0 * 8)) } + text
    + (0..<dataByteCount).map { UInt8(truncatingIfNeeded: $0) }
}
