internal import Foundation
package import MoonHost
internal import MoonTestSupport
internal import Testing

/// A file of `Tests/HostileCorpus`, with what must happen to it.
package struct HostileFile: CustomTestStringConvertible, Sendable {
  /// How a file may end.
  package enum Ending: String, Sendable {
    /// The plugin ends with an error of its own or one of the host's.
    case error
    /// A limit of time or instructions ends it.
    case timeout
    /// A limit of memory ends it.
    case memory
    /// The run is completed, and nothing happened to the host.
    case harmless
    /// The run is completed: what was tried is not there.
    case denied
  }

  package let name: String
  package let isHonest: Bool
  /// Whether the language alone decides how it ends; those run under one policy only.
  package let isLanguageLevel: Bool
  /// Endings that are right.
  package let accepted: Set<Ending>
  package let source: [UInt8]
  /// How many variants the file has: a number in it is replaced by each from 1 on.
  package let caseCount: Int
  /// Text that the failure's message contains.
  package let saying: String?
  /// Whether the picture must be the one of a run without the plugin.
  package let keepsImage: Bool
  /// Options for the plugin.
  package let options: String
  /// Whether the file is meant for the policy that drops a plugin.
  package let isForDisable: Bool

  package var testDescription: String { name }

  /// The policies that it runs under.
  package var policies: [PluginFailurePolicy] {
    if isForDisable { return [.disable] }
    return isLanguageLevel ? [.abort] : PluginFailurePolicy.allCases
  }

  /// The variants' sources.
  package var variants: [[UInt8]] {
    if caseCount == 1 { return [source] }
    let text = String(decoding: source, as: UTF8.self)
    return (1...caseCount).map { Array(text.replacing("local case = 1", with: "local case = \($0)").utf8) }
  }

  /// Every file, in an order that is mixed but always the same.
  package static let all: [HostileFile] = {
    var generator = SeededGenerator(seed: 5)
    return ((try? attacks()) ?? []).shuffled(using: &generator) + ((try? honest()) ?? [])
  }()

  private static let folder = Fixture.folder.deletingLastPathComponent().appending(path: "HostileCorpus")

  private static func attacks() throws -> [HostileFile] {
    let manifest = try String(contentsOf: folder.appending(path: "MANIFEST.tsv"), encoding: .utf8)
    return try manifest.split(separator: "\n").dropFirst().map { row in
      let fields = row.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      return try HostileFile(
        folder.appending(path: "attacks/\(fields[0])"), isHonest: false, isLanguageLevel: fields[3] == "lua",
        accepted: Set(fields[2].split(separator: ",").compactMap { Ending(rawValue: String($0)) }))
    }
  }

  private static func honest() throws -> [HostileFile] {
    let place = folder.appending(path: "honest")
    return try FileManager.default.contentsOfDirectory(atPath: place.path).sorted().filter { $0.hasSuffix(".lua") }.map
    {
      try HostileFile(place.appending(path: $0), isHonest: true, isLanguageLevel: false, accepted: [.harmless])
    }
  }

  private init(_ url: URL, isHonest: Bool, isLanguageLevel: Bool, accepted: Set<Ending>) throws {
    name = url.lastPathComponent
    self.isHonest = isHonest
    self.isLanguageLevel = isLanguageLevel
    self.accepted = accepted
    source = [UInt8](try Data(contentsOf: url))
    let head = String(decoding: source.prefix(4096), as: UTF8.self).split(whereSeparator: \.isNewline).prefix(12)
    func note(_ key: String) -> String? {
      head.lazy.compactMap { line in
        line.hasPrefix("-- \(key): ") ? String(line.dropFirst(key.count + 5)) : nil
      }.first
    }
    func value(_ key: String) -> String? { note(key)?.split(separator: " (").first.map(String.init) }
    caseCount = value("cases").flatMap { Int($0) } ?? 1
    saying = value("says")
    keepsImage = value("image") == "same"
    options = value("options") ?? ""
    isForDisable = value("args") == "--on-plugin-error disable"
  }
}
