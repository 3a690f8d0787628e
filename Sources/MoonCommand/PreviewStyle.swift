/// How a terminal shows pictures.
package enum PreviewStyle: Sendable, Equatable {
  /// By the graphics protocol of kitty.
  case kitty
  /// By the inline images of iTerm2.
  case iterm
  /// Out of half blocks.
  case blocks(HalfBlocks.Colours)
}

/// What `--preview` asks for.
package enum PreviewChoice: String, Sendable, CaseIterable {
  /// What the terminal can do best, as far as its environment tells.
  case auto
  case kitty
  case iterm
  case blocks
  /// Nothing.
  case off

  /// How pictures are shown.
  ///
  /// - Parameters:
  ///   - environment: Variables of the process.
  ///   - isTerminal: Whether they go to a terminal.
  /// - Returns: `nil` for no pictures: where there is no terminal, whatever is asked for.
  package func style(environment: [String: String], isTerminal: Bool) -> PreviewStyle? {
    if !isTerminal { return nil }
    switch self {
    case .auto: return Self.best(environment)
    case .kitty: return .kitty
    case .iterm: return .iterm
    case .blocks: return Self.blocks(environment)
    case .off: return nil
    }
  }

  private static func best(_ environment: [String: String]) -> PreviewStyle {
    let (kind, program) = (environment["TERM"] ?? "", environment["TERM_PROGRAM"] ?? "")
    func isSet(_ name: String) -> Bool { environment[name]?.isEmpty == false }
    // What stands between a program and the terminal lets no pictures through, but variables.
    let isInside = isSet("TMUX") || isSet("STY") || kind.hasPrefix("screen") || kind.hasPrefix("tmux")
    if isInside { return blocks(environment) }
    // WezTerm knows both; those of iTerm2 are what it does as they are described.
    if program == "WezTerm" || program == "iTerm.app" { return .iterm }
    if program == "ghostty" || kind == "xterm-kitty" || kind == "xterm-ghostty" || isSet("KITTY_WINDOW_ID") {
      return .kitty
    }
    return environment["LC_TERMINAL"] == "iTerm2" ? .iterm : blocks(environment)
  }

  private static func blocks(_ environment: [String: String]) -> PreviewStyle {
    .blocks(["truecolor", "24bit"].contains(environment["COLORTERM"] ?? "") ? .full : .cube)
  }
}
