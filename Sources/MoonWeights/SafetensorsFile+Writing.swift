package import Foundation
package import MoonTensor

extension SafetensorsFile {
  /// Makes or replaces the file at `url`, which then holds `tensors` in their own element types.
  ///
  /// The layout is the reference library's: wider types first, then by name, the header padded to 8 bytes; so equal
  /// contents give equal bytes. The file appears whole or not at all.
  ///
  /// - Parameters:
  ///   - tensors: Names, each once, and tensors of any strides.
  ///   - metadata: Texts for the header.
  ///   - url: The file to make or to replace.
  /// - Throws: `WeightsError.file`, `.badKey`, `.tensor`.
  package static func write(
    _ tensors: [(key: String, tensor: Tensor)], metadata: [String: String] = [:], to url: URL
  ) throws(WeightsError) {
    let name = url.shownPath
    let sorted = tensors.sorted { left, right in
      let (leftRank, rightRank) = (rank(left.tensor.dtype), rank(right.tensor.dtype))
      return leftRank == rightRank ? left.key.utf8.lexicographicallyPrecedes(right.key.utf8) : leftRank < rightRank
    }
    let header = try header(of: sorted, metadata: metadata, file: name)
    let file = try onFile { () throws(FileError) in try AtomicFile(replacing: url) }
    try onFile { () throws(FileError) in
      try file.write((0..<8).map { UInt8(truncatingIfNeeded: header.count >> ($0 * 8)) })
      try file.write(header)
    }
    for (key, tensor) in sorted {
      let dense = try dense(tensor, key: key, file: name)
      let bytes = unsafe UnsafeRawBufferPointer(
        start: dense.storage.base + dense.offset * dense.dtype.byteCount, count: dense.count * dense.dtype.byteCount)
      try onFile { () throws(FileError) in
        try withExtendedLifetime(dense) { () throws(FileError) in try unsafe file.write(bytes) }
      }
    }
    try onFile(file.commit)
  }

  /// Runs `body`, whose error becomes this target's.
  private static func onFile<Result>(_ body: () throws(FileError) -> Result) throws(WeightsError) -> Result {
    do { return try body() } catch { throw .file(error) }
  }

  /// `tensor` without gaps, in its own element type.
  private static func dense(_ tensor: Tensor, key: String, file: String) throws(WeightsError) -> Tensor {
    if tensor.isContiguous { return tensor }
    // Widening and narrowing again changes nothing.
    do { return try tensor.contiguous().converted(to: tensor.dtype) } catch {
      throw .tensor(file: file, key: key, error)
    }
  }

  /// Place of a type in the file: float32, then bfloat16, then float16, as the reference orders them.
  private static func rank(_ dtype: DType) -> Int {
    switch dtype {
    case .float32: 0
    case .bfloat16: 1
    case .float16: 2
    }
  }

  private static func header(
    of tensors: [(key: String, tensor: Tensor)], metadata: [String: String], file: String
  ) throws(WeightsError) -> [UInt8] {
    var members: [String] = []
    if !metadata.isEmpty {
      let texts = metadata.sorted { $0.key < $1.key }
        .map { "\(JSONValue.quoted($0.key)):\(JSONValue.quoted($0.value))" }
      members.append("\"__metadata__\":{\(texts.joined(separator: ","))}")
    }
    var names: Set<String> = []
    var end = 0
    for (key, tensor) in tensors {
      if key == "__metadata__" { throw .badKey(file: file, key: key, reason: "is reserved") }
      if !names.insert(key).inserted { throw .badKey(file: file, key: key, reason: "is given twice") }
      let begin = end
      end += tensor.count * tensor.dtype.byteCount
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      let dtype = SafetensorsDType(tensor.dtype).rawValue
      members.append(
        "\(JSONValue.quoted(key)):{\"dtype\":\"\(dtype)\",\"shape\":[\(shape)],\"data_offsets\":[\(begin),\(end)]}")
    }
    var bytes = Array("{\(members.joined(separator: ","))}".utf8)
    while bytes.count % 8 != 0 { bytes.append(0x20) }
    if bytes.count > SafetensorsHeader.maximumByteCount {
      throw .malformed(file: file, reason: "cannot be written: its header would have \(bytes.count) bytes")
    }
    return bytes
  }
}
