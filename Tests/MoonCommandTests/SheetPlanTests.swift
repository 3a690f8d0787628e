import ArgumentParser
import Foundation
import MoonCommand
import MoonPlugins
import Testing

@Suite("Axis of a sheet") struct SheetAxisTests {
  /// An axis from the texts of `--x`.
  private func axis(_ texts: String...) throws -> SheetAxis {
    try SheetAxis(texts.map { try #require(AxisText(argument: $0)) }, option: "--x")
  }

  @Test("has the values between commas, or one value each time it is given")
  func values() throws {
    let numbers = try axis("guidance_scale=1, 3 ,5")
    #expect(numbers.name == "guidance_scale" && numbers.values == ["1", "3", "5"])
    #expect(try axis("seed=7").values == ["7"])
    #expect(try axis("prompt=red, blue", "prompt=green").values == ["red, blue", "green"])
    #expect(try axis("negative_prompt=,blurry").values == ["", "blurry"])
    #expect(
      try axis("plugin=a:b=1,c=2", "plugin=none").values == ["a:b=1,c=2", "none"])
    #expect(try axis("prompt=a=b").values == ["a=b"])
  }

  @Test("has one name, and a sign behind it")
  func names() throws {
    for text in ["seed", "=1", " = 1", ""] { #expect(AxisText(argument: text) == nil) }
    #expect(throws: CommandFailure(.usage, "--x: an axis has one name, but 'seed' and 'eta' are given")) {
      try axis("seed=1", "eta=0.5")
    }
  }
}

@Suite("Plan of a sheet") struct SheetPlanTests {
  private let registry = PluginRegistry(folders: [(Program.root.appending(path: "plugins"), "plugins")])

