package import Foundation
package import MoonTensor

/// A safetensors file, memory-mapped: the header is checked at once, the data is read as tensors are used.
///
/// Tensors share the mapping and keep it alive after the file object is gone.
package struct SafetensorsFile: Sendable {
  /// The path as given, for messages.
  package let name: String
  private let header: SafetensorsHeader
  let mapping: MappedFile
  private let dataStart: Int

  /// Maps the file at `url` and checks its header.
  package init(contentsOf url: URL) throws(WeightsError) {
    name = url.shownPath
    do { mapping = try MappedFile(contentsOf: url) } catch { throw .file(error) }
    let size = mapping.byteCount
    if size < 8 {
      throw .malformed(file: name, reason: "is not a valid safetensors file: it has only \(size) bytes")
    }
    let length = mapping.bytes(in: 0..<8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    if length > UInt64(SafetensorsHeader.maximumByteCount) {
      if let other = FileSignature(start: mapping.bytes(in: 0..<min(size, FileSignature.byteCount))) {
        throw .malformed(file: name, reason: "is not a safetensors file: it is \(other.rawValue)")
      }
      let limit = SafetensorsHeader.maximumByteCount
      throw .malformed(
        file: name,
        reason: "is not a valid safetensors file: its header claims \(length) bytes, more than the \(limit) allowed")
    }
    dataStart = 8 + Int(length)
    if dataStart > size {
      throw .malformed(
        file: name,
        reason: "is not a valid safetensors file: its header claims \(length) bytes, but \(size - 8) follow")
    }
    header = try SafetensorsHeader(
      mapping.bytes(in: 8..<dataStart), dataByteCount: size - dataStart, file: name)
  }

  /// Names of the tensors, in the order of the header.
  package var keys: [String] { header.keys }

  /// The texts that the writer added.
  package var metadata: [String: String] { header.metadata }

  /// Element type and shape of a tensor, or `nil` when there is none of that name.
  package func entry(_ key: String) -> (dtype: SafetensorsDType, shape: [Int])? {
    header.entries[key].map { ($0.dtype, $0.shape) }
  }

  /// The tensor named `key`.
  ///
  /// F32, F16 and BF16 share the mapping (or are copied, where the file does not align them). F64 is rounded to the
  /// nearest float32 (infinite where a value lies outside its range). Other types are errors.
  package func tensor(_ key: String) throws(WeightsError) -> Tensor {
    let entry = try found(key)
    if entry.shape.count > Shape.maximumRank {
      let error = TensorError.badShape(entry.shape, reason: "more than \(Shape.maximumRank) dimensions")
      throw .tensor(file: name, key: key, error)
    }
    do {
      if entry.dtype == .float64 { return try narrowed(entry) }
      if let dtype = entry.dtype.tensorDType { return try tensor(entry, dtype: dtype) }
    } catch {
      throw .tensor(file: name, key: key, error)
    }
    throw .unsupportedDType(file: name, key: key, found: entry.dtype.rawValue, wanted: "F32, F16, BF16 or F64")
  }

  /// The elements of the tensor named `key`, which holds integers or truth values (0 and 1), row-major.
  package func integers(_ key: String) throws(WeightsError) -> [Int] {
    let entry = try found(key)
    switch entry.dtype {
    case .int64: return read(entry, as: Int64.self).map(Int.init)
    case .int32: return read(entry, as: Int32.self).map(Int.init)
    case .int16: return read(entry, as: Int16.self).map(Int.init)
    case .int8: return read(entry, as: Int8.self).map(Int.init)
    case .uint32: return read(entry, as: UInt32.self).map(Int.init)
    case .uint16: return read(entry, as: UInt16.self).map(Int.init)
    case .uint8, .bool: return read(entry, as: UInt8.self).map(Int.init)
    default:
      throw .unsupportedDType(file: name, key: key, found: entry.dtype.rawValue, wanted: "integers")
    }
  }

  /// Gives the memory of the mapped pages back; what is touched again comes from the disk's cache.
  package func releasePages() { mapping.releasePages() }

  private func found(_ key: String) throws(WeightsError) -> SafetensorsHeader.Entry {
    guard let entry = header.entries[key] else { throw .missingKey(file: name, key: key) }
    return entry
  }

  /// First byte of `entry`, which the header has checked.
  private func pointer(_ entry: SafetensorsHeader.Entry) -> UnsafeMutableRawPointer {
    unsafe mapping.base + dataStart + entry.range.lowerBound
  }

  private func tensor(_ entry: SafetensorsHeader.Entry, dtype: DType) throws(TensorError) -> Tensor {
    let source = unsafe pointer(entry)
    if Int(bitPattern: source) % dtype.byteCount != 0 {
      let copy = try Tensor(uninitialized: entry.shape, dtype: dtype)
      unsafe copy.storage.base.copyMemory(from: source, byteCount: entry.range.count)
      return copy
    }
    let storage = unsafe TensorStorage(borrowing: source, byteCount: entry.range.count, owner: mapping)
    return Tensor(
      shape: entry.shape, strides: Shape.contiguousStrides(of: entry.shape), offset: 0, dtype: dtype,
      storage: storage)
  }

  private func narrowed(_ entry: SafetensorsHeader.Entry) throws(TensorError) -> Tensor {
    let result = try Tensor(uninitialized: entry.shape)
    let values = unsafe result.mutableFloats
    for (index, value) in read(entry, as: Double.self).enumerated() { unsafe values[index] = Float(value) }
    return result
  }

  /// The elements of `entry`, whose size `Element` has, at any alignment.
  private func read<Element: BitwiseCopyable>(_ entry: SafetensorsHeader.Entry, as type: Element.Type) -> [Element] {
    let size = MemoryLayout<Element>.size
    let source = unsafe pointer(entry)
    return (0..<entry.range.count / size).map { unsafe source.loadUnaligned(fromByteOffset: $0 * size, as: type) }
  }
}
