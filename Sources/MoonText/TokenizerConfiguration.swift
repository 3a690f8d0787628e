/// What the configuration files of a tokenizer say, with CLIP's defaults for what they leave out.
///
/// Follows `CLIPTokenizer.from_pretrained` of transformers: `special_tokens_map.json`, `added_tokens.json` and the
/// `added_tokens` of `tokenizer.json` count only if `tokenizer_config.json` has no `added_tokens_decoder`; normaliser,
/// splitter and framing are CLIP's own, whatever `tokenizer.json` says, and `do_lower_case` changes nothing.
struct TokenizerConfiguration {
  /// The side on which a text is padded, or cut.
  enum Side: Equatable {
    case left, right
  }

  /// A token to be added, with the place that gives it an id, if any does.
  struct Declaration {
    /// The token.
    var token: AddedToken
    /// The id that the file gives it.
    let identifier: Int?
    /// The file that gives the id.
    let file: String
  }

  /// The lengths that an encoded text may have.
  static let lengths = 2...65_536

  /// Number of ids of an encoded text; nil if no file limits it.
  private(set) var maximumLength: Int?
  /// Where padding goes.
  private(set) var paddingSide = Side.right
  /// Where a long text is cut.
  private(set) var truncationSide = Side.right
  /// Whether special tokens in a text are treated as plain text.
  private(set) var splitsSpecialTokens = false
  /// The tokens with names such as `eos_token`.
  private var named: [String: AddedToken] = [:]
  /// The names in the order in which the reference adds their tokens.
  private var names = standardNames
  /// Special tokens without a name; nil if no file mentions them.
  private var extra: [AddedToken]?
  /// Tokens with an id, from whichever file counts.
  private var declared: [Int: Declaration] = [:]

  private static let standardNames = [
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
  ]
  /// The tokens that CLIP cannot do without.
  private static let defaults = [
    "bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>",
    "pad_token": "<|endoftext|>",
  ]

  /// Takes from `folder` what a tokenizer needs to know beside its vocabulary.
  init(_ folder: TokenizerFolder) throws(TokenizerError) {
    if case .combined(let tokenizer) = folder.source {
      paddingSide = try Self.direction("padding", in: tokenizer) ?? .right
      truncationSide = try Self.direction("truncation", in: tokenizer) ?? .right
    }
    if let configuration = folder.configuration {
      try takeSettings(configuration)
      try takeNamedTokens(configuration, isMap: false)
      try takeExtraTokens(configuration, isMap: false)
      if (extra ?? []).isEmpty { try takeFormerExtraTokens(configuration) }
    }
    if let decoder = try folder.configuration?.member("added_tokens_decoder") {
      for (key, node) in try decoder.members() {
        guard let identifier = Int(String(decoding: key, as: UTF8.self)), identifier >= 0 else {
          throw node.mismatch(wanted: "under a key that is an id")
        }
        try declare(try AddedToken(node), as: identifier, in: node.file)
      }
    } else {
      if let map = folder.specialTokens {
        try takeNamedTokens(map, isMap: true)
        try takeExtraTokens(map, isMap: true)
      }
      try takeLegacyTokens(folder)
      if extra == nil, let map = folder.specialTokens { try takeFormerExtraTokens(map) }
    }
    for (name, content) in Self.defaults where named[name] == nil {
      named[name] = AddedToken(bare: Array(content.utf8))
    }
  }

  /// The content of a token that CLIP always has, such as `eos_token`.
  func content(of name: String) -> [UInt8] {
    named[name]?.content ?? []
  }

  /// The tokens to add, in the order in which the reference adds them; of two with one content the later counts.
  var declarations: [Declaration] {
    var list = declared.sorted { $0.key < $1.key }.map(\.value)
    let contents = Set(list.map(\.token.content))
    var listed = Set(list.map(\.token))
    for token in names.compactMap({ named[$0] }) + (extra ?? []) where !contents.contains(token.content) {
      guard listed.insert(token).inserted else { continue }
      list.append(Declaration(token: token, identifier: nil, file: ""))
    }
    let special = Set(named.values.map(\.content))
    for index in list.indices where special.contains(list[index].token.content) {
      list[index].token.isSpecial = true
    }
    return list
  }

  private mutating func declare(_ token: AddedToken, as identifier: Int, in file: String) throws(TokenizerError) {
    declared[identifier] = Declaration(token: token, identifier: identifier, file: file)
  }

  // MARK: Settings

