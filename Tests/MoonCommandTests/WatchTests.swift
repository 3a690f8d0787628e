import Foundation
import MoonImage
import Testing

@Suite("Watched plugins", .serialized, .timeLimit(.minutes(10))) struct WatchTests {
  private let program: Program

  init() throws { program = try Program() }

  /// A plugin that prints a word.
  private static func source(_ word: String) -> String {
    "return function(pipe, step) if step == 0 then print('\(word)') end end\n"
  }

  /// Runs with `--watch`; `edits` are made one after the other, each when the text of standard error has its mark so
  /// many times, then Ctrl-C is sent.
  private func watch(
    _ plugin: String, _ edits: [(mark: String, count: Int, edit: () throws -> Void)], end: (mark: String, count: Int)
  ) async throws -> Program.Outcome {
    var left = edits
    return try await program.generate(
      ["--steps", "1", "--seed", "7", "--watch", "--callback", plugin],
      signals: [
        (
          SIGINT,
          { errors in
            func has(_ mark: String, _ count: Int) -> Bool { errors.components(separatedBy: mark).count > count }
            if let next = left.first {
              if has(next.mark, next.count) {
                left.removeFirst()
                do { try next.edit() } catch { Issue.record(error) }
              }
              return false
            }
            return has(end.mark, end.count)
          }
        )
      ])
  }

  @Test("that are taken away are told of, and run when they are back")
  func gone() async throws {
    try program.write(Self.source("first"), to: "x.lua")
    let file = program.folder.appending(path: "x.lua")
    let outcome = try await watch(
      "x.lua",
      [
        ("Ctrl-C ends", 1, { try FileManager.default.removeItem(at: file) }),
        ("'x.lua' is gone; waiting until it is back", 1, { try program.write(Self.source("second"), to: "x.lua") }),
      ], end: ("second", 1))
    #expect(outcome.status == 0 && outcome.errors.contains("first"), "\(outcome.errors)")
  }

  @Test("are run again when their file changes; a broken one is told of and waited for; Ctrl-C ends")
  func file() async throws {
    try program.write(Self.source("first"), to: "x.lua")
    var pictures: [RGBImage] = []
    let picture = program.folder.appending(path: "out.png")
    let outcome = try await watch(
      "x.lua",
      [
        (
          "Ctrl-C ends", 1,
          {
            pictures.append(try PNG.read(picture))
            try program.write("return function(\n", to: "x.lua")
          }
        ),
        (
          "Ctrl-C ends", 2,
          {
            // The picture of the last run that went well is still there.
            #expect(try PNG.read(picture) == pictures[0])
            try program.write(
              "return function(pipe, step, t, kwargs) print('second') return { latents = kwargs.latents * 0.5 } end\n",
              to: "x.lua")
          }
        ),
      ], end: ("Ctrl-C ends", 3))
    #expect(outcome.status == 0, "\(outcome.errors)")
    let lines = outcome.errors.split(separator: "\n")
    #expect(lines.count { $0.contains("first") } == 1)
    #expect(lines.count { $0.contains("second") } >= 1)
    #expect(lines.contains { $0.hasPrefix("moonstep: x.lua:") })
    #expect(outcome.output.split(separator: "\n").count == 2, "a line for each picture")
    #expect(try PNG.read(picture) != pictures.first)
    #expect(try program.files == ["out.png", "x.lua"])
  }

  @Test("may be folders, of which every file counts")
  func folder() async throws {
    let folder = program.folder.appending(path: "f")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try program.write("return 'first'", to: "f/word.lua")
    try program.write(
      "local word = require('word')\nreturn { id = 'f', version = '1', api = 1, on_run_begin = function() print(word) end }",
      to: "f/init.lua")
    let outcome = try await watch(
      "./f", [("watching 2 files", 1, { try program.write("return 'second'", to: "f/word.lua") })],
      end: ("watching 2 files", 2))
    #expect(outcome.status == 0)
    #expect(outcome.errors.contains("first") && outcome.errors.contains("second"), "\(outcome.errors)")
  }

  @Test("are needed, and a model that is bad ends the watch")
  func usage() async throws {
    let none = try await program.run(["--model", "none", "--prompt", "a", "--watch"])
    #expect(none.status == 64 && none.errors == "moonstep: --watch: it needs a plugin to watch: --callback\n")
    let model = try await program.run(["--model", "none", "--prompt", "a", "--watch", "--callback", "cfg_cutoff"])
    #expect(model.status == 65)
  }
}
