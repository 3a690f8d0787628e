import Foundation
import MoonHost
import MoonPlugins
import MoonTestSupport
import MoonTrialSupport
import Testing

/// The callbacks guide, held against the host: what it shows runs, and what it says of the bundled plugins is so.
@Suite("Guide of plugins") struct GuideTests {
  @Test("each example runs, or fails as it says", arguments: GuideExample.all)
  func example(example: GuideExample) async throws {
    var trial = try PluginTrial(example.code, name: example.name)
    trial.request = TinyModel.request(steps: 25)
    // What is shown is another limit than that of time, which a busy machine would reach first.
    trial.limits.hookSeconds = 60
    let message = try await trial.message()
    #expect(message?.replacing("plugins/", with: "") == example.message)
  }

  @Test("examples are many, of both kinds") func count() {
    #expect(GuideExample.all.count >= 20)
    #expect(GuideExample.all.filter { $0.message != nil }.count >= 6)
  }

  /// The bundled plugins.
  static let bundled: [String] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: ShelfTrial.plugins.path)) ?? []
    return names.filter { $0.hasSuffix(".lua") }.map { String($0.dropLast(4)) }.sorted()
  }()

  @Test("each bundled plugin has its place, with every option", arguments: bundled)
  func shelf(id: String) async throws {
    let registry = PluginRegistry(folders: [(ShelfTrial.plugins, "plugins")])
    let plugin = try await PluginReader().describe(id, in: registry)
    let start = try #require(GuideExample.text.firstRange(of: "\n### \(id)\n"), "no section")
    let rest = GuideExample.text[start.upperBound...]
    let section = rest[..<(rest.firstRange(of: "\n##")?.lowerBound ?? rest.endIndex)]
    let rows = section.matches(of: /\n\| `([a-z0-9_]+)` \| ([^|]*) \| ([^|]*) \|/)
    #expect(rows.map { String($0.1) }.sorted() == plugin.options.map(\.name).sorted())
    for row in rows {
      let option = try #require(plugin.options.first { $0.name == row.1 })
      #expect(String(row.2) == Self.shown(option.defaultValue), "\(option.name)")
    }
    #expect(section.contains("--callback \(id)") || section.contains("--callback '\(id)"))
    for match in section.matches(of: /src="([^"]+)"/) {
      let picture = ShelfTrial.plugins.appending(path: String(match.1))
      #expect(FileManager.default.fileExists(atPath: picture.path), "\(match.1)")
    }
  }

  /// A default as the guide writes it.
  private static func shown(_ value: OptionValue?) -> String {
    switch value {
    case nil: ""
    case .number(let number): OptionDeclaration.shown(number)
    case .integer(let number): "\(number)"
    case .boolean(let flag): "\(flag)"
    case .string(let text): text
    case .numbers(let list): list.map { OptionDeclaration.shown($0) }.joined(separator: ",")
    }
  }
}
