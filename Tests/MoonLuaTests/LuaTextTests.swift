import MoonLua
import Testing

@Suite("Text of scripts") struct LuaTextTests {
  @Test(
    "is shown without control characters, marks of direction or broken UTF-8",
    arguments: [
      ("plain é 月 👍🏽", "plain é 月 👍🏽"), ("a\nb\r\t\u{0}", "a\\nb\\r\\t\\x00"),
      ("\u{1B}[2J\u{7}\u{7F}", "\\x1b[2J\\x07\\x7f"),
      ("\u{9B}31m", "\\x9b31m"), ("\u{202E}x\u{2066}\u{200F}\u{2028}", "\\u{202e}x\\u{2066}\\u{200f}\\u{2028}"),
    ])
  func escapes(_ text: String, _ shown: String) {
    #expect(LuaText.shown(text) == shown)
  }

  @Test("shows each byte of broken UTF-8")
  func brokenText() {
    #expect(LuaText.shown([0xFF, 0x41, 0xC0, 0x80, 0xE2, 0x82]) == "\\xffA\\xc0\\x80\\xe2\\x82")
    #expect(LuaText.shown([0xED, 0xA0, 0x80]) == "\\xed\\xa0\\x80")
  }

  @Test("is cut between letters")
  func cuts() {
    #expect(LuaText.shown("aé", limit: 2) == "a…")
    #expect(LuaText.shown("aé", limit: 3) == "aé")
    #expect(LuaText.shown("abc", limit: 2) == "ab…")
  }

  @Test("reaches the log in one line for each print")
  func log() throws {
    var lines: [String] = []
    let sandbox = try makeSandbox { lines.append($0) }
    _ = try sandbox.load(
      source: """
        print("a\\nb", 1, nil, true, {}, 1.5)
        moon.log("\\27[2J\\rfake\\tline")
        print()
        print(("x"):rep(5000))
        print(setmetatable({}, { __tostring = function() return "made" end }))
        """)
    #expect(lines[0] == "a\\nb\t1\tnil\ttrue\ttable\t1.5")
    #expect(lines[1] == "\\x1b[2J\\rfake\tline")
    #expect(lines[2] == "")
    #expect(lines[3] == String(repeating: "x", count: 4096) + "…")
    #expect(lines[4] == "made")
  }
}
