import Foundation
import MoonTensor
import MoonTestSupport
import Testing

@Suite("Tensor values") struct TensorValueTests {
  private func random(_ shape: [Int], seed: UInt64 = 1) throws -> Tensor {
    var numbers = TestNumbers(seed: seed)
    return try numbers.tensor(shape)
  }

  @Test("a change in place touches one value, never the views or copies of it") func copyOnWrite() throws {
    let original = try Tensor([1, 2, 3, 4], shape: [2, 2])
    var copy = original
    var row = try original.select(0, at: 0)
    try copy.add(10)
    try row.fill(7)
    try copy.set(0, at: [1, 1])
    #expect(try original.floats() == [1, 2, 3, 4])
    #expect(try copy.floats() == [11, 12, 13, 0])
    #expect(try row.floats() == [7, 7])
    let kept = copy
    try copy.multiply(by: copy)
    #expect(try copy.floats() == [121, 144, 169, 0])
    #expect(try kept.floats() == [11, 12, 13, 0])
  }

  @Test("a change in place takes no new memory when nobody shares the elements") func inPlace() throws {
    let budget = TensorBudget(limit: 1 << 20)
    try TensorEnvironment.$current.withValue(TensorEnvironment(budget: budget)) {
      var tensor = try Tensor.ones([1000])
      let before = budget.highest
      try tensor.fill(2)
      try tensor.multiply(by: 3)
      try tensor.set(5, at: [-1])
      #expect(budget.highest <= before + 4)  // the number 3 as a tensor
      #expect(try tensor.sum().item() == 5999)
    }
  }

  @Test("the first element that is not finite is found wherever it is", arguments: [0, 1, 1023, 1024, 70000, 99999])
  func nonFinite(index: Int) throws {
    var tensor = try random([100_000])
    #expect(try tensor.firstNonFinite() == nil)
    for bad in [Float.nan, .infinity, -.infinity] {
      try tensor.set(bad, at: [index])
      #expect(try tensor.firstNonFinite() == index)
    }
    try tensor.set(.greatestFiniteMagnitude, at: [index])
    #expect(try tensor.firstNonFinite() == nil)
    #expect(try Tensor.zeros([0, 3]).firstNonFinite() == nil)
    // In a strided view and in an expanded one, which is not written out.
    try tensor.set(.nan, at: [index])
    let matrix = try tensor.reshaped(to: [100, 1000])
    #expect(try matrix.transposed(0, 1).firstNonFinite() == index % 1000 * 100 + index / 1000)
    let budget = TensorBudget(limit: 1 << 20)
    try TensorEnvironment.$current.withValue(TensorEnvironment(budget: budget)) {
      let expanded = try tensor.unsqueezed(1).expanded(to: [100, 100_000, 7])
      #expect(try expanded.firstNonFinite() == index * 7)
    }
  }

  @Test("results are the same bits on one thread and on several") func threads() throws {
    let tensor = try random([300, 1000])
    let square = try random([257, 257], seed: 2)
    let operations: [(Tensor) throws -> Tensor] = [
      { try $0 * 1.5 + $0 }, { try $0.sin() }, { try $0.sum() }, { try $0.sum(along: [0]) },
      { try $0.mean(along: [1]) },
      { try $0.standardDeviation() }, { try $0.variance(along: [0]) }, { try $0.norm(order: 3) },
      { try $0.quantile(0.3) },
      { try $0.quantile(0.3, along: 1) }, { try $0.blurred(sigma: 3) }, { try $0.fft2() },
      { try $0.resized(height: 411, width: 700, mode: .bilinear) }, { try $0.transposed(0, 1).reshaped(to: [-1]) },
      { try $0.matmul($0.transposed(0, 1)) }, { try Tensor.einsum("ij,ij->", [$0, $0]) },
      { try Tensor.concatenated([$0, $0], along: 1) }, { try $0.rolled([7, -70], along: [0, 1]) },
      { try $0.flipped([0, 1]) }, { try $0.replacing(1, from: 1, by: 3, with: $0.slice(1, from: 1, by: 3)) },
    ]
    for operation in operations {
      for input in [tensor, square] {
        let one = try TensorEnvironment.$current.withValue(TensorEnvironment(threads: 1)) { try operation(input) }
        let many = try TensorEnvironment.$current.withValue(TensorEnvironment(threads: 5)) { try operation(input) }
        expectExact(many, one)
      }
    }
  }

