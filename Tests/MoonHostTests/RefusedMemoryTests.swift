import MoonTrialSupport
import Testing

@Suite("Refused memory") struct RefusedMemoryTests {
  /// One in so many is refused here; `moonproof refusals` refuses every one.
  private static let stride = 23

  @Test("ends a plugin cleanly wherever it happens", arguments: RefusalSweep.all().prefix(4))
  func sweep(_ sweep: RefusalSweep) async throws {
    let report = try await sweep.run(stride: Self.stride)
    #expect(report.findings == [])
    #expect(report.runs > 3)
  }
}
