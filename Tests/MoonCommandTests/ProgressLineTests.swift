import MoonCommand
import Testing

@Suite("Progress line") struct ProgressLineTests {
  @Test("tells step, seconds a step and the time left")
  func line() {
    var line = ProgressLine()
    #expect(line.ended(step: 0, of: 25, seconds: 2) == "step 1/25, 2.00 s a step, 48 s left")
    #expect(line.ended(step: 1, of: 25, seconds: 4) == "step 2/25, 4.00 s a step, 1 min 9 s left")
    #expect(line.ended(step: 24, of: 25, seconds: 0.0123) == "step 25/25, 0.012 s a step")
  }

  @Test("follows when steps become shorter")
  func shorter() {
    var line = ProgressLine()
    for step in 0..<10 { _ = line.ended(step: step, of: 20, seconds: 10) }
    for step in 10..<12 { _ = line.ended(step: step, of: 20, seconds: 1) }
    #expect(line.ended(step: 12, of: 20, seconds: 1) == "step 13/20, 1.00 s a step, 7 s left")
  }

  @Test(
    "names the two largest units of a time",
    arguments: [
      (0.2, "1 s"), (59.0, "59 s"), (60, "1 min 0 s"), (3_599.5, "1 h 0 min"), (7_260, "2 h 1 min"), (.infinity, "?"),
      (.nan, "?"), (-1, "?"), (1e300, "?"),
    ])
  func duration(seconds: Double, wanted: String) { #expect(ProgressLine.duration(seconds) == wanted) }

  @Test(
    "has two or three decimals",
    arguments: [(0.0, "0.000"), (0.0005, "0.001"), (0.1, "0.10"), (12.345, "12.35"), (0.005, "0.005"), (.nan, "?")])
  func decimals(seconds: Double, wanted: String) { #expect(ProgressLine.decimals(seconds) == wanted) }
}
