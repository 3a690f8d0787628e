import Foundation
import MoonPipelines
import MoonSchedulers
import MoonTensor
import MoonTestSupport
import MoonWeights
import Testing

/// One run of `Fixtures/traces/index.json`.
struct Trace: Decodable, Sendable, CustomTestStringConvertible {
  let name: String
  let file: String
  let model: Model
  let call: Call
  let seed: Seeds
  let callback: String?
  let text: String
  let timestepCount: Int
  let timesteps: [Double]
  /// Guidance set at each step that ran.
  let guidance: [Double]
  /// How far the final latents move, relative to the largest value, when those of the first step move by 1e-6.
  let sensitivity: Float
  private(set) var schedulerFields: [String: ConfigValue] = [:]

  enum CodingKeys: String, CodingKey {
    case name, file, model, call, seed, callback, text, timesteps, guidance, sensitivity
    case timestepCount = "num_timesteps"
  }

  /// Arguments of the reference's pipeline.
  struct Call: Decodable, Sendable {
    let prompt: [String]
    let negativePrompt: [String]?
    let imagesPerPrompt: Int
    let steps: Int
    let guidanceScale: Double
    let guidanceRescale: Double
    let eta: Double
    let height: Int
    let width: Int

    enum CodingKeys: String, CodingKey {
      case prompt, eta, height, width
      case negativePrompt = "negative_prompt"
      case imagesPerPrompt = "num_images_per_prompt"
      case steps = "num_inference_steps"
      case guidanceScale = "guidance_scale"
      case guidanceRescale = "guidance_rescale"
    }
  }

  /// One seed, or one a row.
  struct Seeds: Decodable, Sendable {
    let values: [UInt64]

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      let texts = try (try? container.decode([String].self)) ?? [container.decode(String.self)]
      values = texts.compactMap { UInt64($0) }
    }
  }

  var testDescription: String { "\(model.rawValue)/\(name)" }

  /// All runs.
  static let all: [Trace] = {
    do { return try read() } catch { preconditionFailure("traces/index.json cannot be read: \(error)") }
  }()

  private struct Index: Decodable {
    let traces: [Trace]
  }

  private static func read() throws -> [Trace] {
    var traces = try FixtureJSON.decode(Index.self, "traces/index.json").traces
    guard case .object(let index) = try FixtureJSON.value("traces/index.json"),
      case .array(let rows)? = index["traces"]
    else { return [] }
    for (number, row) in rows.enumerated() {
      guard case .object(let fields) = row, case .object(let config)? = fields["scheduler_config"] else { continue }
      for key in config.keys { traces[number].schedulerFields[key] = config[key].flatMap { ConfigValue($0) } }
    }
    return traces
  }

  /// The model with the scheduler of the run.
  func pipeline() throws -> StableDiffusionPipeline {
    try model.pipeline().withScheduler(schedulerFields, source: "traces/index.json")
  }

  /// The recorded numbers.
  func fixture() throws -> Fixture { try Fixture("traces/" + file.dropLast(".safetensors".count)) }

  /// The run as it is asked for here.
  func request(_ fixture: Fixture) throws -> GenerationRequest {
    var request = GenerationRequest(prompt: "", seed: 0)
    request.prompts = call.prompt
    request.negativePrompts = call.negativePrompt ?? []
    request.imagesPerPrompt = call.imagesPerPrompt
    request.inferenceSteps = call.steps
    request.guidanceScale = call.guidanceScale
    request.guidanceRescale = call.guidanceRescale
    request.eta = call.eta
    request.height = call.height
    request.width = call.width
    request.seeds = seed.values
    if fixture.contains("\(name)/given_latents") { request.latents = try fixture["\(name)/given_latents"] }
    return request
  }

  /// Embeddings of the fixture, one row an image; `nil` for a half that the run did not encode.
  func embeddings(_ half: String, _ fixture: Fixture) throws -> Tensor? {
    let key = "\(text)/\(half)"
    return try fixture.contains(key) ? fixture[key].repeatedRows(call.imagesPerPrompt) : nil
  }
}
