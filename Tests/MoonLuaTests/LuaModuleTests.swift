import Foundation
import MoonLua
import Testing

@Suite("Lua modules") struct LuaModuleTests {
  /// A folder plugin on disk, gone after the test.
  private final class Folder {
    let url: URL

    init(_ files: [String: String]) throws {
      url = FileManager.default.temporaryDirectory.appending(path: "moonlua-\(UUID().uuidString)")
      for (name, text) in files {
        let file = url.appending(path: name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
      }
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    var source: LuaFolder { LuaFolder(path: url.path(percentEncoded: false)) }
  }

  private func sandbox(_ modules: any LuaModuleSource) throws -> LuaSandbox {
    try LuaSandbox(name: "ramp/init.lua", randomSeed: 1, modules: modules) { _ in }
  }

  @Test("are loaded once from the plugin's folder, with names that errors show")
  func loading() throws {
    let folder = try Folder([
      "util.lua": "loads = (loads or 0) + 1 return { name = ... }",
      "deep/er/part.lua": "#!shell\nlocal function f() error('here') end\nreturn f",
      "nothing.lua": "local x = 1",
    ])
    let value = try sandbox(folder.source).load(
      source: """
        local util = require "util"
        assert(require "util" == util and loads == 1)
        assert(require "nothing" == true)
        return { util.name, select(2, pcall(require "deep.er.part")) }
        """)
    #expect(value == .list(["util", "ramp/deep/er/part.lua:2: here"]))
  }

  @Test(
    "are refused outside the folder",
    arguments: [
      "..", "../secret", "a/../../secret", "/etc/passwd", ".secret", "secret.", "a..b", "", ".", "a\\0b", "a b", "é",
    ])
  func names(_ name: String) throws {
    let folder = try Folder(["util.lua": "return 1"])
    let value = try sandbox(folder.source).load(source: "return select(2, pcall(require, \"\(name)\"))")
    #expect(value == "a module name is letters, digits, '_' and single dots")
  }

  @Test("are never read through a link or from something that is no regular file")
  func links() throws {
    let outside = try Folder(["secret.lua": "return 'secret'"])
    let folder = try Folder(["real/part.lua": "return 1", "long.lua": String(repeating: " ", count: 65537)])
    let manager = FileManager.default
    try manager.createSymbolicLink(
      at: folder.url.appending(path: "link.lua"), withDestinationURL: outside.url.appending(path: "secret.lua"))
    try manager.createSymbolicLink(at: folder.url.appending(path: "linked"), withDestinationURL: outside.url)
    try manager.createDirectory(at: folder.url.appending(path: "folder.lua"), withIntermediateDirectories: true)
    let value = try sandbox(folder.source).load(
      source: """
        local texts = {}
        for i, name in ipairs { "link", "linked.secret", "folder", "long", "real", "missing" } do
          texts[i] = select(2, pcall(require, name))
        end
        return texts
        """)
    #expect(
      value
        == .list([
          "module 'link': link.lua is not a regular file",
          "module 'linked.secret': linked/secret.lua is not a regular file",
          "module 'folder': folder.lua is not a regular file", "module 'long': long.lua has more than 65536 bytes",
          "module 'real' not found", "module 'missing' not found",
        ]))
  }

  @Test("may not require themselves, and a broken one fails each time")
  func cycles() throws {
    let folder = try Folder(["a.lua": "return require 'b'", "b.lua": "return require 'a'", "bad.lua": "return +"])
    let value = try sandbox(folder.source).load(
      source: "return { select(2, pcall(require, 'a')), select(2, pcall(require, 'bad')), pcall(require, 'bad') }")
    #expect(
      value
        == .list([
          "ramp/b.lua:1: module 'a' requires itself, or failed before",
          "ramp/bad.lua:1: unexpected symbol near '+'", .boolean(false),
          "module 'bad' requires itself, or failed before",
        ]))
  }

  @Test("are at most 64")
  func manyModules() throws {
    struct Endless: LuaModuleSource {
      func source(ofModule name: String) throws(HostError) -> [UInt8]? { Array("return 1".utf8) }
    }
    let value = try sandbox(Endless()).load(
      source: "for i = 1, 64 do require('m' .. i) end return select(2, pcall(require, 'more'))")
    #expect(value == "more than 64 modules")
  }

  @Test("show an error in their source at its own line")
  func syntaxError() throws {
    let folder = try Folder(["bad.lua": "local x = 1\nreturn +"])
    let error = #expect(throws: LuaError.self) { try sandbox(folder.source).load(source: "require 'bad'") }
    #expect(error?.message == "ramp/bad.lua:2: unexpected symbol near '+'")
    #expect(error?.line == 2)
  }
}
