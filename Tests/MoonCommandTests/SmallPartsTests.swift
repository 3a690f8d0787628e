import MoonCommand
import Testing

@Suite("Peak memory") struct PeakMemoryTests {
  @Test("is read from the kernel's status text")
  func reading() {
    #expect(PeakMemory.bytes(in: "VmPeak:\t  900 kB\nVmHWM:\t   12345 kB\nVmRSS: 1 kB\n") == 12_345 * 1024)
    #expect(PeakMemory.bytes(in: "VmHWM: many kB\n") == nil)
    #expect(PeakMemory.bytes(in: "") == nil)
  }

  @Test("of this process is between a megabyte and a terabyte")
  func own() { #expect((1 << 20)...(1 << 40) ~= PeakMemory.bytes) }
}

@Suite("Arguments") struct ArgumentBytesTests {
  @Test("are text where they are valid UTF-8")
  func valid() throws {
    #expect(
      try ArgumentBytes.texts([Array("--prompt".utf8), Array("Äpfel 🍎".utf8), []]) == ["--prompt", "Äpfel 🍎", ""])
  }

  @Test("that are not valid UTF-8 are refused by number")
  func invalid() {
    let failure = CommandFailure(.usage, "argument 2 is not valid UTF-8: 'a\u{FFFD}b'")
    #expect(throws: failure) { try ArgumentBytes.texts([Array("--prompt".utf8), [0x61, 0xFF, 0x62]]) }
  }
}
