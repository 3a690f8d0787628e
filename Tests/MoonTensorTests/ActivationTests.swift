import MoonTensor
import Testing

@Suite("Activation") struct ActivationTests {
  @Test("equals the definition from -100 to 100", arguments: Activation.allCases)
  func definition(activation: Activation) throws {
    let values = (0..<200_001).map { Float($0 - 100_000) / 1000 }
    let found = try Tensor(values, shape: [values.count]).activated(activation).floats()
    for (x, y) in zip(values, found) {
      let wanted = ReferenceLoops.activation(activation, Double(x))
      // A few units in the last place of the larger of x and 1: 1 + erf(x) cancels for negative x, as in the reference.
      let bound = 4e-7 * max(1, abs(Double(x)))
      if abs(Double(y) - wanted) > bound {
        Issue.record("\(activation)(\(x)) is \(y), wanted \(wanted)")
        return
      }
    }
  }

  @Test("keeps digits of small arguments", arguments: [Activation.silu, .gelu, .geluTanh, .quickGELU])
  func small(activation: Activation) throws {
    let values: [Float] = (-2000..<2000).map { step in
      let fine = Float(step) * 0x1p-40
      return fine + Float(abs(step) % 7) * 0x1p-14
    }
    let found = try Tensor(values, shape: [values.count]).activated(activation).floats()
    for (x, y) in zip(values, found) {
      let wanted = ReferenceLoops.activation(activation, Double(x))
      if abs(Double(y) - wanted) > 5e-7 * abs(wanted) {  // four units in the last place
        Issue.record("\(activation)(\(x)) is \(y), wanted \(wanted)")
        return
      }
    }
  }

  @Test("passes not-a-number on", arguments: Activation.allCases)
  func notANumber(activation: Activation) throws {
    #expect(try Tensor([.nan, 1], shape: [2]).activated(activation).floats()[0].isNaN)
  }

  @Test("gates the first half by the second", arguments: [[0, 4], [1, 2], [3, 5, 34], [300, 256], [2, 0]])
  func gated(shape: [Int]) throws {
    var numbers = TestNumbers(seed: 1)
    let x = try numbers.tensor(shape, scale: 4)
    let values = try ReferenceLoops.doubles(x)
    let doubled = shape[shape.count - 1]
    let width = doubled / 2
    let wanted = (0..<values.count / 2).map { place in
      let start = place / width * doubled + place % width
      return values[start] * ReferenceLoops.activation(.gelu, values[start + width])
    }
    try expectNear(
      x.gatedGELU(), wanted, shape: shape.dropLast() + [width],
      tolerance: 1e-6)  // a product of two numbers of size 4, each known to 1e-7
  }

  @Test("refuses to gate an odd width")
  func odd() throws {
    #expect(throws: TensorError.badShape([2, 3], reason: "a gated GELU needs an even last size")) {
      try Tensor(repeating: 0, shape: [2, 3]).gatedGELU()
    }
  }
}
