package import MoonTensor
package import Testing

/// Compares shape, then every element, and names the worst one.
///
/// An element passes when it differs from the wanted one by at most `atol + rtol * max|wanted|`; a NaN only passes where
/// a NaN is wanted, an infinity where the same one is.
///
/// - Parameters:
///   - found: The tensor under test.
///   - wanted: The reference.
///   - atol: Tolerance, absolute.
///   - rtol: Tolerance, relative to the largest finite absolute value of `wanted`.
///   - comment: Told with a failure, for example the step compared.
///   - sourceLocation: Where a failure is reported.
package func expectClose(
  _ found: Tensor, _ wanted: Tensor, atol: Float = 0, rtol: Float = 0, _ comment: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  if let failure = difference(found, wanted, atol: atol, rtol: rtol) {
    Issue.record("\(comment.isEmpty ? "" : comment + ": ")\(failure)", sourceLocation: sourceLocation)
  }
}

/// Compares shape, then every element, which must be equal; a NaN equals a NaN.
///
/// - Parameters:
///   - found: The tensor under test.
///   - wanted: The reference.
///   - comment: Told with a failure.
///   - sourceLocation: Where a failure is reported.
package func expectExact(
  _ found: Tensor, _ wanted: Tensor, _ comment: String = "", sourceLocation: SourceLocation = #_sourceLocation
) {
  expectClose(found, wanted, comment, sourceLocation: sourceLocation)
}

/// A sentence on how `found` differs from `wanted`, or `nil` when it does not.
package func difference(_ found: Tensor, _ wanted: Tensor, atol: Float, rtol: Float) -> String? {
  if found.shape != wanted.shape { return "the shape is \(found.shape), wanted \(wanted.shape)" }
  let foundValues: [Float]
  let wantedValues: [Float]
  do {
    foundValues = try found.floats()
    wantedValues = try wanted.floats()
  } catch {
    return "the elements cannot be read: \(error)"
  }
  var largest: Float = 0
  for value in wantedValues where value.isFinite { largest = max(largest, abs(value)) }
  let tolerance = atol + rtol * largest
  var worst: (index: Int, error: Float)?
  var failures = 0
  for index in wantedValues.indices {
    let error = distance(foundValues[index], wantedValues[index])
    if error <= tolerance { continue }
    failures += 1
    if error > worst?.error ?? -1 { worst = (index, error) }
  }
  guard let worst else { return nil }
  return """
    \(failures) of \(wantedValues.count) elements are off; the worst, at \(position(worst.index, in: wanted.shape)), is \
    \(foundValues[worst.index]), wanted \(wantedValues[worst.index]) (off by \(worst.error), allowed \(tolerance))
    """
}

/// How far `found` is from `wanted`: infinitely far when only one of them is NaN or infinite.
private func distance(_ found: Float, _ wanted: Float) -> Float {
  if found == wanted || found.isNaN && wanted.isNaN { return 0 }
  return found.isFinite && wanted.isFinite ? abs(found - wanted) : .infinity
}

/// The indices of the element at `index` of a row-major tensor.
private func position(_ index: Int, in shape: [Int]) -> [Int] {
  var rest = index
  var result: [Int] = []
  for size in shape.reversed() {
    result.append(rest % max(size, 1))
    rest /= max(size, 1)
  }
  return result.reversed()
}
