import ArgumentParser
import MoonCommand
import Testing

@Suite("Seeds") struct SeedListTests {
  @Test(
    "are 64 bits, negative ones as PyTorch's two's complement",
    arguments: [
      ("7", [7]), ("18446744073709551615", [.max]), ("-1", [.max]), ("-9223372036854775808", [1 << 63]),
      ("1,2, 3", [1, 2, 3]), ("2628670641", [2_628_670_641]),
    ] as [(String, [UInt64])])
  func reading(text: String, wanted: [UInt64]) { #expect(SeedList(argument: text)?.seeds == wanted) }

  @Test(
    "that are no whole numbers of 64 bits are refused",
    arguments: ["", "1,", ",1", "1.5", "0x10", "18446744073709551616", "-9223372036854775809", "7 8", "nan"])
  func refusing(text: String) { #expect(SeedList(argument: text) == nil) }

  @Test("are told as a number, or as a list where there are several")
  func telling() {
    #expect(SeedList([.max]).json.text == "18446744073709551615")
    #expect(SeedList([1, 2]).json.text == "[1, 2]")
  }

  @Test("that are drawn are one and short enough to be typed again")
  func drawing() {
    let drawn = (0..<20).map { _ in SeedList.random().seeds }
    #expect(drawn.allSatisfy { $0.count == 1 && $0[0] <= UInt64(UInt32.max) })
    // Twenty equal draws out of 2^32 do not happen.
    #expect(Set(drawn.map { $0[0] }).count > 1)
  }
}

@Suite("Scheduler settings") struct SchedulerSettingTests {
  @Test("split at the first sign, and keep the value as it stands")
  func reading() {
    #expect(SchedulerSetting(argument: "a=b=c") == SchedulerSetting(key: "a", value: "b=c"))
    #expect(SchedulerSetting(argument: " a = b ") == SchedulerSetting(key: "a", value: "b"))
    #expect(SchedulerSetting(argument: "a=") == SchedulerSetting(key: "a", value: ""))
  }

  @Test("without a key or a sign are refused", arguments: ["", "a", "=b"])
  func refusing(text: String) { #expect(SchedulerSetting(argument: text) == nil) }
}
