import MoonPipelines
import MoonTensor
import MoonTestSupport
import MoonTraceSupport
import Testing

/// Every name on offer, on every kind of pipeline, is writable and changes the next step.
@Suite("Names on offer") struct OfferedNameTests {
  /// A recorded run of each kind, and the names that it must offer.
  static let kinds: [(run: String, names: [String])] = [
    ("sdxl/plain", ["add_text_embeds", "negative_pooled_prompt_embeds", "add_time_ids", "add_neg_time_ids"]),
    ("img2img/sd/ddim_0.6", []), ("img2img/xl/ddim_0.6", ["add_text_embeds"]),
    ("inpaint/sd/plain", ["mask"]), ("inpaint/sd9/plain", ["mask", "masked_image_latents"]),
    ("inpaint/xl/plain", ["mask", "add_time_ids"]),
    ("inpaint/xl9/plain", ["mask", "masked_image_latents"]),
    ("controlnet/sd/plain", ["image"]), ("controlnet/sd/two", ["image"]), ("controlnet/sd/guess", ["image"]),
    ("controlnet/sd_img2img/plain", ["control_image"]),
    ("controlnet/sd_inpaint/plain", ["control_image", "mask"]), ("controlnet/xl/plain", ["image", "add_text_embeds"]),
    ("controlnet/xl_inpaint/plain", ["control_image", "mask", "add_time_ids"]),
    ("ip_adapter/sd/plain", ["image_embeds"]), ("ip_adapter/sd/two", ["image_embeds"]),
    ("ip_adapter/sd/plus", ["image_embeds"]), ("ip_adapter/xl/plain", ["image_embeds", "add_text_embeds"]),
  ]

  @Test("are all there, and a write at step 1 changes step 2 and no earlier one", arguments: kinds.map(\.run))
  func write(name: String) throws {
    let trace = try #require(GuideTrace.all.first { $0.name == name })
    let expected = try #require(Self.kinds.first { $0.run == name }).names
    let pipeline = try trace.pipeline()
    let request = try trace.request(trace.fixture())
    let plain = Recorder()
    var offered: [(name: String, count: Int)] = []
    let look = ClosureCallback { run in
      if run.step == 0 { offered = run.tensorNames.map { ($0, run.tensorCount(of: $0)) } }
    }
    _ = try pipeline.run(request, callbacks: [look, plain])
    let names = offered.map(\.name)
    #expect(names.starts(with: ["latents", "prompt_embeds", "negative_prompt_embeds"]))
    #expect(Set(names).isSuperset(of: expected), "\(names)")
    for (name, count) in offered {
      for index in 0..<count {
        let changed = Recorder()
        let write = ClosureCallback { run in
          if run.step != 1 { return }
          let tensor = try run.tensor(name, at: index)
          // A mask is turned round, everything else made another half as large again.
          try run.setTensor(name == "mask" ? 1 - tensor : tensor * 1.5 + 0.01, for: name, at: index)
        }
        _ = try pipeline.run(request, callbacks: [write, changed])
        try #require(changed.latents.count == plain.latents.count && plain.latents.count > 2)
        expectExact(changed.latents[0], plain.latents[0])
        #expect(try relativeDifference(changed.latents[2], plain.latents[2]) > 1e-5, "\(name) \(index)")
      }
    }
  }

  @Test("write the scales of ControlNets and IP-Adapters, which the next run has as they were")
  func scales() throws {
    for (name, isControl) in [("controlnet/sd/two", true), ("ip_adapter/sd/two", false)] {
      let trace = try #require(GuideTrace.all.first { $0.name == name })
      let pipeline = try trace.pipeline()
      let request = try trace.request(trace.fixture())
      let plain = try pipeline.run(request)
      struct Stop: Error {}
      for end in ["done", "interrupted", "error"] {
        let off = ClosureCallback { run in
          if run.step != 1 { return }
          if isControl { run.state.controlScales = [0, 0] } else { run.state.adapterScales = [0, 0] }
          if end == "interrupted" { run.interrupt() }
          if end == "error" { throw Stop() }
        }
        let changed = try? pipeline.run(request, callbacks: [off])
        #expect((changed == nil) == (end == "error"))
        if end == "done", let changed { #expect(try relativeDifference(changed.latents, plain.latents) > 1e-4) }
        expectExact(try pipeline.run(request).latents, plain.latents, end)
      }
    }
  }

  @Test("keep the images of a batch apart") func apart() throws {
    let trace = try #require(GuideTrace.all.first { $0.name == "ip_adapter/sd/batch_cutoff" })
    let pipeline = try trace.pipeline()
    let request = try trace.request(trace.fixture())
    func run(_ factor: Float) throws -> Tensor {
      let write = ClosureCallback { run in
        if run.step == 1 { run.state.guidanceScale = 0 }
        if run.step != 2 { return }
        let embeds = try run.tensor("image_embeds")
        let first = try embeds.narrow(0, start: 0, length: 1)
        let rest = try embeds.narrow(0, start: 1, length: embeds.shape[0] - 1) * factor
        try run.setTensor(Tensor.concatenated([first, rest], along: 0), for: "image_embeds")
      }
      return try pipeline.run(request, callbacks: [write]).latents
    }
    let (one, other) = (try run(1), try run(3))
    expectExact(try one.select(0, at: 0), try other.select(0, at: 0))
    #expect(try relativeDifference(other.select(0, at: 1), one.select(0, at: 1)) > 1e-4)
  }
}
