internal import MoonSchedulers

extension GenerationRequest {
  /// Which steps the scheduler plans.
  var stepPlan: StepPlan {
    if !timesteps.isEmpty { return .timesteps(timesteps) }
    if !sigmas.isEmpty { return .sigmas(sigmas) }
    return .count(inferenceSteps)
  }

  /// The scheduler of a configuration, its steps planned; the fields that the request changes are changed in both.
  func scheduler(of configuration: inout SchedulerConfiguration) throws -> any Scheduler {
    for (key, value) in schedulerOptions {
      try configuration.set(key, text: value, source: "--scheduler-option")
    }
    var scheduler = try configuration.makeScheduler()
    try scheduler.plan(stepPlan)
    return scheduler
  }

  /// Share of a given picture that is made anew.
  func effectiveStrength(isXL: Bool) -> Double {
    if let strength { return strength }
    if images.isEmpty { return 1 }
    if masks.isEmpty { return isXL && controls.isEmpty ? 0.3 : 0.8 }
    return isXL ? 0.9999 : 1
  }

  /// Weight of each ControlNet.
  func effectiveControlScales(isXL: Bool) -> [Double] {
    let standard = images.isEmpty ? 1 : masks.isEmpty ? 0.8 : isXL ? 1 : 0.5
    return controls.map { $0.scale ?? standard }
  }

  /// Steps that are asked for of a scheduler that has planned them: the number, or as many as a list makes.
  func stepCount(in scheduler: any Scheduler) -> Int {
    timesteps.isEmpty
      ? (sigmas.isEmpty ? inferenceSteps : scheduler.timesteps.count / scheduler.order) : timesteps.count
  }

  /// Which of the planned steps are run: those of the strength, or of the share of the denoising.
  ///
  /// - Throws: `PipelineError.badRequest` when none is left.
  /// - Source: diffusers, `get_timesteps` and the use of `denoising_end` in the SDXL pipelines.
  func window(in scheduler: any Scheduler, trainSteps: Int, strength: Double) throws -> Range<Int> {
    let times = scheduler.timesteps
    let order = scheduler.order
    var first = 0
    var end = times.count
    let trained = Double(trainSteps)
    if let denoisingStart, 0 < denoisingStart, denoisingStart < 1 {
      let cutoff = (trained - denoisingStart * trained).rounded(.toNearestOrEven)
      var count = times.count { $0 < cutoff }
      // The two halves of a step stay together.
      if order == 2 && count % 2 == 0 { count += 1 }
      first = max(times.count - count, 0)
    } else if !images.isEmpty {
      let asked = stepCount(in: scheduler)
      let kept = min(Int(Double(asked) * strength), asked)
      first = min(max(asked - kept, 0) * order, times.count)
      if kept < 1 {
        throw PipelineError.badRequest(
          option: "--strength", detail: "\(strength) of \(asked) steps leaves none to run")
      }
    }
    if let denoisingEnd, 0 < denoisingEnd, denoisingEnd < 1 {
      let cutoff = (trained - denoisingEnd * trained).rounded(.toNearestOrEven)
      end = first + times[first...].count { $0 >= cutoff }
    }
    if first >= end {
      throw PipelineError.badRequest(
        option: denoisingStart == nil ? "--denoising-end" : "--denoising-start", detail: "no step is left to run")
    }
    return first..<end
  }
}
