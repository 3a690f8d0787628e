internal import MoonNets
internal import MoonSchedulers
internal import MoonTensor

/// The networks of a run together: from its state to a prediction of the noise.
///
/// It keeps what does not change between steps: the control pictures as the ControlNets read them, the tokens of image
/// prompts, and the keys and values of the text.
final class NoisePredictor: PredictionSource {
  private let unet: UNet
  private let controls: [ControlPart]
  private let projections: [ImageTokenProjection]
  private let observe: (Tensor, Tensor) -> Void
  /// Whether both halves of guidance go through the networks one after the other: slower, with less memory.
  private let takesTurns: Bool
  private var embeddedControls = RecentResults()
  private var imageTokens = RecentResults()
  private var keptContexts = KeptContexts()

  /// A predictor for one run.
  ///
  /// - Parameters:
  ///   - unet: With the attention layers of the IP-Adapters.
  ///   - controls: In the order of `RunState.controlImages`.
  ///   - projections: In the order of `RunState.adapterScales`.
  ///   - takesTurns: Whether both halves go through the networks one after the other.
  ///   - observe: Called before each call of the network with its latents and text embeddings.
  init(
    unet: UNet, controls: [ControlPart], projections: [ImageTokenProjection], takesTurns: Bool = false,
    observe: @escaping (Tensor, Tensor) -> Void
  ) {
    self.unet = unet
    self.controls = controls
    self.projections = projections
    self.takesTurns = takesTurns
    self.observe = observe
  }

  func callAsFunction(_ run: DenoisingRun, halves: [GuidanceHalf]) throws -> Tensor {
    let state = run.state
    let bundles = try halves.map { $0 == .unconditional ? try run.unconditional() : state.conditional }
    let scaled = try run.scheduler.scaledModelInput(state.latents, at: run.scheduledIndex(run.step))
    var conditioning = try conditioning(bundles)
    if let width = unet.configuration.guidanceWidth {
      let scales = [Double](repeating: state.guidanceScale, count: halves.count * run.batchSize)
      conditioning.guidance = try GuidanceEmbedding.rows(of: scales, width: width)
    }
    conditioning.residuals = try residuals(run, halves, bundles, scaled, conditioning)
    for (index, projection) in projections.enumerated() {
      let tokens = try bundles.enumerated().map { place, bundle in
        try imageTokens.value(of: bundle.imageEmbeds[index], slot: "\(index)/\(halves[place])") { embeds in
          try projection.tokens(ofRows: embeds)
        }
      }
      conditioning.images.append(ImageConditioning(tokens: try joined(tokens), scale: state.adapterScales[index]))
    }
    let input = try joined(halves.map { try networkInput(scaled, $0, state) })
    observe(input, conditioning.context)
    return try unet(input.channelsLast(), timestep: run.timestep, conditioning: conditioning).channelsFirst()
  }

  func bothHalves(_ run: DenoisingRun) throws -> (unconditional: Tensor, conditional: Tensor) {
    // ControlNets that guess look at the wanted half's place among both.
    if takesTurns && !run.guessesControl {
      return (try self(run, halves: [.unconditional]), try self(run, halves: [.conditional]))
    }
    return try bothHalvesAtOnce(run)
  }

  /// The latents, with mask and masked picture behind them where the model was trained for inpainting.
  private func networkInput(_ scaled: Tensor, _ half: GuidanceHalf, _ state: RunState) throws -> Tensor {
    guard let masked = state.maskedImageLatents, let mask = state.mask else { return scaled }
    return try Tensor.concatenated([scaled, mask.rows(of: half), masked.rows(of: half)], along: 1)
  }

  /// Text and sizes of some halves, rows side by side.
  private func conditioning(_ bundles: [ConditioningBundle]) throws(TensorError) -> UNetConditioning {
    let context = try joined(bundles.map(\.promptEmbeds))
    return UNetConditioning(
      context: context, addedEmbeds: try joinedIfPresent(bundles.map(\.text.pooledEmbeds)),
      timeIDs: try joinedIfPresent(bundles.map(\.timeIDs)), keptContext: keptContexts.kept(for: context))
  }

  /// What the ControlNets that act at this step add, for the rows of all halves; `everything` is the conditioning of
  /// these rows.
  private func residuals(
    _ run: DenoisingRun, _ halves: [GuidanceHalf], _ bundles: [ConditioningBundle], _ scaled: Tensor,
    _ everything: UNetConditioning
  ) throws -> ControlResiduals? {
    if controls.isEmpty { return nil }
    var all: [ControlResiduals] = []
    // A net that guesses sees the wanted half alone, the last.
    let isGuess = run.guessesControl
    let seen = isGuess ? halves.count - 1..<halves.count : halves.indices
    let conditioning = seen.count == halves.count ? everything : try self.conditioning(Array(bundles[seen]))
    let input = try joined([Tensor](repeating: scaled, count: seen.count)).channelsLast()
    for (index, control) in controls.enumerated() {
      let scale = run.state.controlScales[index]
      if scale == 0 || !control.acts(at: run.step, of: run.timestepCount) { continue }
      let pictures = try halves[seen].map { half in
        try embeddedControls.value(of: run.state.controlImages[index].rows(of: half), slot: "\(index)/\(half)") {
          try control.net.embedded($0.channelsLast())
        }
      }
      let added = try control.net(
        input, timestep: run.timestep, conditioning: conditioning, embedded: joined(pictures), scale: scale,
        guesses: isGuess)
      all.append(added)
    }
    guard let sum = try ControlResiduals.sum(all) else { return nil }
    return seen.count == halves.count ? sum : try sum.followingZeros(rows: run.batchSize)
  }

  private func joined(_ tensors: [Tensor]) throws(TensorError) -> Tensor {
    tensors.count == 1 ? tensors[0] : try Tensor.concatenated(tensors, along: 0)
  }

  private func joinedIfPresent(_ tensors: [Tensor?]) throws(TensorError) -> Tensor? {
    let present = tensors.compactMap(\.self)
    return present.isEmpty ? nil : try joined(present)
  }
}

/// A ControlNet of a run and when it acts.
struct ControlPart: Sendable {
  let net: ControlNet
  /// Shares of the steps.
  let start: Double
  let end: Double

  /// Whether the net acts at a step, as the reference counts: the step must lie in the share as a whole.
  func acts(at step: Int, of count: Int) -> Bool {
    let steps = Double(count)
    return Double(step) / steps >= start && Double(step + 1) / steps <= end
  }
}

/// The last result for each place, kept while what it was made from stays the same.
private struct RecentResults {
  private var results: [String: (source: Tensor, result: Tensor)] = [:]

  /// The result for `source`, made now if it is another than last time.
  mutating func value(of source: Tensor, slot: String, make: (Tensor) throws -> Tensor) rethrows -> Tensor {
    if let known = results[slot], known.source.isIdentical(to: source) { return known.result }
    let result = try make(source)
    results[slot] = (source, result)
    return result
  }
}
