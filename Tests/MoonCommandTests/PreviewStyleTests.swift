import ArgumentParser
import MoonCommand
import Testing

@Suite("Styles of previews") struct PreviewStyleTests {
  /// Variables of a terminal, and what is best there.
  private static let terminals: [([String: String], PreviewStyle)] = [
    ([:], .blocks(.cube)),
    (["TERM": "xterm-256color"], .blocks(.cube)),
    (["TERM": "xterm-256color", "COLORTERM": "truecolor"], .blocks(.full)),
    (["TERM": "xterm-256color", "COLORTERM": "24bit"], .blocks(.full)),
    (["TERM": "xterm", "COLORTERM": "yes"], .blocks(.cube)),
    (["TERM": "xterm-kitty", "COLORTERM": "truecolor"], .kitty),
    (["TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"], .kitty),
    (["TERM": "xterm-256color", "KITTY_WINDOW_ID": ""], .blocks(.cube)),
    (["TERM": "xterm-ghostty"], .kitty),
    (["TERM": "xterm-256color", "TERM_PROGRAM": "ghostty"], .kitty),
    (["TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"], .iterm),
    (["TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app", "COLORTERM": "truecolor"], .iterm),
    (["TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"], .iterm),
    (["TERM": "xterm-kitty", "LC_TERMINAL": "iTerm2"], .kitty),
    (["TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal"], .blocks(.cube)),
    (["TERM": "xterm-256color", "TERM_PROGRAM": "vscode", "COLORTERM": "truecolor"], .blocks(.full)),
    // A multiplexer takes its own part of what it hands on.
    (["TERM": "screen-256color", "KITTY_WINDOW_ID": "1"], .blocks(.cube)),
    (["TERM": "tmux-256color", "LC_TERMINAL": "iTerm2", "COLORTERM": "truecolor"], .blocks(.full)),
    (["TERM": "xterm-kitty", "TMUX": "/tmp/tmux-0/default,1,0"], .blocks(.cube)),
    (["TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm", "STY": "1.tty"], .blocks(.cube)),
  ]

  @Test("are what the terminal does best", arguments: terminals)
  func best(environment: [String: String], style: PreviewStyle) {
    #expect(PreviewChoice.auto.style(environment: environment, isTerminal: true) == style)
  }

  @Test("may be chosen", arguments: terminals)
  func chosen(environment: [String: String], style: PreviewStyle) {
    func style(_ choice: PreviewChoice) -> PreviewStyle? { choice.style(environment: environment, isTerminal: true) }
    #expect(style(.kitty) == .kitty && style(.iterm) == .iterm && style(.off) == nil)
    let hasAll = ["truecolor", "24bit"].contains(environment["COLORTERM"] ?? "")
    #expect(style(.blocks) == .blocks(hasAll ? .full : .cube))
  }

  @Test("are none where there is no terminal", arguments: terminals)
  func none(environment: [String: String], style: PreviewStyle) {
    for choice in PreviewChoice.allCases {
      #expect(choice.style(environment: environment, isTerminal: false) == nil)
    }
  }

  @Test("are read from an option that may stand alone")
  func option() throws {
    #expect(try PreviewOptions.parse([]).preview == nil)
    #expect(try PreviewOptions.parse(["--preview"]).preview == .auto)
    for choice in PreviewChoice.allCases {
      #expect(try PreviewOptions.parse(["--preview", choice.rawValue]).preview == choice)
      #expect(try PreviewOptions.parse(["--preview=\(choice.rawValue)"]).preview == choice)
    }
    #expect(throws: (any Error).self) { try PreviewOptions.parse(["--preview", "sixel"]) }
    #expect(throws: (any Error).self) { try PreviewOptions.parse(["--preview=sixel"]) }
  }

  @Test("come at a pace that costs a twentieth of the time")
  func pace() {
    var pace = PreviewPace()
    #expect(pace.isDue(at: -3))
    // The first one prepares for all.
    pace.drew(from: 10, to: 14)
    #expect(!pace.isDue(at: 14.05) && pace.isDue(at: 14.125))
    // Then as long as the preview took, nineteen times.
    pace.drew(from: 15, to: 15.5)
    #expect(!pace.isDue(at: 24.9) && pace.isDue(at: 25.1))
    pace.drew(from: 26, to: 26)
    #expect(!pace.isDue(at: 26.05) && pace.isDue(at: 26.125))
  }
}
