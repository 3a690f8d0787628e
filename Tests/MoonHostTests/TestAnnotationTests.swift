import Foundation
import MoonHost
import MoonTestSupport
import Testing

/// The annotations name what tests of plugins are given, and no more.
@Suite("Annotations of tests") struct TestAnnotationTests {
  private static func fields(of name: String) throws -> Set<String> {
    let file = Fixture.folder.deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "plugins/meta/moonstep.lua")
    let text = try String(contentsOf: file, encoding: .utf8)
    let start = try #require(text.firstRange(of: "---@class moonstep.\(name)\n")).upperBound
    let lines = text[start...].split(separator: "\n", omittingEmptySubsequences: false).prefix {
      $0.hasPrefix("---@field")
    }
    return Set(
      lines.compactMap { $0.split(separator: " ").dropFirst().first.map { String($0.replacing("?", with: "")) } })
  }

  @Test("are complete") func complete() throws {
    #expect(try Self.fields(of: "Test").symmetricDifference(PluginTestAPI.methods) == [])
    #expect(try Self.fields(of: "TestSettings").symmetricDifference(PluginTestAPI.settings) == [])
    #expect(try Self.fields(of: "TestRun").symmetricDifference(PluginTestAPI.results) == [])
    #expect(PluginTestAPI.methods.count == 5)
  }
}
