internal import MoonTensor

/// The checked header of a safetensors file: what tensors it holds, and where.
///
/// The data part is covered exactly: no two tensors share a byte and no byte is left over, as the reference library
/// demands.
struct SafetensorsHeader: Sendable {
  /// The longest header that is read, in bytes; the reference's own limit.
  static let maximumByteCount = 100_000_000

  /// One tensor of the file.
  struct Entry: Sendable, Equatable {
    let dtype: SafetensorsDType
    let shape: [Int]
    /// Bytes of the tensor, counted from the start of the data part.
    let range: Range<Int>
  }

  /// Names of the tensors, in the order of the header.
  private(set) var keys: [String] = []
  private(set) var entries: [String: Entry] = [:]
  private(set) var metadata: [String: String] = [:]

  /// Checks the header text `bytes` of the file named `file`, whose data part has `dataByteCount` bytes.
  init(_ bytes: [UInt8], dataByteCount: Int, file: String) throws(WeightsError) {
    let root: JSONValue
    do {
      root = try JSONReader.parse(bytes, limits: JSONReader.Limits(depth: 4))
    } catch {
      throw Self.error(file, "its header is not valid JSON: \(error)")
    }
    guard case .object(let object) = root else { throw Self.error(file, "its header is not a JSON object") }
    for key in object.keys {
      guard let value = object[key] else { continue }
      if key == "__metadata__" {
        metadata = try Self.metadata(value, file: file)
      } else {
        entries[key] = try Self.entry(value, key: key, dataByteCount: dataByteCount, file: file)
        keys.append(key)
      }
    }
    try checkCover(dataByteCount: dataByteCount, file: file)
  }

  private static func error(_ file: String, _ reason: String) -> WeightsError {
    .malformed(file: file, reason: "is not a valid safetensors file: \(reason)")
  }

  private static func metadata(_ value: JSONValue, file: String) throws(WeightsError) -> [String: String] {
    guard case .object(let object) = value else {
      throw error(file, "\"__metadata__\" should be an object, found \(value.shown)")
    }
    var result: [String: String] = [:]
    for key in object.keys {
      guard case .string(let text)? = object[key] else {
        throw error(file, "the metadata \(WeightsError.quoted(key)) is not text")
      }
      result[key] = text
    }
    return result
  }

  private static func entry(
    _ value: JSONValue, key: String, dataByteCount: Int, file: String
  ) throws(WeightsError) -> Entry {
    var name: String { WeightsError.quoted(key) }
    guard case .object(let object) = value else {
      throw error(file, "\(name) should be an object, found \(value.shown)")
    }
    guard let dtypeValue = object["dtype"] else { throw error(file, "\(name) has no dtype") }
    guard case .string(let dtypeName) = dtypeValue, let dtype = SafetensorsDType(rawValue: dtypeName) else {
      throw error(file, "\(name) has the unknown dtype \(dtypeValue.shown)")
    }
    guard let shapeValue = object["shape"] else { throw error(file, "\(name) has no shape") }
    guard let shape = sizes(shapeValue) else {
      throw error(file, "the shape of \(name) should be a list of sizes, found \(shapeValue.shown)")
    }
    guard let offsetsValue = object["data_offsets"] else { throw error(file, "\(name) has no data_offsets") }
    guard let offsets = sizes(offsetsValue), offsets.count == 2 else {
      throw error(file, "the data_offsets of \(name) should be two positions, found \(offsetsValue.shown)")
    }
    let (begin, end) = (offsets[0], offsets[1])
    if begin > end { throw error(file, "\(name) ends at byte \(end) of the data, before its begin at \(begin)") }
    if end > dataByteCount {
      throw error(file, "\(name) ends at byte \(end) of the data, which has \(dataByteCount)")
    }
    guard let bits = product(shape + [dtype.bitCount]) else {
      throw error(file, "the shape \(TensorError.text(shape)) of \(name) is too large")
    }
    if bits % 8 != 0 {
      throw error(file, "\(name) with the shape \(TensorError.text(shape)) of \(dtypeName) does not fill whole bytes")
    }
    if bits / 8 != end - begin {
      throw error(
        file,
        "\(name) has \(end - begin) bytes, but the shape \(TensorError.text(shape)) of \(dtypeName) takes \(bits / 8)")
    }
    return Entry(dtype: dtype, shape: shape, range: begin..<end)
  }

  /// `value` as a list of integers that are not negative.
  private static func sizes(_ value: JSONValue) -> [Int]? {
    guard case .array(let values) = value else { return nil }
    var result: [Int] = []
    for value in values {
      guard case .integer(let size) = value, size >= 0 else { return nil }
      result.append(size)
    }
    return result
  }

  /// The product of `sizes`, or `nil` when it does not fit.
  private static func product(_ sizes: [Int]) -> Int? {
    var result = 1
    for size in sizes {
      let (next, overflow) = result.multipliedReportingOverflow(by: size)
      if overflow { return nil }
      result = next
    }
    return result
  }

  private func checkCover(dataByteCount: Int, file: String) throws(WeightsError) {
    let spans = entries.map { (key: $0.key, range: $0.value.range) }.sorted {
      ($0.range.lowerBound, $0.range.upperBound, $0.key) < ($1.range.lowerBound, $1.range.upperBound, $1.key)
    }
    var end = 0
    var before = ""
    for (key, range) in spans {
      var name: String { WeightsError.quoted(key) }
      if range.lowerBound < end {
        throw Self.error(
          file, "\(name) begins at byte \(range.lowerBound) of the data, inside \(WeightsError.quoted(before))")
      }
      if range.lowerBound > end {
        throw Self.error(file, "the bytes \(end) to \(range.lowerBound) of the data, before \(name), are no tensor's")
      }
      end = range.upperBound
      before = key
    }
    if end < dataByteCount {
      throw Self.error(file, "the bytes \(end) to \(dataByteCount) of the data, at its end, are no tensor's")
    }
  }
}
