import MoonCommand
import MoonHost
import MoonImage
import MoonNets
import MoonPipelines
import MoonPlugins
import MoonSchedulers
import MoonTensor
import MoonText
import MoonWeights
import Testing

@Suite("Exit codes") struct CommandFailureTests {
  static let cases: [(any Error, CommandStatus)] = [
    (PluginFailure(plugin: "x", description: "plugins/x.lua:12: boo"), .pluginFailed),
    (PluginError.badOption(plugin: "x", detail: "option 'a' is 2, more than 1"), .usage),
    (PluginError.notFound(name: "x", searched: []), .usage),
    (PluginError.badDeclaration(plugin: "x", detail: "'id' is missing"), .pluginFailed),
    (PluginError.unreadable(path: "x", detail: "too long"), .pluginFailed),
    (PipelineError.badRequest(option: "--width", detail: "7 is odd"), .usage),
    (PipelineError.badModel(path: "m", detail: "no model_index.json"), .badFile),
    (PipelineError.badShape(name: "--latents", found: [1], wanted: [[2]]), .badFile),
    (PipelineError.badShape(name: "latents", found: [1], wanted: [[2]]), .failed),
    (PipelineError.diverged(step: 3), .failed),
    (WeightsError.missingKey(file: "f", key: "k"), .badFile),
    (WeightsError.file(.unreadable(file: "f", reason: "r")), .badFile),
    (WeightsError.file(.unwritable(file: "f", reason: "r")), .failed),
    (TokenizerError.noVocabulary(folder: "f"), .badFile),
    (TokenizerError.textTooLong(found: 70_000, limit: 65_536), .usage),
    (ImageError.malformed(file: "f", reason: "r"), .badFile),
    (ImageError.unwritable(file: "f", reason: "r"), .failed),
    (SchedulerError.badStepCount(scheduler: "s", found: 2000, wanted: "1...1000"), .usage),
    (
      SchedulerError.badValue(source: "m/scheduler_config.json", key: "k", found: "1", wanted: "2"), .badFile
    ),
    (SchedulerError.badValue(source: "scheduler option", key: "k", found: "1", wanted: "2"), .usage),
    (TensorError.outOfBudget(requested: 2, limit: 1), .failed),
  ]

  @Test("tell what was wrong", arguments: cases.indices)
  func status(index: Int) {
    let (error, wanted) = Self.cases[index]
    #expect(CommandFailure(error).status == wanted)
    #expect(CommandFailure(error).message == "\(error)")
  }

  @Test("are those of the manual")
  func numbers() {
    let statuses: [CommandStatus] = [.done, .failed, .pluginFailed, .usage, .badFile, .interrupted]
    #expect(statuses.map(\.rawValue) == [0, 1, 3, 64, 65, 130])
  }

  @Test("blame no file that was read when a result cannot be written")
  func writing() {
    let failure = CommandFailure.writing(WeightsError.badKey(file: "f", key: "k", reason: "is bad"))
    #expect(failure.status == .failed)
  }
}