  /// The plan of a sheet.
  private func plan(_ x: [String], _ y: [String] = [], _ arguments: [String] = []) async throws -> SheetPlan {
    let options = try RunOptions.parse(["--model", "m", "--prompt", "a"] + arguments)
    func axis(_ texts: [String], _ option: String) throws -> SheetAxis {
      try SheetAxis(texts.map { try #require(AxisText(argument: $0)) }, option: option)
    }
    return try await SheetPlan(
      options, x: try axis(x, "--x"), y: y.isEmpty ? nil : try axis(y, "--y"), registry: registry)
  }

  /// What is said of a sheet that is refused.
  private func complaint(_ x: [String], _ y: [String] = [], _ arguments: [String] = []) async -> CommandFailure? {
    do {
      _ = try await plan(x, y, arguments)
      return nil
    } catch {
      return CommandFailure(error)
    }
  }

  @Test("has a run for each pair of values, row by row, and one seed for all")
  func cells() async throws {
    let plan = try await plan(["guidance_scale=1,7.5,-2"], ["steps=4,8"], ["--eta", "0.5"])
    #expect(plan.cells.map { [$0.column, $0.row] } == [[0, 0], [1, 0], [2, 0], [0, 1], [1, 1], [2, 1]])
    #expect(plan.cells.map(\.options.sampling.guidanceScale) == [1, 7.5, -2, 1, 7.5, -2])
    #expect(plan.cells.map(\.options.sampling.steps) == [4, 4, 4, 8, 8, 8])
    #expect(plan.cells.allSatisfy { $0.options.sampling.eta == 0.5 && $0.options.picture.prompt == ["a"] })
    let seeds = Set(plan.cells.map { $0.options.picture.seed?.seeds })
    #expect(seeds.count == 1 && !seeds.contains(nil))
    #expect(plan.changed == ["guidance_scale", "num_inference_steps"])
    #expect(plan.text(of: plan.cells[4]) == "guidance_scale=7.5, steps=8")
  }

  @Test("sets every parameter that has a name")
  func parameters() async throws {
    let base = try RunOptions.parse(["--model", "m", "--prompt", "a"])
    let texts = [
      "a whole number": "3", "a number": "0.25", "true or false": "true", "a text": "euler", "cpu or cuda": "cuda",
    ]
    for parameter in RunParameter.all {
      var options = base
      let text = texts[parameter.kind] ?? "3"
      #expect(parameter.set(text, in: &options), "\(parameter.name)")
      #expect("\(options)" != "\(base)", "\(parameter.name)")
      #expect(RunParameter.named(parameter.name)?.name == parameter.name)
      if parameter.kind != "a text" { #expect(!parameter.set("x", in: &options), "\(parameter.name)") }
    }
    #expect(Set(RunParameter.names).count == RunParameter.names.count)
    #expect(RunParameter.named("controlnet_conditioning_scale")?.name == "controlnet_scale")
  }

  @Test("gives plugins and their options to the cells that have them")
  func plugins() async throws {
    let shared = ["--callback", "guidance_schedule:shape=cosine,last=2"]
    let options = try await plan(["last=1,2.5"], ["seed=1"], shared)
    #expect(
      options.cells.map(\.options.plugins.plugins) == [
        [#"guidance_schedule:{"last":1,"shape":"cosine"}"#], [#"guidance_schedule:{"last":2.5,"shape":"cosine"}"#],
      ])
    let lists = try await plan(["guidance_schedule.values=1,2", "guidance_schedule.values=3"], [], shared)
    #expect(lists.cells.first?.options.plugins.plugins.first?.contains(#""values":[1,2]"#) == true)
    let choices = try await plan(
      ["cutoff_step_ratio=0.2,0.6"], ["plugin=cfg_cutoff,sd_cfg_cutoff,none"], ["--callback", "detail_boost"])
    #expect(
      choices.cells.map(\.options.plugins.plugins) == [
        ["detail_boost", #"cfg_cutoff:{"cutoff_step_ratio":0.2}"#],
        ["detail_boost", #"cfg_cutoff:{"cutoff_step_ratio":0.6}"#],
        ["detail_boost", #"sd_cfg_cutoff:{"cutoff_step_ratio":0.2}"#],
        ["detail_boost", #"sd_cfg_cutoff:{"cutoff_step_ratio":0.6}"#],
        ["detail_boost"], ["detail_boost"],
      ])
    #expect(choices.plugins == ["detail_boost"])
  }

  @Test("refuses names with a suggestion")
  func names() async {
    let cases: [([String], [String], String)] = [
      (["guidance_scal=1"], [], "'guidance_scal'; did you mean 'guidance_scale'?"),
      (["lst=1"], ["--callback", "guidance_schedule"], "'lst'; did you mean 'last'?"),
      (
        ["guidance_schedule.lst=1"], ["--callback", "guidance_schedule"],
        "'guidance_schedule.lst'; did you mean 'guidance_schedule.last'?"
      ),
      (["other.last=1"], [], "'other.last'; there are none"),
    ]
    for (x, arguments, text) in cases {
      let wanted = CommandFailure(.usage, "--x: there is no parameter or plugin option \(text)")
      #expect(await complaint(x, [], arguments) == wanted)
    }
    let listed = await complaint(["anything=1"])
    #expect(
      listed?.message.hasPrefix("--x: there is no parameter or plugin option 'anything'; there are prompt, ") == true)
    #expect(await complaint(["plugin=cfg_cutof,none"])?.message.hasSuffix("did you mean 'cfg_cutoff'?") == true)
  }

  @Test("refuses values in one sentence that names the axis, the option and the range")
  func values() async {
    let cases: [([String], [String], [String], String)] = [
      (["seed=1,x"], [], [], "--x seed: 'x' is not a whole number of 64 bits"),
      (
        ["seed=1,2", "seed=3"], [], [],
        "--x seed: '1,2' is not a whole number of 64 bits; where --x is repeated, each gives one value"
      ),
      (["width=64"], ["height=1.5"], [], "--y height: '1.5' is not a whole number"),
      (["steps=4,0"], [], [], "--x steps=0: --steps: 0 is outside 1..1000000"),
      (["seed=1"], ["guidance_rescale=0,2"], [], "--y guidance_rescale=2: --guidance-rescale: 2.0 is outside 0..1"),
      (["strength=0.5"], [], [], "--x strength=0.5: --strength: it needs a picture to start from: --image"),
      (["seed=1"], ["seed=2"], [], "--y: 'seed' is what --x changes"),
      (["steps=1"], ["num_inference_steps=2"], [], "--y: 'num_inference_steps' is what --x changes"),
      (
        ["last=1,200"], [], ["--callback", "guidance_schedule"],
        "--x last=200: plugins/guidance_schedule.lua: option 'last' is 200, more than 100"
      ),
      (
        ["cutoff_step_ratio=0.5"], [], ["--callback", "cfg_cutoff", "--callback", "sd_cfg_cutoff"],
        "--x: several plugins have the option 'cutoff_step_ratio'; name one of them: cfg_cutoff.cutoff_step_ratio or "
          + "sd_cfg_cutoff.cutoff_step_ratio"
      ),
      (
        ["seed=1"], [], ["--num-images", "2"],
        "--num-images: a sheet has one picture a cell; seeds go on an axis: --x seed=1,2"
      ),
      (
        ["seed=1"], [], ["--prompt", "b"],
        "--prompt: a sheet has one; several go on an axis: --x prompt=A --x prompt=B"
      ),
    ]
    for (x, y, arguments, message) in cases {
      #expect(await complaint(x, y, arguments) == CommandFailure(.usage, message))
    }
    let many = (1...21).map(String.init).joined(separator: ",")
    #expect(
      await complaint(["seed=\(many)"], ["steps=\(many)"])
        == CommandFailure(.usage, "--x: 21 columns and 21 rows make 441 cells; a sheet has at most 400"))
    #expect(
      await complaint(["scheduler=ddim,eulr"])?.message.hasPrefix(
        "--x scheduler=eulr: --scheduler: there is no scheduler 'eulr'") == true)
    #expect(
      await complaint(["scheduler=ddim,euler"], [], ["--scheduler-option", "skip_prk_steps=true"])?.message.hasPrefix(
        "--x scheduler=ddim: --scheduler-option: DDIMScheduler has no field 'skip_prk_steps'") == true)
  }
}
