import Foundation
import MoonCommand
import MoonWeights
import Testing

@Suite("Tools for authors of plugins", .timeLimit(.minutes(10))) struct AuthorToolTests {
  private let program: Program

  init() throws { program = try Program() }

  @Test(
    "write a plugin that passes check and test, as a file and as a folder, and replace nothing",
    arguments: [[], ["--folder"]])
  func new(options: [String]) async throws {
    let outcome = try await program.run(["plugin", "new", "my_ramp2"] + options)
    #expect(outcome.status == 0 && outcome.errors == "")
    let name = options.isEmpty ? "my_ramp2.lua" : "my_ramp2"
    #expect(try program.files == [name])
    #expect(outcome.output.contains("moonstep plugin test \(options.isEmpty ? "" : "./")\(name)"))
    let path = options.isEmpty ? name : "./my_ramp2"
    let check = try await program.run(["plugin", "check", path])
    #expect(check.status == 0, "\(check.output)")
    #expect(!check.output.contains("warning") && !check.output.contains("failed"), "\(check.output)")
    let test = try await program.run(["plugin", "test", path])
    #expect(test.status == 0 && test.output.hasSuffix("3 tests of 1 plugin, all passed\n"), "\(test.output)")
    let again = try await program.run(["plugin", "new", "my_ramp2"] + options)
    #expect(again.status == 64)
    #expect(
      again.errors == "moonstep: '\(options.isEmpty ? name : "./my_ramp2")' is there already, and is not replaced\n")
  }

  @Test("take only ids as names, and write where they are told")
  func names() async throws {
    for name in ["Ramp", "1a", "a-b", "a/b", "../a", "", "ä", String(repeating: "a", count: 65)] {
      let outcome = try await program.run(["plugin", "new", name])
      #expect(outcome.status == 64 && outcome.errors.contains("is no name for a plugin"), "\(name): \(outcome.errors)")
    }
    #expect(try await program.run(["plugin", "new", "a", "--output", "x/y"]).status == 0)
    #expect(try program.files == ["x"])
    try program.write("", to: "file")
    let blocked = try await program.run(["plugin", "new", "a", "--output", "file/z"])
    #expect(blocked.status == 64)
    #expect(blocked.errors == "moonstep: the folder 'file/z' cannot be made: Not a directory\n", "\(blocked.errors)")
    let onFile = try await program.run(["plugin", "new", "a", "--output", "file"])
    #expect(onFile.status == 64 && onFile.errors == "moonstep: 'file' is not a folder\n")
  }

  @Test("write the annotations and settings of the source tree")
  func stubs() async throws {
    let outcome = try await program.run(["plugin", "stubs", "own"])
    #expect(outcome.status == 0)
    #expect(outcome.output == "own/meta/moonstep.lua\nown/.luarc.json\nown/.luacheckrc\n")
    func text(_ url: URL) throws -> String { try String(contentsOf: url, encoding: .utf8) }
    let own = program.folder.appending(path: "own")
    #expect(
      try text(own.appending(path: "meta/moonstep.lua"))
        == text(Program.root.appending(path: "plugins/meta/moonstep.lua")))
    let settings = try text(Program.root.appending(path: ".luacheckrc"))
    let written = try text(own.appending(path: ".luacheckrc"))
    #expect(written == settings.replacing("\"plugins/meta\"", with: "\"meta\"") && written != settings)
    guard case .object(let object) = try JSONReader.parse(Array(text(own.appending(path: ".luarc.json")).utf8)) else {
      throw Program.Missing(what: "an object in .luarc.json")
    }
    #expect(object["workspace.library"] == .array([.string("meta")]))
    #expect(object["runtime.version"] == .string("Lua 5.4"))
    #expect(try await program.run(["plugin", "stubs", "own"]).status == 0)
    try program.write("", to: "file")
    #expect(try await program.run(["plugin", "stubs", "file"]).status == 64)
  }

  @Test("check ids, files and folders, with a line for each kind, and end with 0 or 3")
  func check() async throws {
    let fine = try await program.run(["plugin", "check", "sd_cfg_cutoff", Program.root.path + "/plugins"])
    #expect(fine.status == 0, "\(fine.output)")
    #expect(fine.output.hasPrefix("sd_cfg_cutoff, sd_cfg_cutoff\n  sd text-to-image"))
    #expect(!fine.output.contains("meta/moonstep.lua"))
    try program.write("return function(pipe, step)\n  if step == 2 then boo() end\nend\n", to: "bad.lua")
    let bad = try await program.run(["plugin", "check", "bad.lua"])
    #expect(bad.status == 3 && bad.errors == "")
    #expect(
      bad.output.contains(
        "\n    bad.lua:2: on_step_end, step 2/5: attempt to call a nil value (global 'boo')"), "\(bad.output)")
    #expect(bad.output.contains("\n      2 |   if step == 2 then boo() end\n        |                     ^\n"))
    #expect(bad.output.contains("failed, as above"))
    let json = try await program.run(["plugin", "check", "bad.lua", "--json"])
    #expect(json.status == 3)
    #expect(try json.report["ok"] == .bool(false))
    for (arguments, status) in [(["none.lua"], Int32(64)), (["none"], 64), ([], 64)] {
      let outcome = try await program.run(["plugin", "check"] + arguments)
      #expect(outcome.status == status && outcome.output == "", "\(arguments)")
      #expect(outcome.errors.hasPrefix("moonstep: "))
    }
    try FileManager.default.createDirectory(
      at: program.folder.appending(path: "empty"), withIntermediateDirectories: true)
    let empty = try await program.run(["plugin", "check", "empty"])
    #expect(empty.status == 64 && empty.errors == "moonstep: there is no plugin in the folder 'empty'\n")
  }

  @Test("run tests, tell the line of one that fails, and end with 0 or 3")
  func test() async throws {
    try program.write(
      """
      return {
        id = "x", version = "1", api = 1, on_step_end = function() end,
        tests = {
          ["a name"] = function(t) t:expect_equal(t:run{}.completed, 11) end,
          fails = function(t)
            print("about to")
            t:expect(1 > 2, "arithmetic")
          end,
        },
      }
      """, to: "x.lua")
    let outcome = try await program.run(["plugin", "test", "x.lua"])
    #expect(outcome.status == 3 && outcome.errors == "")
    #expect(
      outcome.output == """
        x.lua
          ok      a name
          failed  fails
            x.lua:7: arithmetic
              7 |       t:expect(1 > 2, "arithmetic")
                |       ^
          log: about to
        2 tests of 1 plugin, 1 failed

        """)
    let json = try await program.run(["plugin", "test", "x.lua", "--json"])
    #expect(json.status == 3)
    #expect(try json.report["ok"] == .bool(false))
    #expect(try await program.run(["plugin", "test", "none.lua"]).status == 64)
    try program.write("return function() end", to: "y.lua")
    let none = try await program.run(["plugin", "test", "y.lua"])
    #expect(none.status == 0 && none.output == "y.lua: no tests\n0 tests of 1 plugin, all passed\n")
  }

  @Test("tell what each step of a run costs, as a table and as JSON")
  func dryRun() async throws {
    let arguments = ["plugin", "dry-run", "cfg_cutoff:cutoff_step_ratio=0.4", "--steps", "5", "--scheduler", "ddim"]
    let outcome = try await program.run(arguments)
    #expect(outcome.status == 0 && outcome.errors == "")
    #expect(
      outcome.output == """
        step  timestep   sigma  guidance  rows  without
           0       801  5.1344       7.5     2        2
           1       601  2.2929       7.5     2        2
           2       401  1.1682       7.5     2        2
           3       201  0.5741         1     1        2
           4         1  0.0413         1     1        2
        8 rows, 10 without: 20 % of the model's work saved

        """)
    let json = try await program.run(arguments + ["--json", "--num-images", "2", "--pipeline", "sdxl"])
    #expect(json.status == 0)
    let report = try json.report
    #expect(report["rows"] == .integer(16) && report["plain_rows"] == .integer(20))
    #expect(report["pipeline"] == .string("sdxl") && report["saved"] == .number(0.2))
    for extra in [
      ["--steps", "0"], ["--pipeline", "x"], ["--scheduler", "x"], ["--task", "x"], ["--guidance-scale", "nan"],
    ] {
      let bad = try await program.run(["plugin", "dry-run", "cfg_cutoff"] + extra)
      #expect(bad.status == 64 && bad.errors.hasPrefix("moonstep: "), "\(extra): \(bad.errors)")
    }
    #expect(try await program.run(["plugin", "dry-run", "none"]).status == 64)
    #expect(try await program.run(["plugin", "dry-run", "sd_cfg_cutoff", "--pipeline", "sdxl"]).status == 64)
    try program.write("return function() print('seen') error('boo') end", to: "bad.lua")
    let bad = try await program.run(["plugin", "dry-run", "bad.lua"])
    #expect(bad.status == 3 && bad.errors.contains("bad.lua:1: on_step_end, step 0/26: boo"))
    #expect(bad.errors.hasPrefix("seen\n"))
    try program.write("return function() end", to: "pack/init.lua")
    #expect(try await program.run(["plugin", "dry-run", "pack"]).status == 0)
    #expect(try await program.run(["plugin", "info", "pack"]).status == 0)
  }
}
