import Foundation
import MoonHost
import MoonTestSupport
import MoonTrialSupport
import Testing

/// The annotations for editors say neither more nor less than what the host registers.
@Suite("Plugin annotations") struct AnnotationTests {
  /// What one class of `plugins/meta/moonstep.lua` declares.
  private struct Declared {
    var fields: Set<String> = []
    var writable: Set<String> = []
    var methods: Set<String> = []
    var operators: Set<String> = []
  }

  /// Annotated classes and their names in the host.
  private static let names = [
    "moonstep.Pipe": "pipe", "moonstep.Tensor": "tensor", "moonstep.Image": "image", "moonstep.Prompt": "prompt",
    "moonstep.Library": "moon",
  ]

  private static let file = Fixture.folder.deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "plugins/meta/moonstep.lua")

  private static func declared() throws -> [String: Declared] {
    var classes: [String: Declared] = [:]
    var current = ""
    let owners = ["Pipe": "pipe", "Tensor": "tensor", "moon": "moon"]
    for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
      if let match = line.wholeMatch(of: /---@class ([\w.]+).*/) {
        current = names[String(match.1)] ?? ""
      } else if let match = line.wholeMatch(of: /---@field (\w+)\??\s+(.*)/), !current.isEmpty {
        classes[current, default: Declared()].fields.insert(String(match.1))
        if match.2.contains("may be written") || match.2.contains("by its name in diffusers") {
          classes[current, default: Declared()].writable.insert(String(match.1))
        }
      } else if let match = line.wholeMatch(of: /---@operator (\w+).*/) {
        classes[current, default: Declared()].operators.insert(String(match.1))
      } else if let match = line.wholeMatch(of: /function (\w+)[:.](\w+)\(.*\) end/) {
        let owner = try #require(owners[String(match.1)], "\(line)")
        classes[owner, default: Declared()].methods.insert(String(match.2))
      }
    }
    return classes
  }

  @Test(
    "name every function, method, field and operator, and no other",
    arguments: [
      "pipe", "tensor", "image", "prompt", "moon",
    ])
  func complete(name: String) throws {
    let declared = try #require(try Self.declared()[name])
    let host = try #require(PluginAPI.classes[name])
    #expect(declared.methods.symmetricDifference(host.methods) == [])
    #expect(declared.fields.symmetricDifference(host.readable) == [])
    // `tostring` needs no annotation.
    #expect(declared.operators.symmetricDifference(host.operators.subtracting(["tostring"])) == [])
    #expect(host.writable.isSubset(of: declared.writable))
  }

  @Test("say of every function what it does, and of every parameter what it is") func documented() throws {
    var (text, parameters) = (false, Set<String>())
    for line in try String(contentsOf: Self.file, encoding: .utf8).split(
      separator: "\n", omittingEmptySubsequences: false)
    {
      if let match = line.wholeMatch(of: /---@param (\S+?)\??\s.*/) {
        parameters.insert(String(match.1))
      } else if line.hasPrefix("---") {
        text = text || !line.hasPrefix("---@")
      } else if let match = line.wholeMatch(of: /function (\w+[:.]\w+)\((.*)\) end/) {
        #expect(text, "\(match.1)")
        let names = match.2.split(separator: ", ").map(String.init)
        #expect(Set(names) == parameters, "\(match.1)")
        (text, parameters) = (false, [])
      } else {
        (text, parameters) = (false, [])
      }
    }
  }

  @Test("name what a plugin finds in its sandbox") func sandbox() async throws {
    let log = try await PluginTrial(
      "return function(pipe, step) if step == 0 then for name in pairs(moon) do print(name) end end end"
    ).log()
    let host = try #require(PluginAPI.classes["moon"])
    #expect(Set(log) == host.methods.union(host.readable))
  }
}
