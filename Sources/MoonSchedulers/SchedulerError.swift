public import MoonTensor

/// What is wrong with a scheduler's configuration, or with how it is called.
public enum SchedulerError: Error, Equatable, Sendable, CustomStringConvertible {
  /// No scheduler bears this name; the names on offer, and the nearest of them.
  case unknownScheduler(name: String, names: [String], nearest: String?)
  /// The configuration in `source` has a field that the scheduler does not know; its fields, and the nearest of them.
  case unknownField(source: String, key: String, scheduler: String, fields: [String], nearest: String?)
  /// A field of the configuration in `source` has a value of the wrong type or outside its range.
  case badValue(source: String, key: String, found: String, wanted: String)
  /// Of these fields only one may be true.
  case conflictingFields(scheduler: String, keys: [String])
  /// The scheduler cannot do what a field asks for together with another.
  case notSupported(scheduler: String, setting: String, reason: String)
  /// The noise schedule that the betas of the configuration in `source` give is not one: a cumulative alpha lies outside
  /// 0...1.
  case badNoiseSchedule(source: String, timestep: Int, alpha: Float)
  /// The number of steps is outside what the scheduler can make with its configuration.
  case badStepCount(scheduler: String, found: Int, wanted: String)
  /// A list of timesteps or sigmas that cannot be followed.
  case badStepList(scheduler: String, reason: String)
  /// A step that is not one of the run.
  case stepNotScheduled(step: Int, count: Int)
  /// A tensor operation failed.
  case tensor(TensorError)

  /// One sentence with the file, field, scheduler or step in it.
  public var description: String {
    switch self {
    case .unknownScheduler(let name, let names, let nearest):
      "there is no scheduler '\(name)'\(Self.hint(nearest)); there are \(names.joined(separator: ", "))"
    case .unknownField(let source, let key, let scheduler, let fields, let nearest):
      """
      \(source): \(scheduler) has no field '\(key)'\(Self.hint(nearest)); it has \
      \(fields.sorted().joined(separator: ", "))
      """
    case .badValue(let source, let key, let found, let wanted):
      "\(source): \(key) is \(found), wanted \(wanted)"
    case .conflictingFields(let scheduler, let keys):
      "\(scheduler): only one of \(keys.joined(separator: ", ")) can be true"
    case .notSupported(let scheduler, let setting, let reason):
      "\(scheduler): \(setting) is not supported: \(reason)"
    case .badNoiseSchedule(let source, let timestep, let alpha):
      "\(source): the betas give a cumulative alpha of \(alpha) at timestep \(timestep), wanted one between 0 and 1"
    case .badStepCount(let scheduler, let found, let wanted):
      "\(scheduler): the number of steps is \(found), wanted \(wanted)"
    case .badStepList(let scheduler, let reason):
      "\(scheduler): \(reason)"
    case .stepNotScheduled(let step, let count):
      "step \(step) is not scheduled: the run has \(count) steps, counted from 0"
    case .tensor(let error):
      error.description
    }
  }

  private static func hint(_ nearest: String?) -> String { nearest.map { " (did you mean '\($0)'?)" } ?? "" }
}

/// Runs tensor code, turning its errors into the scheduler's.
func onTensors<Result>(_ body: () throws(TensorError) -> Result) throws(SchedulerError) -> Result {
  do {
    return try body()
  } catch {
    throw .tensor(error)
  }
}
