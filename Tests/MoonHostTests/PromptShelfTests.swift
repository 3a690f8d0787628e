import Foundation
import MoonHost
import MoonPipelines
import MoonTensor
import MoonTestSupport
import MoonTraceSupport
import MoonTrialSupport
import Testing

/// The bundled plugins that change the prompt, held against plain loops of the reference.
@Suite("Shelf: prompts") struct PromptShelfTests {
  static let plugins = ["prompt_schedule", "prompt_blend", "cads"]

  @Test("each step is that of a plain loop with the trick", arguments: plugins.flatMap { ShelfTrial.traces($0) })
  func traces(trace: GuideTrace) async throws { _ = try await ShelfTrial.expectTrace(trace) }

  @Test("have runs to compare with", arguments: plugins)
  func recorded(plugin: String) { #expect(ShelfTrial.traces(plugin).count == 4) }

  /// A prompt and what each of six steps makes of it.
  struct Schedule: Decodable, Sendable, CustomTestStringConvertible {
    let prompt: String
    let texts: [String]
    var testDescription: String { prompt }

    static let all = (try? FixtureJSON.decode([Schedule].self, "traces/prompt_texts.json")) ?? []
  }

  @Test("edits and alternations give each step its text", arguments: Schedule.all)
  func schedule(schedule: Schedule) async throws {
    let options = try String(
      decoding: JSONSerialization.data(withJSONObject: ["prompt": schedule.prompt, "log": true]), as: UTF8.self)
    let run = try await ShelfTrial(
      "prompt_schedule", options: options, with: TinyModel.pipeline.get(),
      TinyModel.request(steps: schedule.texts.count))
    var wanted: [String] = []
    for (step, text) in schedule.texts.enumerated() where step == 0 || text != schedule.texts[step - 1] {
      wanted.append("step \(step): \(text)")
    }
    #expect(run.log == wanted)
  }

  @Test("there are many schedules") func count() { #expect(Schedule.all.count > 20) }

  @Test(
    "a schedule that cannot be read is refused",
    arguments: [
      ("a [b:c:3", "prompt: a [ without its ] at character 3"),
      ("a] b", "prompt: a ] without its [ at character 2"),
      ("[a:b]", "prompt: an edit that does not end in a number at character 1"),
      ("[a:b:c:3]", "prompt: an edit of more than from, to and when at character 1"),
      ("[a|b:3]", "prompt: a | and a : in the same brackets at character 5"),
      ("x [[a:b:1]:c]", "prompt: an edit that does not end in a number at character 3"),
      ("[a:b:-1]", "prompt: an edit that does not end in a number at character 1"),
      ("[a:b:1e3]", "prompt: an edit that does not end in a number at character 1"),
      ("[a:b:1.2.3]", "prompt: an edit that does not end in a number at character 1"),
    ])
  func badSchedules(prompt: String, message: String) async throws {
    #expect(try await ShelfTrial.message("prompt_schedule", #"{"prompt": "\#(prompt)"}"#) == "on_run_begin: \(message)")
  }

  @Test(
    "options that do not fit together are refused",
    arguments: [
      (
        "prompt_schedule", "log=true",
        "option 'prompt' must be given, for example \"a [red:green:0.5] apple on a [blue|yellow] background\""
      ),
      ("prompt_blend", "mode=lerp", "option 'to' must be given, for example \"a blue car\""),
      ("prompt_blend", "to=a,start=0.6,stop=0.5", "on_run_begin: start is after stop"),
      ("prompt_blend", "to=a,amount=1.5", "option 'amount' is 1.5, more than 1"),
      ("cads", "tau1=0.95", "on_run_begin: tau1 is above tau2"),
      ("cads", "psi=-1", "option 'psi' is -1, less than 0"),
    ])
  func options(plugin: String, options: String, message: String) async throws {
    #expect(try await ShelfTrial.message(plugin, options) == message)
  }

  @Test("more texts than a run encodes are refused") func manyTexts() async throws {
    let choices = (0..<70).map { "\($0)" }.joined(separator: "|")
    var request = TinyModel.request(steps: 70)
    request.guidanceScale = 1
    await #expect(throws: PluginFailure.self) {
      try await ShelfTrial("prompt_schedule", options: "prompt=[\(choices)]", with: TinyModel.pipeline.get(), request)
    }
  }

  @Test(
    "with nothing to change, no bit of the run changes",
    arguments: [
      ("prompt_schedule", "prompt=a red apple on a blue table"),
      ("prompt_schedule", "prompt=a [red::3] apple [green:on:0] a [blue|blue] table"),
      ("prompt_blend", "to=a green pear,amount=0"), ("prompt_blend", "to=a green pear,start=1,stop=1,amount=0"),
      ("cads", "tau1=1,tau2=1"),
    ])
  func neutral(plugin: String, options: String) async throws {
    try await ShelfTrial.expectNoChange(plugin, options)
    try await ShelfTrial.expectNoChange(plugin, options, scheduler: "dpm++2m")
  }

  @Test("annealing follows a prompt that another plugin changes, and ends with it whole") func together() async throws {
    let shelf = ShelfTrial.plugins.path
    var trial = try PluginTrial()
    trial.specifications = ["\(shelf)/prompt_schedule.lua:prompt=[a red apple:a green pear:0.5]", "\(shelf)/cads.lua"]
    trial.request.inferenceSteps = 10
    try trial.add(
      """
      local pear
      return {
        id = "watch", version = "1", api = 1,
        on_run_begin = function(pipe) pear = pipe:encode("a green pear") end,
        on_step_begin = function(pipe, step, t, kwargs)
          local off = (select(2, kwargs.prompt_embeds:chunk(2)) - pear.prompt_embeds):abs():max():item()
          print(t > 600, t >= 500 or off == 0, off > 0)
        end,
      }
      """, name: "watch.lua")
    let log = try await trial.log()
    #expect(log.count == 10)
    #expect(log.allSatisfy { $0.hasPrefix("true\ttrue\ttrue") || $0.hasPrefix("false\ttrue") }, "\(log)")
    #expect(log.suffix(4).allSatisfy { $0 == "false\ttrue\tfalse" }, "\(log)")
  }
}