  @Test("rounding gives the very bits that IEEE 754 asks for, the sign of zeros included") func rounding() throws {
    // Every 20477th bit pattern, not-a-number apart, and the neighbours of halves.
    var inputs = stride(from: UInt32(0), through: UInt32.max - 20477, by: 20477).map { Float(bitPattern: $0) }
    for half in stride(from: Float(-8.5), through: 8.5, by: 0.5) { inputs += [half, half.nextUp, half.nextDown] }
    inputs = inputs.filter { !$0.isNaN } + [-0.0]
    let functions: [(String, (Tensor) throws -> Tensor, (Float) -> Float)] = [
      ("floor", { try $0.floor() }, { $0.rounded(.down) }), ("ceil", { try $0.ceil() }, { $0.rounded(.up) }),
      ("round", { try $0.round() }, { $0.rounded(.toNearestOrEven) }),
      ("sign", { try $0.sign() }, { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }),
    ]
    let tensor = try Tensor(inputs, shape: [inputs.count])
    // The same numbers with a gap between them, which take another loop.
    let spaced = try tensor.unsqueezed(1).expanded(to: [-1, 2]).copied().select(1, at: 0)
    for (name, fast, exact) in functions {
      let wanted = inputs.map { exact($0).bitPattern }
      #expect(try fast(tensor).floats().map(\.bitPattern) == wanted, "\(name)")
      #expect(try fast(spaced).floats().map(\.bitPattern) == wanted, "\(name), spaced")
      let special = try fast(Tensor([.nan], shape: [1])).item()
      #expect(name == "sign" ? special == 0 : special.isNaN, "\(name)")
    }
  }

