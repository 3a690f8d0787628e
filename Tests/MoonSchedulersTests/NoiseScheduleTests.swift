import MoonSchedulers
import MoonTensor
import MoonTestSupport
import Testing

@Suite("Noise schedule") struct NoiseScheduleTests {
  struct Recorded: Decodable, Sendable {
    let name: String
    let config: [String: RecordedValue]
  }
  private struct Index: Decodable {
    let schedules: [Recorded]
  }

  @Test("has the reference's cumulative alphas, bit for bit but for rescaled ones")
  func alphas() throws {
    let recorded = try FixtureJSON.decode(Index.self, "schedulers/schedules.json").schedules
    let fixture = try Fixture("schedulers/schedules")
    #expect(recorded.count == 9)
    for schedule in recorded {
      let configuration = try SchedulerConfiguration(schedule.config.mapValues(\.value), kind: .ddim)
      let alphas = try NoiseSchedule(configuration, keepsZero: true).cumulativeAlphas
      // The reference rescales with square roots of MKL, whose last bit depends on the processor.
      let tolerance: Float = schedule.config["rescale_betas_zero_snr"] == nil ? 0 : 5e-7
      expectClose(
        try Tensor(alphas, shape: [alphas.count]), try fixture["\(schedule.name)/alphas_cumprod"], atol: tolerance,
        schedule.name)
    }
  }
}
