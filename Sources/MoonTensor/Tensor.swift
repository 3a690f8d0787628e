/// A dense array of numbers with a shape: a value type over shared, copy-on-write storage.
///
/// Views (`narrow`, `permuted`, `expanded` ...) share storage; a later write to either copies first. Elements are
/// float32 unless the tensor came from a half-precision file; arithmetic widens as it goes and its results are float32.
public struct Tensor: Sendable {
  /// Sizes, outermost first.
  public let shape: [Int]
  /// Distance between neighbours of each dimension, in elements; 0 in expanded dimensions.
  package let strides: [Int]
  /// First element, in elements from the start of the storage.
  package let offset: Int
  /// How the elements are stored.
  public let dtype: DType
  package var storage: TensorStorage

  /// A view of `storage`; the caller has checked that every element lies inside.
  package init(shape: [Int], strides: [Int], offset: Int, dtype: DType, storage: TensorStorage) {
    self.shape = shape
    self.strides = strides
    self.offset = offset
    self.dtype = dtype
    self.storage = storage
  }

  /// A contiguous tensor whose elements the caller writes at once, all of them.
  package init(uninitialized shape: [Int], dtype: DType = .float32) throws(TensorError) {
    let count = try Shape.elementCount(of: shape)
    let (byteCount, overflow) = count.multipliedReportingOverflow(by: dtype.byteCount)
    if overflow { throw .badShape(shape, reason: "too many elements") }
    storage = try TensorStorage(byteCount: byteCount)
    self.shape = shape
    strides = Shape.contiguousStrides(of: shape)
    offset = 0
    self.dtype = dtype
  }

  /// A float32 tensor with every element equal to `value`.
  ///
  /// - Parameters:
  ///   - value: The value of every element.
  ///   - shape: Sizes, outermost first, none negative.
  /// - Throws: `TensorError.badShape`, `.outOfBudget`.
  public init(repeating value: Float, shape: [Int]) throws(TensorError) {
    try self.init(uninitialized: shape)
    unsafe mutableFloats.update(repeating: value)
  }

  /// A float32 tensor from `values` in row-major order.
  ///
  /// - Parameters:
  ///   - values: One value an element.
  ///   - shape: Sizes, outermost first; their product is `values.count`.
  /// - Throws: `TensorError.badShape`, `.shapeMismatch`, `.outOfBudget`.
  public init(_ values: [Float], shape: [Int]) throws(TensorError) {
    if try Shape.elementCount(of: shape) != values.count {
      throw .shapeMismatch(operation: "tensor", found: [values.count], wanted: shape)
    }
    try self.init(uninitialized: shape)
    _ = unsafe mutableFloats.update(fromContentsOf: values)
  }

  /// Dimensions.
  public var rank: Int { shape.count }

  /// Elements, expanded views counted in full.
  public var count: Int { shape.reduce(1, &*) }

  /// Whether the elements lie in row-major order without gaps.
  public var isContiguous: Bool {
    var expected = 1
    for dimension in shape.indices.reversed() where shape[dimension] != 1 {
      if shape[dimension] == 0 { return true }
      if strides[dimension] != expected { return false }
      expected &*= shape[dimension]
    }
    return true
  }

  /// The elements as float32, row-major, copied.
  ///
  /// - Throws: `TensorError.outOfBudget`, when the copy does not fit.
  public func floats() throws(TensorError) -> [Float] {
    let dense = try contiguous()
    return unsafe Array(dense.floatBuffer)
  }
}
