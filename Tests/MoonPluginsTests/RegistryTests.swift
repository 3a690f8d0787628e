import Foundation
import MoonPlugins
import MoonTestSupport
import Testing

@Suite("Plugin registry") struct RegistryTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func registry(_ names: [String] = ["first", "second"]) -> PluginRegistry {
    PluginRegistry(folders: names.map { (folder.url.appending(path: $0, directoryHint: .isDirectory), $0) })
  }

  @Test("takes the first folder that has the plugin, and a file before a folder") func order() throws {
    try folder.write("-- a", to: "second/ramp.lua")
    #expect(try registry().find("ramp").path == "second/ramp.lua")
    try folder.write("-- b", to: "first/ramp/init.lua")
    let package = try registry().find("ramp")
    #expect(package.path == "first/ramp/init.lua")
    #expect(package.chunkName == "ramp/init.lua")
    #expect(package.stem == "ramp")
    #expect(package.folder != nil)
    try folder.write("-- c", to: "first/ramp.lua")
    let file = try registry().find("ramp")
    #expect(file.path == "first/ramp.lua")
    #expect(file.chunkName == "ramp.lua")
    #expect(file.source == Array("-- c".utf8))
    #expect(file.folder == nil)
  }

  @Test("takes the path of an init.lua for its folder") func initPath() throws {
    try folder.write("-- b", to: "pack/init.lua")
    let package = try registry().find(folder.url.path + "/pack/init.lua")
    #expect(package.chunkName == "pack/init.lua" && package.folder != nil)
    #expect(package.path == folder.url.path + "/pack/init.lua")
  }

  @Test("lists each plugin once, sorted within a folder") func installed() throws {
    for path in ["first/b.lua", "first/a/init.lua", "second/b.lua", "second/c.lua", "first/.hidden.lua"] {
      try folder.write("", to: path)
    }
    try folder.write("", to: "first/no_plugin/other.lua")
    try folder.write("", to: "first/notes.txt")
    let list = registry().installed()
    #expect(list.map(\.id) == ["a", "b", "c"])
    #expect(list.map(\.shown) == ["first/a", "first/b.lua", "second/c.lua"])
  }

  @Test("looks in the working folder, the environment's folders, the user's and beside the program, in this order")
  func places() throws {
    let program = try folder.write("", to: "tree/.build/debug/moonstep")
    try folder.write("", to: "tree/plugins/meta/moonstep.lua")
    let registry = PluginRegistry(
      environment: ["MOONSTEP_PLUGIN_PATH": "/one:/two", "XDG_DATA_HOME": "/data", "HOME": "/home/me"],
      executable: program)
    let bundled = folder.url.resolvingSymlinksInPath().appending(path: "tree/plugins").path
    #expect(registry.folders.map(\.shown) == ["plugins", "/one", "/two", "/data/moonstep/plugins", bundled])
    let bare = PluginRegistry(environment: ["HOME": "/home/me", "XDG_DATA_HOME": ""], executable: nil)
    #expect(bare.folders.map(\.shown) == ["plugins", "/home/me/.local/share/moonstep/plugins"])
    let installed = try folder.write("", to: "usr/bin/moonstep")
    try folder.write("", to: "usr/share/moonstep/plugins/a.lua")
    let last = PluginRegistry(environment: [:], executable: installed).folders.last?.shown
    #expect(last == folder.url.resolvingSymlinksInPath().appending(path: "usr/share/moonstep/plugins").path)
  }

  @Test(
    "knows the reference's class names",
    arguments: [
      ("SDCFGCutoffCallback", "sd_cfg_cutoff"), ("SDXLCFGCutoffCallback", "sdxl_cfg_cutoff"),
      ("SDXLControlnetCFGCutoffCallback", "sdxl_controlnet_cfg_cutoff"),
      ("IPAdapterScaleCutoffCallback", "ip_adapter_scale_cutoff"),
    ])
  func aliases(name: String, id: String) throws {
    try folder.write("", to: "first/\(id).lua")
    #expect(try registry().find(name).stem == id)
  }

  @Test("says where it looked and what was perhaps meant") func notFound() throws {
    try folder.write("", to: "first/cfg_cutoff.lua")
    func message(_ name: String) -> String? { folder.message { try registry().find(name) } }
    #expect(message("cfg_cutof") == "there is no plugin 'cfg_cutof' in first, second; did you mean 'cfg_cutoff'?")
    #expect(message("ramp") == "there is no plugin 'ramp' in first, second")
    #expect(
      message("SDCFGCutofCallback")
        == "there is no plugin 'SDCFGCutofCallback' in first, second; did you mean 'SDCFGCutoffCallback'?")
    #expect(message("a\u{1b}[2J") == "there is no plugin 'a\\u{1b}[2J' in first, second")
    #expect(message("..") == "there is no plugin '..' in first, second")
    #expect(message("") == "there is no plugin '' in first, second")
    #expect(message(folder.url.path + "/ramp.lua") == "there is no plugin file 'ramp.lua'")
    #expect(throws: PluginError.self) { try registry().find("x\0y") }
  }

  @Test("reads regular files of up to 64 KiB") func reading() throws {
    let path = folder.url.path + "/"
    try folder.write([UInt8](repeating: 32, count: 65_536), to: "full.lua")
    try folder.write([UInt8](repeating: 32, count: 65_537), to: "long.lua")
    _ = unsafe mkfifo(path + "pipe.lua", 0o600)
    try FileManager.default.createSymbolicLink(atPath: path + "link.lua", withDestinationPath: path + "full.lua")
    func message(_ name: String) -> String? { folder.message { try registry().find(path + name) } }
    #expect(message("full.lua") == nil)
    #expect(message("link.lua") == nil)
    #expect(message("long.lua") == "long.lua: the file is longer than 65536 bytes")
    #expect(message("pipe.lua") == "pipe.lua: it is not a regular file")
    try FileManager.default.createDirectory(atPath: path + "empty.lua", withIntermediateDirectories: false)
    #expect(message("empty.lua") == "there is no plugin file 'empty.lua/init.lua'")
    try FileManager.default.createSymbolicLink(
      atPath: path + "empty.lua/init.lua", withDestinationPath: path + "full.lua")
    #expect(
      message("empty.lua") == "empty.lua/init.lua: it is a link; a plugin's folder holds its files itself")
  }

  @Test(
    "checks the version line before anything runs",
    arguments: [
      ("--@moonstep 1\nreturn 1", nil), ("return 1", nil), ("", nil), ("--@moonstep 1\r\nreturn 1", nil),
      ("\u{FEFF}--@moonstep 1", nil), ("#!/usr/bin/lua\n--@moonstep 1", nil), ("-- @moonstep 999", nil),
      ("--@moonstep 2", "x.lua: the plugin needs API 2, this moonstep has API 1"),
      ("#!/usr/bin/lua\n--@moonstep 999\n", "x.lua: the plugin needs API 999, this moonstep has API 1"),
      ("\u{FEFF}--@moonstep 999", "x.lua: the plugin needs API 999, this moonstep has API 1"),
      (
        "--@moonstep one",
        "x.lua: the first line must be '--@moonstep' and the API's number, found '--@moonstep one'"
      ),
      (
        "--@moonstep 0", "x.lua: the first line must be '--@moonstep' and the API's number, found '--@moonstep 0'"
      ),
      (
        "--@moonstep\u{1b}[2J\r\n",
        "x.lua: the first line must be '--@moonstep' and the API's number, found '--@moonstep\\u{1b}[2J'"
      ),
    ] as [(String, String?)])
  func versionLine(source: String, wanted: String?) throws {
    let url = try folder.write(source, to: "x.lua")
    let package = try PluginPackage(at: url, shownAs: "x.lua")
    #expect(folder.message { try package.checkVersionLine() } == wanted)
  }
}

