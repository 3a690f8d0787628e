internal import Foundation
import MoonTensor

/// How much of a clean picture is left at each training time: the cumulative alphas.
///
/// Computed with the reference's precision: betas in float32, the product in float64 rounded to float32 at each time.
///
/// - Source: diffusers 0.42.1; `Fixtures/schedulers/schedules.safetensors`.
package struct NoiseSchedule: Sendable {
  /// The most training times, and the most steps of a run, that are accepted.
  static let maximumSteps = 100_000
  /// What stands for 0 where a signal-to-noise ratio of 0 would make sigma infinite: the smallest half-precision number.
  static let terminalAlpha: Float = 0x1p-24

  /// Cumulative alphas, one a training time, falling.
  package private(set) var cumulativeAlphas: [Float]

  /// The schedule of a configuration; `keepsZero` leaves the last alpha 0 when the betas are rescaled to it.
  package init(_ configuration: SchedulerConfiguration, keepsZero: Bool = false) throws(SchedulerError) {
    let count = configuration.integer("num_train_timesteps")
    var betas = Self.betas(configuration, count: count)
    if betas.count != count {
      throw .badValue(
        source: configuration.source(of: "trained_betas"), key: "trained_betas",
        found: "a list of \(betas.count) numbers", wanted: "num_train_timesteps, which is \(count), of them")
    }
    let isRescaled = configuration["rescale_betas_zero_snr"] == true
    if isRescaled { betas = Self.rescaledToZeroSignal(betas) }
    cumulativeAlphas = Self.cumulativeProducts(betas.map { 1 - $0 })
    if isRescaled && !keepsZero { cumulativeAlphas[count - 1] = Self.terminalAlpha }
    for (timestep, alpha) in cumulativeAlphas.enumerated() {
      let isTerminalZero = isRescaled && timestep == count - 1 && alpha == 0
      if !(alpha > 0 && alpha < 1 || isTerminalZero) {
        throw .badNoiseSchedule(
          source: configuration.source(of: "trained_betas", "beta_start", "beta_end", "beta_schedule"),
          timestep: timestep, alpha: alpha)
      }
    }
  }

  /// Training times.
  var count: Int { cumulativeAlphas.count }

  /// The noise level `sqrt((1 - alpha) / alpha)` of each training time, rising.
  var sigmas: [Float] { cumulativeAlphas.map { ((1 - $0) / $0).squareRoot() } }

  /// The noise level of a cumulative alpha as plugins see it; finite also where the alpha is 0.
  static func sigma(ofAlpha alpha: Float) -> Double {
    let alpha = Double(max(alpha, terminalAlpha))
    return ((1 - alpha) / alpha).squareRoot()
  }

  /// Throws when nothing is left of the picture at one of `times`, where noise predictions then tell nothing.
  func checkSignal(at times: [Int], of scheduler: String) throws(SchedulerError) {
    if let time = times.first(where: { cumulativeAlphas[$0] == 0 }) {
      throw .notSupported(
        scheduler: scheduler, setting: "prediction_type epsilon",
        reason: "nothing is left of the picture at timestep \(time), where the betas are rescaled to zero signal")
    }
  }

  /// Clean latents with noise added to the level of a training time.
  func addedNoise(to clean: Tensor, noise: Tensor, time: Int) throws(SchedulerError) -> Tensor {
    let alpha = cumulativeAlphas[time]
    return try onTensors { () throws(TensorError) in
      try Tensor.linearCombination([(alpha.squareRoot(), clean), ((1 - alpha).squareRoot(), noise)])
    }
  }

  private static func betas(_ configuration: SchedulerConfiguration, count: Int) -> [Float] {
    if let trained = configuration.optionalNumbers("trained_betas") { return trained.map { Float($0) } }
    let start = configuration.number("beta_start")
    let end = configuration.number("beta_end")
    switch configuration.text("beta_schedule") {
    case "linear": return linearSpace(Float(start), Float(end), count)
    case "scaled_linear":
      return linearSpace(Float(start.squareRoot()), Float(end.squareRoot()), count).map { $0 * $0 }
    default: return cosineBetas(count)
    }
  }

  /// `count` numbers from `start` to `end`, with the roundings of `torch.linspace` in float32.
  static func linearSpace(_ start: Float, _ end: Float, _ count: Int) -> [Float] {
    if count == 1 { return [start] }
    let step = (end - start) / Float(count - 1)
    return (0..<count).map { index in
      index < count / 2
        ? start.addingProduct(step, Float(index)) : end.addingProduct(-step, Float(count - index - 1))
    }
  }

  /// Nichol and Dhariwal's cosine schedule, arXiv 2102.09672.
  private static func cosineBetas(_ count: Int) -> [Float] {
    func alpha(_ time: Double) -> Double {
      let cosine = cos((time + 0.008) / 1.008 * Double.pi / 2)
      return cosine * cosine
    }
    return (0..<count).map { index in
      let ratio = alpha(Double(index + 1) / Double(count)) / alpha(Double(index) / Double(count))
      return Float(min(1 - ratio, 0.999))
    }
  }

  private static func cumulativeProducts(_ factors: [Float]) -> [Float] {
    var product = 1.0
    return factors.map { factor in
      product *= Double(factor)
      return Float(product)
    }
  }

  /// Betas whose last cumulative alpha is 0: arXiv 2305.08891, algorithm 1.
  private static func rescaledToZeroSignal(_ betas: [Float]) -> [Float] {
    let roots = cumulativeProducts(betas.map { 1 - $0 }).map { $0.squareRoot() }
    guard let first = roots.first, let last = roots.last else { return betas }
    let scale = first / (first - last)
    let alphas = roots.map { root in
      let scaled = (root - last) * scale
      return scaled * scaled
    }
    return alphas.indices.map { index in
      1 - (index == 0 ? alphas[0] : alphas[index] / alphas[index - 1])
    }
  }
}
