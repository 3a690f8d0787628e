internal import CMoonKernels

extension Tensor {
  /// The weighted sum of tensors of one shape, in one pass over memory.
  ///
  /// Products are added in the order given, each rounded to float32, as a chain of tensor operations would.
  ///
  /// - Parameter terms: Weights and tensors, at least one pair.
  /// - Returns: A contiguous float32 tensor.
  /// - Throws: `TensorError.shapeMismatch`, `.outOfBudget`, `.interrupted`.
  package static func linearCombination(_ terms: [(weight: Float, tensor: Tensor)]) throws(TensorError) -> Tensor {
    guard let shape = terms.first?.tensor.shape else {
      throw .badArgument(operation: "linearCombination", argument: 1, detail: "no terms")
    }
    var sources: [Tensor] = []
    for term in terms {
      if term.tensor.shape != shape {
        throw .shapeMismatch(operation: "linear combination", found: term.tensor.shape, wanted: shape)
      }
      sources.append(try term.tensor.contiguous())
    }
    let result = try Tensor(uninitialized: shape)
    if result.count == 0 { return result }
    try TensorEnvironment.current.check()
    let destination = unsafe result.mutableFloats.baseAddress
    let weights = terms.map(\.weight)
    withExtendedLifetime(sources) {
      let starts = unsafe sources.map { unsafe $0.floatPointer }
      Parallel.forEachRange(of: result.count, grain: 1 << 16) { range in
        let shifted = unsafe starts.map { unsafe Optional($0 + range.lowerBound) }
        unsafe moon_linear_combination_f32(
          destination.map { unsafe $0 + range.lowerBound }, shifted, weights, weights.count, range.count)
      }
    }
    return result
  }
}