@Suite("Plugin specification") struct SpecificationTests {
  @Test(
    "is a name or path, then options behind a colon",
    arguments: [
      ("ramp", "ramp", ""), ("ramp:", "ramp", ""), ("ramp:a=1,b=2", "ramp", "a=1,b=2"),
      ("ramp:label=a:b", "ramp", "label=a:b"), (#"ramp:{"a": "b:c/d.lua"}"#, "ramp", #"{"a": "b:c/d.lua"}"#),
      ("ramp:file=x.lua", "ramp", "file=x.lua"), ("dir/ramp.lua:a=1", "dir/ramp.lua", "a=1"),
      ("no:such/ramp.lua:a=1", "no:such/ramp.lua", "a=1"), ("./ramp", "./ramp", ""), ("", "", ""), (":a=1", "", "a=1"),
    ])
  func parts(text: String, name: String, options: String) {
    let specification = PluginSpecification(text)
    #expect(specification.name == name)
    #expect(specification.options == options)
  }

  @Test("takes a path that exists, colons and all") func paths() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("", to: "a:b/c=d.lua").path
    #expect(PluginSpecification(file).name == file)
    #expect(PluginSpecification(file + ":x=1:2").name == file)
    #expect(PluginSpecification(file + ":x=1:2").options == "x=1:2")
    try folder.write("", to: "p:q/init.lua")
    let package = folder.url.path + "/p:q"
    #expect(PluginSpecification(package + ":x=1").name == package)
    #expect(PluginSpecification(package).name == package)
  }
}

@Suite("Plugin text") struct PluginTextTests {
  @Test(
    "is shown without what could act on a terminal",
    arguments: [
      ("plain text, äöü 漢字 👩‍👩‍👧", "plain text, äöü 漢字 👩\\u{200d}👩\\u{200d}👧"), ("a\nb\tc", "a\\nb\\tc"),
      ("\u{1b}[2J\u{7}", "\\u{1b}[2J\\u{7}"),
      ("\u{202e}evil\u{2066}", "\\u{202e}evil\\u{2066}"), ("\u{9b}31m\u{7f}", "\\u{9b}31m\\u{7f}"),
      ("a\0b", "a\\u{0}b"),
    ])
  func escaped(text: String, shown: String) {
    #expect(PluginText.escaped(text) == shown)
  }

  @Test("is cut when it is long") func cut() {
    let text = PluginText.escaped(String(repeating: "x", count: 1 << 20))
    #expect(text.utf8.count < PluginText.maximumBytes + 10)
    #expect(text.hasSuffix("..."))
  }

  @Test(
    "finds the name that was meant, and none where none is near",
    arguments: [
      ("guidance_scal", "guidance_scale"), ("gidance_scale", "guidance_scale"), ("lantents", "latents"),
      ("interupt", "interrupt"), ("zzz", nil), ("", nil), ("x", nil),
    ] as [(String, String?)])
  func nearest(word: String, wanted: String?) {
    #expect(PluginText.nearest(to: word, in: ["guidance_scale", "latents", "interrupt", "width"]) == wanted)
  }
}