  @Test(
    "what is rolled, flipped or replaced stands where a plain loop puts it",
    arguments: [[1], [7], [0, 3], [2, 1, 5], [3, 4, 5], [130, 257], [2, 90, 61]])
  func moved(shape: [Int]) throws {
    let tensor = try random(shape)
    let last = shape.count - 1
    let views = [
      tensor, try tensor.transposed(0, -1), try tensor.slice(-1, by: 2), try tensor.converted(to: .float16),
    ]
    for view in views {
      let (shape, values) = (view.shape, try view.floats())
      let strides = Shape.contiguousStrides(of: shape)
      /// The elements, each from where `place` says.
      func moved(_ place: ([Int]) -> [Int]) -> [Float] {
        values.indices.map { index in
          let from = place(shape.indices.map { index / strides[$0] % shape[$0] })
          return values[zip(from, strides).reduce(0) { $0 + $1.0 * $1.1 }]
        }
      }
      let (first, end) = (shape[0], shape[last])
      let rolled = try view.rolled([3, -5], along: [0, last])
      #expect(
        try rolled.floats()
          == moved { place in
            var place = place
            place[0] = (place[0] + 3 * (first - 1)) % first
            place[last] = (place[last] + 5) % end
            return place
          })
      #expect(
        try view.rolled([-9]).floats() == values.indices.map { values[($0 + 9) % values.count] }, "\(shape)")
      let flipped = try view.flipped([-1])
      #expect(
        try flipped.floats()
          == moved { place in
            var place = place
            place[last] = end - 1 - place[last]
            return place
          })
      #expect(flipped.isContiguous && rolled.isContiguous)
      if values.isEmpty { continue }
      let other = try view.flipped(Array(shape.indices))
      let selected = try view.replacing(last, at: -1, with: other.select(last, at: -1))
      let sliced = try view.replacing(last, from: 1, by: 2, with: other.slice(last, from: 1, by: 2))
      let others = try other.floats()
      let wanted = values.indices.map { $0 % end == end - 1 ? others[$0] : values[$0] }
      #expect(try selected.floats() == wanted)
      #expect(try sliced.floats() == values.indices.map { $0 % end % 2 == 1 ? others[$0] : values[$0] })
      #expect(try view.floats() == values)
    }
  }

  @Test("functions stay within 1.5 units in the last place of the exact value") func accuracy() throws {
    let functions: [(String, (Tensor) throws -> Tensor, (Double) -> Double)] = [
      ("exp", { try $0.exp() }, { exp($0) }), ("log", { try $0.log() }, { log($0) }),
      ("sin", { try $0.sin() }, { sin($0) }),
      ("cos", { try $0.cos() }, { cos($0) }), ("acos", { try $0.acos() }, { acos($0) }),
      ("tanh", { try $0.tanh() }, { tanh($0) }), ("sqrt", { try $0.sqrt() }, { $0.squareRoot() }),
      ("power", { try $0.raised(to: 1.37) }, { pow($0, Double(Float(1.37))) }),
    ]
    // Every 40961st bit pattern: all exponents, both signs, not-a-number among them.
    let inputs = stride(from: UInt32(0), through: UInt32.max - 40961, by: 40961).map { Float(bitPattern: $0) }
    let tensor = try Tensor(inputs, shape: [inputs.count])
    for (name, fast, exact) in functions {
      var worst: (error: Double, input: Float) = (0, 0)
      for (input, found) in zip(inputs, try fast(tensor).floats()) {
        let wanted = exact(Double(input))
        let nearest = Float(wanted)
        if found == nearest || found.isNaN && nearest.isNaN { continue }
        // Results below the smallest normal number count in its units.
        let unit = Double(max(nearest.magnitude, .leastNormalMagnitude).ulp)
        let error = found.isFinite && nearest.isFinite ? Swift.abs(Double(found) - wanted) / unit : .infinity
        if error > worst.error { worst = (error, input) }
      }
      #expect(worst.error < 1.5, "\(name): \(worst.error) units at \(worst.input)")
    }
  }

  @Test("sums of a million elements are exact to the last bit but one") func sums() throws {
    let tensor = try random([1 << 20])
    let exact = try tensor.floats().reduce(0.0) { $0 + Double($1) }
    let found = try tensor.sum().item()
    #expect(Swift.abs(Double(found) - exact) <= Double(Float(exact).ulp))
    let shifted = try tensor + 1000
    let values = try shifted.floats().map(Double.init)
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
    #expect(Swift.abs(Double(try shifted.variance().item()) / variance - 1) < 1e-6)  // one rounding to float32
  }

  @Test("quantiles of long rows are those of the sorted row") func longQuantile() throws {
    var tensor = try random([3, 70_003])
    let sorted = try tensor.select(0, at: 1).floats().sorted()
    let fractions = [0.0, 0.001, 0.25, 0.5, 0.995, 1.0]
    let found = try tensor.quantile(fractions, along: 1)
    #expect(found.shape == [6, 3])
    for (index, q) in fractions.enumerated() {
      let place = q * Double(sorted.count - 1)
      let (below, above) = (sorted[Int(place)], sorted[min(Int(place) + 1, sorted.count - 1)])
      let wanted = below + Float(place - place.rounded(.down)) * (above - below)
      #expect(Swift.abs(try found.get([index, 1]) - wanted) < 1e-6)  // one rounding between values near 1
    }
    // The same rows as columns, which are strided.
    expectExact(try tensor.transposed(0, 1).quantile(fractions, along: 0), found)
    try tensor.set(.nan, at: [1, 77])
    #expect(try tensor.quantile(0.25, along: 1).get([1]).isNaN)
    #expect(try tensor.quantile(0.25, along: 1).get([0]) == found.get([2, 0]))
  }

  @Test(
    "a transform and its inverse give the picture back, at any size",
    arguments: [[1, 1], [2, 3], [8, 64], [37, 41], [97, 100], [1, 65537], [3, 40000], [1, 4093]])
  func fourier(size: [Int]) throws {
    let tensor = try random([2] + size)
    let spectrum = try tensor.fft2()
    #expect(spectrum.shape == [2] + size + [2])
    // The first coefficient is the sum.
    let sum = try tensor.sum(along: [1, 2])
    expectClose(try spectrum.select(1, at: 0).select(1, at: 0).select(1, at: 0), sum, atol: 1e-2, rtol: 1e-6)
    let back = try spectrum.ifft2()
    expectClose(try back.select(-1, at: 0), tensor, atol: 1e-5)  // float32 between the passes
    expectClose(try back.select(-1, at: 1), try Tensor.zeros([2] + size), atol: 1e-5)
  }

  @Test("matrix products follow a plain loop over sizes, strides and element types") func products() throws {
    let sizes = [
      (1, 1, 1), (1, 9000, 1), (3, 5000, 2), (17, 4, 33), (130, 64, 129), (2, 1, 7), (1030, 3, 1), (5, 4097, 70),
      // Large ones: the last panel is not full, and packed panels take several rounds.
      (200, 66, 70), (193, 64, 1000), (192, 3000, 720),
    ]
    for (m, k, n) in sizes {
      let (a, b) = (try random([m, k]), try random([k, n], seed: 3))
      let (x, y) = (try a.floats(), try b.floats())
      var wanted = [Double](repeating: 0, count: m * n)
      for i in 0..<m {
        for l in 0..<k { for j in 0..<n { wanted[i * n + j] += Double(x[i * k + l]) * Double(y[l * n + j]) } }
      }
      let dense = { (t: Tensor) throws in try Tensor(t.transposed(0, 1).floats(), shape: t.shape.reversed()) }
      let (at, bt) = (try dense(a).transposed(0, 1), try dense(b).transposed(0, 1))
      for (left, right) in [(a, b), (at, b), (a, bt), (at, bt)] {
        // Sums of k products in float32.
        try expectNear(left.matmul(right), wanted, shape: [m, n], tolerance: 4e-7 * Double(k).squareRoot() + 1e-6)
      }
      let half = try b.converted(to: .float16)
      expectExact(try a.matmul(half), try a.matmul(half.converted(to: .float32)))
    }
  }

  @Test("large products are the same of parts of a tensor, and of stacks one by one") func largeProducts() throws {
    let (a, b) = (try random([3, 300, 90]), try random([90, 800], seed: 3))
    let part = try b.narrow(1, start: 5, length: 777)
    let rows = try a.narrow(1, start: 7, length: 250).narrow(2, start: 2, length: 80)
    let wanted = try rows.contiguous().matmul(part.narrow(0, start: 2, length: 80).contiguous())
    expectExact(try rows.matmul(part.narrow(0, start: 2, length: 80)), wanted)
    let stack = try a.matmul(b.unsqueezed(0).expanded(to: [3, 90, 800]))
    for item in 0..<3 { expectExact(try stack.select(0, at: item), try a.select(0, at: item).matmul(b)) }
  }

  @Test(
    "sums of columns are exact to the last bit but one, however they are cut",
    arguments: [
      ([1000, 1000], [0]), ([5000, 300], [0]), ([70_000, 5], [0]), ([9, 3], [0]), ([3, 40, 100, 70], [0, 2]),
      ([2, 6000, 33], [1]), ([20, 9000], [0]),
    ])
  func columnSums(shape: [Int], dimensions: [Int]) throws {
    let tensor = try random(shape)
    let kept = shape.indices.filter { !dimensions.contains($0) }
    let order = dimensions + kept
    var last = tensor
    // The reduced dimensions first, written out.
    last = try last.permuted(order).contiguous()
    let count = kept.map { shape[$0] }.reduce(1, *)
    let values = try last.floats()
    var wanted = [Double](repeating: 0, count: count)
    for (place, value) in values.enumerated() { wanted[place % count] += Double(value) }
    let found = try tensor.sum(along: dimensions).floats()
    for (found, wanted) in zip(found, wanted) { #expect(abs(Double(found) - wanted) <= Double(Float(wanted).ulp)) }
    #expect(found.count == count)
  }

  @Test("an expanded matrix is multiplied as if it were written out") func expandedProducts() throws {
    let row = try random([1, 6]).expanded(to: [5, 6])
    let column = try random([6, 1], seed: 2).expanded(to: [6, 4])
    let written = try Tensor(row.floats(), shape: [5, 6]).matmul(Tensor(column.floats(), shape: [6, 4]))
    expectExact(try row.matmul(column), written)
    let number = try Tensor(scalar: 2).expanded(to: [5, 6])
    expectClose(try number.matmul(column), try Tensor.full([5, 6], value: 2).matmul(column.floats6x4()), atol: 1e-6)
  }
}

extension Tensor {
  /// Written out.
  fileprivate func floats6x4() throws -> Tensor { try Tensor(floats(), shape: [6, 4]) }
}
