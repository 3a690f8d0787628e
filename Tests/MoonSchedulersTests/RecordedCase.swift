import Foundation
import MoonSchedulers
import MoonTensor
import MoonTestSupport
import Testing

/// One run of `Fixtures/schedulers/index.json`.
struct RecordedCase: Decodable, Sendable, CustomTestStringConvertible {
  let name: String
  let file: String
  let config: [String: RecordedValue]
  let plan: RecordedPlan
  let call: [String: RecordedValue]
  let initialNoiseScale: Float
  /// How far the samples move, relatively, with a change of 1e-6 of the inputs and half a last place of the alphas.
  let sensitivity: Float
  let timestepsAreIntegers: Bool
  /// Steps after which `change` is added to the latents, and to what the scheduler keeps of them.
  let edits: [Int]?

  enum CodingKeys: String, CodingKey {
    case name, file, config, call, sensitivity, edits
    case plan = "set_timesteps"
    case initialNoiseScale = "init_noise_sigma"
    case timestepsAreIntegers = "timesteps_are_integers"
  }

  var testDescription: String {
    let settings = config.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.value)" }
    let edited = edits.map { ", edited after \($0)" } ?? ""
    return "\(name): \(settings.joined(separator: " "))\(edited)"
  }

  /// All runs.
  static let all: [RecordedCase] = {
    do {
      return try FixtureJSON.decode(RecordedIndex.self, "schedulers/index.json").cases
    } catch {
      preconditionFailure("schedulers/index.json cannot be read: \(error)")
    }
  }()

  /// The scheduler, its steps planned.
  func scheduler() throws -> any Scheduler {
    var scheduler = try SchedulerConfiguration(config.mapValues(\.value)).makeScheduler()
    try scheduler.plan(plan.plan)
    return scheduler
  }

  /// The recorded numbers.
  func fixture() throws -> Fixture { try #require(Self.fixtures[file]) }

  private static let fixtures: [String: Fixture] = {
    var opened: [String: Fixture] = [:]
    for file in Set(all.map(\.file)) {
      opened[file] = try? Fixture("schedulers/" + file.dropLast(".safetensors".count))
    }
    return opened
  }()

  /// Whether the betas were rescaled to zero terminal signal. The reference takes square roots for it in MKL, whose last
  /// bit depends on the processor; the cumulative alphas then differ in up to eight last places.
  var isRescaled: Bool { config["rescale_betas_zero_snr"]?.value == true }

  /// Whether, besides, the lowest noise level comes from an alpha so near 1 that a last place of it is 0.15 % of the level.
  private var isRescaledCosine: Bool { isRescaled && config["beta_schedule"]?.value == "squaredcos_cap_v2" }

  /// How far latents may be off, relative to the largest: float32 sums of up to five terms, and what the case itself
  /// makes of the last places of its inputs.
  var stepTolerance: Float { isRescaledCosine ? 1e-3 : 1e-5 + (isRescaled ? 8 : 1) * sensitivity }

  /// How far timesteps may be off: whole ones not at all. Fractions are logarithms in float32 divided by their distance
  /// from time to time, about 5e-3, and the logarithm of the highest level rounds to 1e-6.
  var timestepTolerance: Float {
    if isRescaled && config["use_lu_lambdas"]?.value == true { return 1 }
    return timestepsAreIntegers ? 0 : 4e-4
  }

  /// How far the noise level `sigma` may be off, relatively: some last places of it, and those of the alphas.
  func sigmaTolerance(at sigma: Float) -> Float {
    let alpha = 1 / (sigma * sigma + 1)
    if isRescaledCosine { return 5e-3 }
    return 1e-6 + (isRescaled && sigma > 0 ? 2e-7 / (alpha * (1 - alpha)) : 0)
  }

  /// The arguments of every step.
  var options: StepOptions {
    func number(_ key: String, _ standard: Double) -> Double {
      if case .number(let value) = call[key]?.value { value } else { standard }
    }
    let range = Float(number("s_tmin", 0))...Float(number("s_tmax", .infinity))
    return StepOptions(
      eta: Float(number("eta", 0)), usesClippedPrediction: call["use_clipped_model_output"]?.value == true,
      churn: StepOptions.Churn(amount: number("s_churn", 0), range: range, scale: Float(number("s_noise", 1))))
  }
}

private struct RecordedIndex: Decodable {
  let cases: [RecordedCase]
}

/// A value of a configuration, decoded.
struct RecordedValue: Decodable, Sendable {
  let value: ConfigValue

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      value = .null
    } else if let flag = try? container.decode(Bool.self) {
      value = .bool(flag)
    } else if let number = try? container.decode(Double.self) {
      value = .number(number)
    } else if let text = try? container.decode(String.self) {
      value = .string(text)
    } else {
      value = .list(try container.decode([RecordedValue].self).map(\.value))
    }
  }
}

/// The arguments of `set_timesteps`.
struct RecordedPlan: Decodable, Sendable {
  let plan: StepPlan

  enum CodingKeys: String, CodingKey {
    case count = "num_inference_steps"
    case timesteps, sigmas
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    if let list = try container.decodeIfPresent([Int].self, forKey: .timesteps) {
      plan = .timesteps(list)
    } else if let list = try container.decodeIfPresent([Double].self, forKey: .sigmas) {
      plan = .sigmas(list)
    } else {
      plan = .count(try container.decode(Int.self, forKey: .count))
    }
  }
}

extension Tensor {
  /// Row `index` of the first dimension, which is dropped.
  func row(_ index: Int) throws -> Tensor {
    let size = count / max(shape.first ?? 1, 1)
    return try Tensor(Array(try floats()[index * size..<(index + 1) * size]), shape: Array(shape.dropFirst()))
  }
}
