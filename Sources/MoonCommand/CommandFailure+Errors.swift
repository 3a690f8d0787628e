internal import Foundation
internal import MoonCommunity
internal import MoonHost
internal import MoonImage
internal import MoonNets
internal import MoonPipelines
internal import MoonPlugins
internal import MoonSchedulers
internal import MoonTensor
internal import MoonText
internal import MoonWeights

extension CommandFailure {
  /// What the process says of `error` and ends with.
  package init(_ error: any Error) {
    switch error {
    case let failure as CommandFailure: self = failure
    case let failure as PluginFailure: self.init(.pluginFailed, failure.description, excerpt: failure.excerpt)
    case let error as PluginError: self.init(error.isUsage ? .usage : .pluginFailed, error.description)
    case let error as PipelineError: self.init(Self.status(of: error), error.description)
    case let error as SchedulerError: self.init(Self.status(of: error), error.description)
    case WeightsError.file(let error): self.init(Self.status(of: error), error.description)
    case let error as WeightsError: self.init(.badFile, error.description)
    case let error as FileError: self.init(Self.status(of: error), error.description)
    case TokenizerError.textTooLong, TokenizerError.invalidUTF8: self.init(.usage, "\(error)")
    case let error as ImageError: self.init(Self.status(of: error), error.description)
    case let error as CommunityError: self.init(.badFile, error.description)
    case is TokenizerError, is NetworkError: self.init(.badFile, "\(error)")
    case let error as any LocalizedError: self.init(.failed, error.localizedDescription)
    default: self.init(.failed, "\(error)")
    }
  }

  /// The same failure, seen while a result was written: no file that was read is to blame.
  package static func writing(_ error: any Error) -> CommandFailure { .init(.failed, CommandFailure(error).message) }

  private static func status(of error: FileError) -> CommandStatus {
    switch error {
    case .unreadable: .badFile
    case .unwritable: .failed
    }
  }

  private static func status(of error: ImageError) -> CommandStatus {
    switch error {
    case .unreadable, .malformed, .badSize: .badFile
    default: .failed
    }
  }

  private static func status(of error: PipelineError) -> CommandStatus {
    switch error {
    case .badRequest: .usage
    case .badModel: .badFile
    case .badShape(let name, _, _), .notFinite(let name, _): name == "--latents" ? .badFile : .failed
    case .unknownTensor, .notFiniteNumber, .untimely, .diverged: .failed
    }
  }

  /// A name or field from the command line is bad usage, one from the model's configuration a bad file.
  private static func status(of error: SchedulerError) -> CommandStatus {
    switch error {
    case .unknownField(let source, _, _, _, _), .badValue(let source, _, _, _), .badNoiseSchedule(let source, _, _):
      source.hasSuffix(".json") ? .badFile : .usage
    case .badStepCount, .conflictingFields, .notSupported, .badStepList, .unknownScheduler: .usage
    case .stepNotScheduled, .tensor: .failed
    }
  }
}
