import MoonPipelines
import MoonSchedulers
import MoonTensor
import MoonTestSupport
import Testing

@Suite("Rehearsals with a stand-in for the model") struct RehearsalTests {
  private static let kinds = ["sd", "sdxl"].flatMap { RehearsalKind.all(of: $0) }

  @Test("run every kind with every scheduler to finite latents", arguments: SchedulerKind.allCases)
  func kinds(scheduler: SchedulerKind) throws {
    for kind in Self.kinds {
      var rehearsal = try Rehearsal(kind)
      rehearsal.request.inferenceSteps = 4
      rehearsal.request.imagesPerPrompt = 2
      rehearsal.request.strength = kind.task == .imageToImage ? 1 : nil
      rehearsal.request.scheduler = scheduler.rawValue
      let outcome = try rehearsal.run()
      #expect(try outcome.latents.firstNonFinite() == nil)
      #expect(outcome.latents.shape == [2, 4, 8, 8])
      #expect(outcome.rows.allSatisfy { $0 == 4 }, "\(kind.description)")
      let again = try rehearsal.run()
      expectExact(again.latents, outcome.latents, kind.description)
    }
  }

  @Test("end near the picture that they stand for, guided beyond it")
  func converges() throws {
    var rehearsal = try Rehearsal(RehearsalKind("sd"))
    rehearsal.request.scheduler = "ddim"
    rehearsal.request.guidanceScale = 1
    let plain = try rehearsal.run().latents
    #expect(try plain.floats().allSatisfy { abs($0) < 4 })
    rehearsal.request.guidanceScale = 7.5
    let guided = try rehearsal.run().latents
    #expect(try relativeDifference(guided, plain) > 0.1)
  }

  @Test("offer the tensors of their kind")
  func names() throws {
    for kind in Self.kinds {
      var names: [String] = []
      let callback = HookCallback()
      callback.onStepEnd = { run in
        names = run.tensorNames
        for name in names {
          for index in 0..<run.tensorCount(of: name) {
            try run.setTensor(run.tensor(name, at: index), for: name, at: index)
          }
        }
        _ = try run.decode(run.state.latents)
        _ = try run.preview(row: 0)
        try run.setPrompt(run.encode("other", negativePrompt: "text"))
      }
      var rehearsal = try Rehearsal(kind)
      rehearsal.request.inferenceSteps = 4
      _ = try rehearsal.run(callbacks: [callback])
      #expect(names.contains("mask") == (kind.task == .inpainting))
      #expect(names.contains("masked_image_latents") == kind.isInpaintingModel)
      #expect(names.contains("add_text_embeds") == (kind.pipeline == "sdxl"))
      #expect(names.contains("image_embeds") == (kind.imageAdapters > 0))
      #expect((names.contains("image") || names.contains("control_image")) == (kind.controlNets > 0))
    }
  }

  @Test("feel what callbacks change", arguments: ["prompt", "latents", "control", "adapter"])
  func changes(what: String) throws {
    var kind = RehearsalKind("sd")
    kind.controlNets = 1
    kind.imageAdapters = 1
    var rehearsal = try Rehearsal(kind)
    rehearsal.request.inferenceSteps = 6
    let plain = try rehearsal.run().latents
    let callback = HookCallback()
    callback.onStepEnd = { run in
      if run.step != 1 { return }
      switch what {
      case "prompt": try run.setPrompt(run.encode("a blue boat"))
      case "latents": run.state.latents = try run.state.latents * 0.5
      case "control": run.state.controlScales = [0]
      default: run.state.adapterScales = [0]
      }
    }
    let changed = try rehearsal.run(callbacks: [callback]).latents
    #expect(try relativeDifference(changed, plain) > 1e-3)
  }
}
