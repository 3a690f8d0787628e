internal import Foundation
import Testing

@testable import MoonTensor

/// Dense tensors and views are taken by different loops, and both must say the same on every machine.
@Suite("Exponential") struct ExponentialTests {
  @Test("of dense runs and of views are the same bits, and within 1.5 units in the last place")
  func denseAndStrided() throws {
    var numbers: [Float] = [
      .nan, .infinity, -.infinity, 0, -0.0, 88.7, 88.73, 89, 90, -87.3, -87.4, -103.9, -104, -105,
      .leastNonzeroMagnitude,
    ]
    for step in 0..<3001 { numbers.append(-110 + 0.0667 * Float(step)) }
    let dense = try Tensor(numbers, shape: [numbers.count]).exp().floats()
    let pairs = try Tensor(numbers.flatMap { [$0, 7] }, shape: [numbers.count, 2])
    let strided = try pairs.select(1, at: 0).exp().floats()
    for (number, (first, second)) in zip(numbers, zip(dense, strided)) {
      #expect(first.bitPattern == second.bitPattern || (first.isNaN && second.isNaN), "exp(\(number))")
      let exact = Foundation.exp(Double(number))
      if exact.isFinite, Float(exact).isFinite {
        let unit = Double(max(Float(exact).ulp, Float.leastNonzeroMagnitude))
        #expect(abs(Double(first) - exact) <= 1.5 * unit, "exp(\(number))")
      } else {
        #expect(first.isNaN == exact.isNaN && (first.isNaN || first == .infinity), "exp(\(number))")
      }
    }
  }

  @Test("of runs of any length")
  func lengths() throws {
    for count in 1..<40 {
      let values = try Tensor([Float](repeating: 1, count: count), shape: [count]).exp().floats()
      #expect(values.count == count && values.allSatisfy { $0 == values[0] })
    }
  }
}
