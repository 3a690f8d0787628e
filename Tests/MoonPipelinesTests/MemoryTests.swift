@testable import MoonPipelines
import MoonTensor
import MoonTestSupport
import Testing

@Suite("Memory of a run") struct MemoryTests {
  private func result(_ request: GenerationRequest, _ change: (inout ModelOptions) -> Void) throws -> GenerationResult {
    var options = ModelOptions()
    change(&options)
    return try StableDiffusionPipeline(contentsOf: Model.tinySD.folder, options: options).run(request)
  }

  @Test("does not change the picture: kept weights make no difference in any bit, with and without guidance")
  func weightsCache() throws {
    for guidance in [7.5, 1] {
      let request = smallRequest(guidance: guidance)
      let wanted = try result(request) { $0.weightsCache = .off }
      for limit in [WeightsCacheLimit.automatic, .bytes(100_000), .bytes(-1)] {
        let found = try result(request) { $0.weightsCache = limit }
        expectExact(found.latents, wanted.latents)
        #expect(found.images == wanted.images)
      }
    }
  }

  @Test("is spent on float32 weights for small models alone, and on packed ones for all, unless it is to be saved")
  func automaticCache() {
    let automatic = WeightsCacheLimit.automatic
    let small = automatic.cache(lowMemory: false, byteCount: 64 << 20)
    #expect(small.limit == 256 << 20 && small.exchangeLimit > 0)
    let large = automatic.cache(lowMemory: false, byteCount: 64 << 20 + 1)
    #expect(large.limit == 0 && large.exchangeLimit > 0)
    for limit in [automatic, .off] {
      let saving = limit.cache(lowMemory: true, byteCount: 1)
      #expect(saving.limit == 0 && saving.exchangeLimit == 0)
    }
    #expect(WeightsCacheLimit.bytes(7).cache(lowMemory: true, byteCount: 1 << 40).limit == 7)
  }

  @Test("holds nothing of a text encoder's weights, though prompts are encoded between steps")
  func encoder() throws {
    let pipeline = try Model.tinySD.pipeline()
    let cache = WeightCache(limit: 1 << 30)
    var environment = TensorEnvironment()
    environment.weightCache = cache
    try TensorEnvironment.$current.withValue(environment) {
      _ = try pipeline.parts.encoder([["a red apple"]], imagesPerPrompt: 1, skippedLayers: 0)
    }
    #expect(cache.keptByteCount == 0)
  }

  @Test("is saved by halves that take turns, which call the network with half the rows and give the same numbers")
  func turns() throws {
    let request = smallRequest(["a red apple", "a blue car"], seeds: [3, 4])
    var options = ModelOptions()
    options.lowMemory = true
    let pipeline = try StableDiffusionPipeline(contentsOf: Model.tinySD.folder, options: options)
    var rows: [Int] = []
    let found = try pipeline.run(request, callbacks: []) { latents, _ in rows.append(latents.shape[0]) }
    #expect(rows == [Int](repeating: 2, count: 8))
    let wanted = try result(request) { _ in }
    // Fewer rows are multiplied in other blocks: rounding differs over four steps.
    expectClose(found.latents, wanted.latents, atol: 2e-4, rtol: 2e-5)
  }

  @Test("is counted by kind of operation where a profile asks for it, and by nothing else")
  func profile() throws {
    let profile = RunProfile()
    _ = try Model.tinySD.pipeline().run(
      smallRequest(steps: 2), callbacks: [], profile: profile, observe: { _, _ in })
    for (part, kinds) in [
      (profile.preparation, [OperationProfile.Kind.linear, .attention, .layerNorm]),
      (profile.steps, [.linear, .gated, .attention, .groupNorm, .layerNorm, .joining]),
      (profile.decoding, [.groupNorm]),
    ] {
      let results = part.results
      for kind in kinds {
        let entry = results[kind]
        #expect((entry?.calls ?? 0) > 0 && (entry?.seconds ?? 0) > 0, "\(kind)")
      }
      #expect(results.values.contains { $0.operations > 0 })
    }
    profile.steps.reset()
    _ = try Model.tinySD.pipeline().run(smallRequest(steps: 2))
    #expect(profile.steps.results.isEmpty)
  }
}
