internal import CMoonKernels

/// How a Fourier transform of one length is made: passes of small radices; where a large prime is in the length, a
/// convolution with a chirp (Bluestein's algorithm), itself made of transforms of a power of two.
///
/// All numbers are double precision. Tables and work space are charged to the budget.
struct FourierPlan {
  /// One sweep over the work space.
  enum Step {
    /// A pass of `radix` from one half of the work space to the other, with the factors `done` behind.
    case pass(radix: Int, done: Int)
    /// Elements times the chirp, in place; zero from `length` on.
    case chirp
    /// Elements times the chirp's spectrum, conjugated afterwards, in place.
    case convolve
    /// Elements times the conjugate chirp, conjugated afterwards, in place.
    case unchirp
  }

  /// Elements transformed.
  let length: Int
  /// Elements of work space for each line.
  let workLength: Int
  let steps: [Step]
  private let roots: ComplexArray
  private let chirp: ComplexArray?
  private let spectrum: ComplexArray?

  /// The largest radix of a pass; lengths with a larger prime factor are convolved.
  private static let largestRadix = 31

  /// A plan for lines of `length` elements, at least 1.
  init(length: Int) throws(TensorError) {
    self.length = length
    let environment = TensorEnvironment.current
    if let factors = Self.factors(of: length) {
      workLength = length
      steps = Self.passes(factors)
      roots = try ComplexArray.roots(order: length, count: length, isChirp: false, environment: environment)
      (chirp, spectrum) = (nil, nil)
      return
    }
    var power = 1
    while power < 2 * length - 1 { power *= 2 }
    let inner = try FourierPlan(length: power)
    let chirp = try ComplexArray.roots(order: length, count: length, isChirp: true, environment: environment)
    workLength = power
    steps = [.chirp] + inner.steps + [.convolve] + inner.steps + [.unchirp]
    roots = inner.roots
    self.chirp = chirp
    spectrum = try inner.spectrum(of: chirp, environment: environment)
  }

  /// Radices whose product is `length`, or nil when a prime is too large.
  private static func factors(of length: Int) -> [Int]? {
    var factors: [Int] = []
    var rest = length
    for radix in [4, 2] + Array(stride(from: 3, through: largestRadix, by: 2)) {
      while rest % radix == 0 {
        factors.append(radix)
        rest /= radix
      }
    }
    return rest == 1 ? factors : nil
  }

  private static func passes(_ factors: [Int]) -> [Step] {
    var done = 1
    return factors.map { radix in
      defer { done *= radix }
      return .pass(radix: radix, done: done)
    }
  }

  /// The transform of the conjugate chirp wrapped around, divided by the length of this plan.
  private func spectrum(of chirp: ComplexArray, environment: TensorEnvironment) throws(TensorError) -> ComplexArray {
    let work = try FourierWork(self, batch: 1)
    try Parallel.forEachRange(of: length, grain: 1 << 14, asking: environment) { range in
      for index in range {
        let distance = min(index, length - index)
        let isInside = distance < chirp.count
        unsafe work.front.re[index] = isInside ? chirp.re[distance] / Double(length) : 0
        unsafe work.front.im[index] = isInside ? -chirp.im[distance] / Double(length) : 0
      }
    }
    try run(work, asking: environment)
    return work.resultHalf
  }

  /// Runs all steps, asking to stop as it goes, each step on all threads.
  func run(_ work: FourierWork, asking environment: TensorEnvironment) throws(TensorError) {
    var isSwapped = false
    for step in steps {
      let swapped = isSwapped
      try Parallel.forEachRange(of: units(of: step, batch: work.batch), grain: 1 << 13, asking: environment) { range in
        perform(step, work, isSwapped: swapped, range)
      }
      if case .pass = step { isSwapped.toggle() }
    }
  }

  /// Runs all steps at once on this thread.
  func run(_ work: FourierWork) {
    var isSwapped = false
    for step in steps {
      perform(step, work, isSwapped: isSwapped, 0..<units(of: step, batch: work.batch))
      if case .pass = step { isSwapped.toggle() }
    }
  }

  /// Whether the result lies in the back half of the work space.
  var endsSwapped: Bool {
    let passes = steps.count { if case .pass = $0 { true } else { false } }
    return passes % 2 == 1
  }

  /// Pieces that a step can be cut into.
  private func units(of step: Step, batch: Int) -> Int {
    switch step {
    case .pass(let radix, _): workLength / radix * batch
    case .chirp, .convolve: workLength * batch
    case .unchirp: length * batch
    }
  }

  private func perform(_ step: Step, _ work: FourierWork, isSwapped: Bool, _ range: Range<Int>) {
    let here = isSwapped ? work.back : work.front
    let there = isSwapped ? work.front : work.back
    let (begin, end) = (range.lowerBound, range.upperBound)
    switch step {
    case .pass(let radix, let done):
      unsafe moon_fourier_pass(
        radix, workLength, done, work.batch, there.re, there.im, here.re, here.im, roots.re, roots.im, begin, end)
    case .chirp:
      let edge = max(begin, min(end, length * work.batch))
      if let chirp, begin < edge {
        unsafe moon_fourier_multiply(here.re, here.im, chirp.re, chirp.im, work.batch, 0, 0, begin, edge)
      }
      for index in edge..<end {
        unsafe here.re[index] = 0
        unsafe here.im[index] = 0
      }
    case .convolve:
      if let spectrum {
        unsafe moon_fourier_multiply(here.re, here.im, spectrum.re, spectrum.im, work.batch, 0, 1, begin, end)
      }
    case .unchirp:
      if let chirp {
        unsafe moon_fourier_multiply(here.re, here.im, chirp.re, chirp.im, work.batch, 1, 1, begin, end)
      }
    }
  }
}

/// Complex numbers in double precision, real and imaginary parts apart, charged to the budget.
struct ComplexArray {
  let count: Int
  private let storage: TensorStorage

  init(count: Int) throws(TensorError) {
    let (byteCount, overflow) = count.multipliedReportingOverflow(by: 16)
    if overflow { throw .badShape([count], reason: "too many elements") }
    self.count = count
    storage = try TensorStorage(byteCount: byteCount)
  }

  var re: UnsafeMutablePointer<Double> { unsafe storage.base.assumingMemoryBound(to: Double.self) }
  var im: UnsafeMutablePointer<Double> { unsafe storage.base.assumingMemoryBound(to: Double.self) + count }

  /// The first `count` powers of the root of unity of `order`, or the chirp of that length.
  static func roots(
    order: Int, count: Int, isChirp: Bool, environment: TensorEnvironment
  ) throws(TensorError) -> ComplexArray {
    let result = try ComplexArray(count: count)
    try Parallel.forEachRange(of: count, grain: 1 << 14, asking: environment) { range in
      let start = range.lowerBound
      unsafe moon_fourier_roots(
        result.re + start, result.im + start, order, start, range.upperBound, isChirp ? 1 : 0)
    }
    return result
  }
}

/// The work space of a transform: `batch` interleaved lines, twice. It may hold fewer lines than it was made for.
struct FourierWork {
  var batch: Int
  let front: ComplexArray
  let back: ComplexArray
  /// The half that holds the transform after a run.
  let resultHalf: ComplexArray

  init(_ plan: FourierPlan, batch: Int) throws(TensorError) {
    self.batch = batch
    front = try ComplexArray(count: plan.workLength * batch)
    back = try ComplexArray(count: plan.workLength * batch)
    resultHalf = plan.endsSwapped ? back : front
  }
}
