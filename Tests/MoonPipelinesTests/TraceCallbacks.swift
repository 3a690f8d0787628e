import MoonPipelines
import MoonTensor
import MoonTestSupport
import Testing

/// The callbacks of the recorded runs, in Swift: what `callbacks` of `Fixtures/traces/index.json` says.
enum TraceCallbacks {
  private struct Index: Decodable {
    let guidance: [Double]

    enum CodingKeys: String, CodingKey { case guidance = "dynamic_guidance" }
  }

  static func make(_ name: String) throws -> any StepCallback {
    switch name {
    case "cutoff", "cutoff_every_row":
      return ClosureCallback { run in try cutOff(run, after: run.timestepCount * 4 / 10) }
    case "cutoff_index": return ClosureCallback { run in try cutOff(run, after: 6) }
    case "dynamic_guidance":
      let scales = try FixtureJSON.decode(Index.self, "traces/index.json").guidance
      return ClosureCallback { run in
        if run.step + 1 < run.timestepCount { run.state.guidanceScale = scales[run.step + 1] }
      }
    case "latent_edit":
      return ClosureCallback { run in
        if run.step == 3 { try run.setTensor(run.tensor("latents") * 0.9, for: "latents") }
      }
    case "prompt_switch":
      return ClosureCallback { run in
        if run.step != 4 { return }
        let unwanted = try run.tensor("prompt_embeds").narrow(0, start: 0, length: run.batchSize)
        let other = try run.encode("Night sky over the sea, 2 moons!").conditional.promptEmbeds
        try run.setTensor(Tensor.concatenated([unwanted, other], along: 0), for: "prompt_embeds")
      }
    case "interrupt": return ClosureCallback { run in if run.step == 4 { run.interrupt() } }
    default: throw UnknownCallback(name: name)
    }
  }

  /// The official cut-off, with all rows of the wanted half.
  private static func cutOff(_ run: DenoisingRun, after step: Int) throws {
    if run.step != step { return }
    let both = try run.tensor("prompt_embeds")
    try run.setTensor(both.narrow(0, start: run.batchSize, length: run.batchSize), for: "prompt_embeds")
    run.state.guidanceScale = 0
  }

  struct UnknownCallback: Error {
    let name: String
  }
}