  private mutating func takeSettings(_ configuration: ConfigurationNode) throws(TokenizerError) {
    if let side = try configuration.member("padding_side") { paddingSide = try Self.side(side) }
    if let side = try configuration.member("truncation_side") { truncationSide = try Self.side(side) }
    splitsSpecialTokens = try configuration.member("split_special_tokens")?.flag() ?? false
    let current = try configuration.member("model_max_length")
    let former = try configuration.member("max_len")
    // The reference writes 10^30 for "no limit"; what does not fit an integer is taken for that.
    guard let node = current ?? former, let length = try node.wholeNumber() else { return }
    guard Self.lengths.contains(length) else {
      throw node.mismatch(wanted: "\(Self.lengths.lowerBound) to \(Self.lengths.upperBound)")
    }
    maximumLength = length
  }

  private static func side(_ node: ConfigurationNode) throws(TokenizerError) -> Side {
    switch try node.text() {
    case Array("left".utf8), Array("Left".utf8): .left
    case Array("right".utf8), Array("Right".utf8): .right
    default: throw node.mismatch(wanted: "\"left\" or \"right\"")
    }
  }

  private static func direction(_ key: String, in tokenizer: ConfigurationNode) throws(TokenizerError) -> Side? {
    guard let node = try tokenizer.member(key)?.member("direction") else { return nil }
    return try side(node)
  }

  // MARK: Special tokens

  /// Takes the keys that end in `_token`; `isMap` says that the file is `special_tokens_map.json`.
  private mutating func takeNamedTokens(_ top: ConfigurationNode, isMap: Bool) throws(TokenizerError) {
    for (key, node) in try top.members() {
      let name = String(decoding: key, as: UTF8.self)
      if Self.standardNames.contains(name) {
        if node.value == .null, Self.defaults[name] == nil { continue }
        named[name] = try AddedToken(node, isSpecial: isMap ? true : nil)
      } else if name.hasSuffix("_token") {
        // A name of the model's own that the configuration gives as a bare text is not changed by the map.
        if isMap, named[name]?.isBare == true { continue }
        switch node.value {
        case .text, .object: setToken(try AddedToken(node, isSpecial: isMap ? true : nil), named: name)
        default: continue
        }
      }
    }
  }

  private mutating func setToken(_ token: AddedToken, named name: String) {
    if !names.contains(name) { names.append(name) }
    named[name] = token
  }

  /// Takes `extra_special_tokens`, a list or an object of names.
  private mutating func takeExtraTokens(_ top: ConfigurationNode, isMap: Bool) throws(TokenizerError) {
    guard let node = try top.member("extra_special_tokens") else { return }
    if case .object = node.value {
      for (key, member) in try node.members() {
        setToken(try AddedToken(member), named: String(decoding: key, as: UTF8.self))
      }
    } else {
      extra = (extra ?? []) + (try Self.tokens(node, isSpecial: isMap ? true : nil))
    }
  }

  /// Takes `additional_special_tokens`, as `extra_special_tokens` was called before.
  private mutating func takeFormerExtraTokens(_ top: ConfigurationNode) throws(TokenizerError) {
    guard let node = try top.member("additional_special_tokens") else { return }
    extra = try Self.tokens(node)
  }

  private static func tokens(
    _ list: ConfigurationNode, isSpecial: Bool? = nil
  ) throws(TokenizerError) -> [AddedToken] {
    var tokens: [AddedToken] = []
    for item in try list.items() { tokens.append(try AddedToken(item, isSpecial: isSpecial)) }
    return tokens
  }

  /// Takes `added_tokens.json` and the `added_tokens` of `tokenizer.json`.
  private mutating func takeLegacyTokens(_ folder: TokenizerFolder) throws(TokenizerError) {
    // Of tokens given as objects, the reference takes only those of the map for special here.
    let mapped = Set(try folder.specialTokens?.members().map { String(decoding: $0.key, as: UTF8.self) } ?? [])
    let special = Set(
      named.filter { Self.standardNames.contains($0.key) && ($0.value.isBare || mapped.contains($0.key)) }
        .map(\.value.content)
        + (extra ?? []).filter(\.isBare).map(\.content))
    for (key, node) in try folder.addedTokens?.members() ?? [] {
      guard let identifier = try node.wholeNumber(), identifier >= 0, AddedToken.lengths.contains(key.count) else {
        throw node.mismatch(wanted: "the id of a token of 1 to \(AddedToken.lengths.upperBound) bytes")
      }
      try declare(AddedToken(legacy: key, isSpecial: special.contains(key)), as: identifier, in: node.file)
    }
    guard case .combined(let tokenizer) = folder.source else { return }
    for node in try tokenizer.required("added_tokens").items() {
      let place = try node.required("id")
      guard let identifier = try place.wholeNumber(), identifier >= 0 else { throw place.mismatch(wanted: "an id") }
      try declare(try AddedToken(node), as: identifier, in: node.file)
    }
  }
}
