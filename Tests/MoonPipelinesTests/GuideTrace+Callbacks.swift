import MoonPipelines
import MoonTensor
import MoonTraceSupport
import MoonWeights

extension GuideTrace {
  /// The callback of the run in Swift, as the fixtures' description says.
  func callbacks() throws -> [any StepCallback] {
    guard let callback = try self.callback else { return [] }
    let name = try callback.string("name")
    switch name {
    case "GuidanceList":
      let values = try callback.doubleList("values")
      let start = HookCallback()
      start.onStepBegin = { $0.state.guidanceScale = values[$0.step] }
      return [start]
    case "LatentEdit":
      return [
        ClosureCallback { run in
          if run.step == 1 { try run.setTensor(run.tensor("latents") * 0.9, for: "latents") }
        }
      ]
    case "IPAdapterScaleCutoffCallback":
      let ratio = try callback.double("cutoff_step_ratio")
      return [
        ClosureCallback { run in
          if run.step == Int(Double(run.timestepCount) * ratio) {
            run.state.adapterScales = run.state.adapterScales.map { _ in 0 }
          }
        }
      ]
    default:
      let ratio = try callback.double("cutoff_step_ratio")
      return [
        ClosureCallback { run in
          if run.step != Int(Double(run.timestepCount) * ratio) { return }
          // Each name with both halves keeps the wanted one, as the official callbacks do.
          for name in run.tensorNames {
            for index in 0..<run.tensorCount(of: name) {
              let tensor = try run.tensor(name, at: index)
              if tensor.shape[0] != 2 * run.batchSize { continue }
              try run.setTensor(
                tensor.narrow(0, start: run.batchSize, length: run.batchSize), for: name, at: index)
            }
          }
          run.state.guidanceScale = 0
        }
      ]
    }
  }
}
