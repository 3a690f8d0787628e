import Foundation
import MoonImage
import MoonWeights
import Testing

@Suite("Contact sheets on the command line", .serialized, .timeLimit(.minutes(10))) struct SheetCommandTests {
  private let program: Program

  init() throws { program = try Program() }

  /// Runs `sheet` with the demonstration model and a red apple.
  private func sheet(
    _ arguments: [String], signals: [(number: Int32, when: (String) -> Bool)] = []
  ) async throws -> Program.Outcome {
    try await program.run(
      ["sheet", "--model", Program.model, "--prompt", "red apple on a blue background"] + arguments, signals: signals)
  }

  /// The cells of a report.
  private func cells(of outcome: Program.Outcome) throws -> [JSONObject] {
    guard case .array(let cells) = try outcome.report["cells"] else { throw Program.Missing(what: "cells") }
    return cells.compactMap { if case .object(let cell) = $0 { cell } else { nil } }
  }

  private func number(_ key: String, of cell: JSONObject) throws -> Int {
    guard case .integer(let number) = cell[key] else { throw Program.Missing(what: key) }
    return Int(number)
  }

  @Test("show in each cell what generate makes with its parameters")
  func pictures() async throws {
    let outcome = try await sheet([
      "--x", "guidance_scale=1,6", "--y", "seed=3,-1", "--steps", "2", "--scheduler", "ddim", "--captions",
      "seconds,guidance", "--json", "--quiet",
    ])
    #expect(outcome.status == 0 && outcome.errors == "", "\(outcome.errors)")
    #expect(try program.files == ["out.png"])
    let file = program.folder.appending(path: "out.png")
    let sheet = try PNG.read(file)
    let report = try outcome.report
    #expect(
      report.keys == [
        "file", "width", "height", "zoom", "x", "y", "load_seconds", "peak_memory_bytes", "interrupted", "cells",
      ])
    #expect(report["zoom"] == .integer(2) && report["interrupted"] == .bool(false))
    #expect(report["width"] == .integer(sheet.width) && report["height"] == .integer(sheet.height))
    let cells = try cells(of: outcome)
    #expect(cells.count == 4)
    for (cell, values) in zip(cells, [("1", "3"), ("6", "3"), ("1", "-1"), ("6", "-1")]) {
      let single = try await program.generate([
        "--guidance-scale", values.0, "--seed", values.1, "--steps", "2", "--scheduler", "ddim", "--quiet",
        "--output", "one.png",
      ])
      #expect(single.status == 0)
      let one = program.folder.appending(path: "one.png")
      let picture = try PNG.read(one)
      let (left, top) = (try number("left", of: cell), try number("top", of: cell))
      let differs = (0..<128 * 128).first { pixel in
        let (x, y) = (pixel % 128, pixel / 128)
        return sheet[left + x, top + y] != picture[x / 2, y / 2]
      }
      #expect(differs == nil, "guidance \(values.0), seed \(values.1)")
      #expect(try cell["parameters"] == PNGTexts(one).entries.first.map { JSONValue.string($0.value) })
      #expect(cell["warnings"] == .array([]) && cell["steps"] == .integer(2))
    }
    let texts = try PNGTexts(file).entries
    #expect(texts.map(\.keyword) == ["parameters", "moonstep"])
    #expect(texts.first?.value.contains("X type: guidance_scale, X values: \"1, 6\", Y type: seed") == true)
    #expect(texts.last?.value == outcome.output.trimmingCharacters(in: .newlines))
  }

  @Test("run plugins with the options of their cells, and tell of each cell")
  func plugins() async throws {
    try program.write(
      """
      return {
        id = "stop", version = "1", api = 1,
        options = { last = { type = "integer", default = 9, min = 0, help = "the last step" } },
        on_step_end = function(pipe, step)
          if step == pipe.options.last then
            moon.warn("enough")
            pipe.interrupt = true
          end
        end,
      }
      """, to: "stop.lua")
    let outcome = try await sheet([
      "--x", "last=0,2", "--y", "plugin=stop.lua,none", "--steps", "4", "--scheduler", "ddim", "--seed", "1", "--json",
    ])
    #expect(outcome.status == 0)
    #expect(outcome.errors.contains("cell 1/4, step 1/4, ") && outcome.errors.contains("cell 4/4, step 4/4, "))
    #expect(outcome.errors.contains("moonstep: warning: "))
    let cells = try cells(of: outcome)
    #expect(try cells.map { try number("steps", of: $0) } == [1, 3, 4, 4])
    #expect(cells.map { $0["interrupted"] } == [.bool(true), .bool(true), .bool(false), .bool(false)])
    let warned = cells.map { if case .array(let warnings) = $0["warnings"] { warnings.count } else { -1 } }
    #expect(warned == [1, 1, 0, 0])
    #expect(try outcome.report["interrupted"] == .bool(false))
  }

  @Test("are refused with generate's status, and nothing is written")
  func failures() async throws {
    try program.write("return function(pipe, step)\n  error('boo')\nend\n", to: "bad.lua")
    let cases: [([String], Int32, String)] = [
      (["--x", "guidance_scal=1,2"], 64, "--x: there is no parameter or plugin option 'guidance_scal'; did you mean "),
      (
        ["--x", "seed"], 64,
        "The value 'seed' is invalid for '--x <name=value,...>': wanted a name, an equals sign and values"
      ),
      (["--x", "width=64,62"], 64, "width=62: --width: 62 is not a multiple of 4 in 4..16384"),
      (
        ["--x", "plugin=none,sdxl_cfg_cutoff"], 64,
        "plugin=sdxl_cfg_cutoff: sdxl_cfg_cutoff: the plugin fits sdxl, not sd"
      ),
      (["--x", "seed=1", "--zoom", "0"], 64, "--zoom: 0 is outside 1..64"),
      (["--x", "seed=1", "--captions", "second"], 64, "--captions: there is no 'second'; did you mean 'seconds'?"),
      (["--x", "width=4096", "--zoom", "64"], 64, "--zoom 64: the sheet is too large: an image of "),
      (["--x", "seed=1", "--output", "none/a.png"], 64, "--output: 'none/a.png' cannot be written: "),
      (["--x", "plugin=none,bad.lua", "--steps", "1", "--quiet"], 3, "bad.lua:2: "),
      (["--x", "guidance_scale=1,3e38", "--steps", "2", "--quiet"], 1, ""),
    ]
    for (arguments, status, message) in cases {
      let outcome = try await sheet(arguments)
      #expect(outcome.status == status, "\(arguments): \(outcome.errors)")
      #expect(outcome.errors.hasPrefix("moonstep: \(message)"), "\(outcome.errors)")
      #expect(outcome.output == "")
    }
    #expect(try program.files == ["bad.lua"])
    let model = try await program.run(["sheet", "--model", "none", "--x", "prompt=a,b"])
    #expect(model.status == 65 && model.errors == "moonstep: none: no such file or folder\n")
    let prompt = try await program.run(["sheet", "--model", "none", "--x", "seed=1"])
    #expect(
      prompt.status == 64 && prompt.errors.hasPrefix("moonstep: Missing expected argument '--prompt <text> ...'\n"))
  }

  @Test("go on without a failing plugin when told to, with the warning in its cell")
  func disable() async throws {
    try program.write("return function(pipe, step)\n  error('boo')\nend\n", to: "bad.lua")
    let outcome = try await sheet([
      "--x", "plugin=none,bad.lua", "--steps", "1", "--quiet", "--json", "--on-plugin-error", "disable",
    ])
    #expect(outcome.status == 0)
    let warned = try cells(of: outcome).map { if case .array(let texts) = $0["warnings"] { texts.count } else { -1 } }
    #expect(warned == [0, 1])
  }

  @Test("end with the pictures so far at the first Ctrl-C, with nothing at the second")
  func interrupts() async throws {
    let arguments = ["--x", "seed=1,2,3", "--scheduler", "ddim", "--steps", "900", "--json"]
    let first = try await sheet(arguments, signals: [(SIGINT, { $0.contains("cell 1/3, step 2/") })])
    #expect(first.status == 0)
    #expect(try first.report["interrupted"] == .bool(true))
    #expect(try cells(of: first).count == 1)
    #expect(try PNG.read(program.folder.appending(path: "out.png")).width > 3 * 128)
    #expect(try program.files == ["out.png"])
    let second = try await sheet(
      arguments + ["--output", "b.png", "--width", "768", "--height", "768"],
      signals: [
        (SIGINT, { $0.contains("cell 1/3, step 1/") }), (SIGINT, { $0.contains("stopping with the picture so far") }),
      ])
    #expect(second.status == 130 && second.output == "")
    #expect(try program.files == ["out.png"])
  }
}
