package import MoonHost
internal import MoonPipelines
internal import MoonTensor
internal import MoonTestSupport

/// The whole collection in one process: in shuffled orders, and in pairs that share a run.
package struct HostileCollection {
  /// What many runs came to.
  package struct Report: Sendable {
    /// How many runs there were.
    package var runs = 0
    /// How the hostile ones ended.
    package var endings: [HostileFile.Ending: Int] = [:]
    /// What broke a promise.
    package var findings: [String] = []

    /// Counts one run.
    mutating func count(_ outcome: PluginTrial.Outcome, _ findings: [String], _ label: String) {
      runs += 1
      let ending = outcome.message == nil ? .harmless : outcome.endings.first ?? .error
      endings[ending, default: 0] += 1
      self.findings += findings.map { "\(label): \($0)" }
    }
  }

  /// Short limits, so that what runs into one is done soon.
  package static func limits(hookSeconds: Double) -> PluginLimits {
    var limits = PluginLimits()
    limits.luaMemory = 24 << 20
    limits.tensorMemory = 96 << 20
    limits.hookSeconds = hookSeconds
    limits.runSeconds = 8 * hookSeconds
    limits.logBytes = 1 << 16
    limits.images = 40
    return limits
  }

  /// The limits for `file`: one that is not to run out of time gets plenty of it, so that a busy machine changes nothing.
  package static func limits(hookSeconds: Double, for file: HostileFile) -> PluginLimits {
    var limits = limits(hookSeconds: hookSeconds)
    if !file.accepted.contains(.timeout) { (limits.hookSeconds, limits.runSeconds) = (30, 120) }
    return limits
  }

  /// Seconds that a call of a hostile plugin may take.
  private let hookSeconds: Double
  /// Hears what runs now.
  private let onRun: (String) -> Void
  private let attacks = HostileFile.all.filter { !$0.isHonest }
  private let honest = HostileFile.all.filter(\.isHonest)
  /// What the honest ones came to before anything hostile ran.
  private let baseline: [String: HonestResult]
  /// What the witness said in a run of its own.
  private let testimony: [String]

  /// Runs what is honest, to have something to compare with.
  package init(hookSeconds: Double = 0.05, onRun: @escaping (String) -> Void = { _ in }) async throws {
    self.hookSeconds = hookSeconds
    self.onRun = onRun
    var baseline: [String: HonestResult] = [:]
    for file in honest { baseline[file.name] = try await HonestResult(file) }
    self.baseline = baseline
    var trial = try PluginTrial(Self.witness, name: "witness.lua")
    trial.request.inferenceSteps = 20
    testimony = try await trial.log()
  }

  /// Every attack once, in the order of `seed`, each followed by an honest plugin that must do what it always does.
  package func shuffled(seed: UInt64) async throws -> Report {
    var generator = SeededGenerator(seed: seed)
    var report = Report()
    for file in attacks.shuffled(using: &generator) {
      for (number, variant) in file.variants.enumerated() {
        let label = "\(file.name), case \(number + 1), order \(seed)"
        onRun(label)
        var trial = try PluginTrial()
        try trial.add(variant, name: file.name, options: file.options)
        trial.limits = Self.limits(hookSeconds: hookSeconds, for: file)
        trial.policy = file.policies.randomElement(using: &generator) ?? .abort
        let outcome = try await trial.run()
        let findings = trial.findings(outcome) + file.findings(outcome, mayBeDropped: trial.policy == .disable)
        report.count(outcome, findings, label)
        guard let next = honest.randomElement(using: &generator), let wanted = baseline[next.name] else { continue }
        let found = try await HonestResult(next)
        if found != wanted { report.findings.append("\(label): \(next.name) went wrong after it") }
      }
    }
    return report
  }

  /// Every attack in one run with the witness, who must notice nothing, and with another attack; in both orders.
  package func paired(seed: UInt64) async throws -> Report {
    var generator = SeededGenerator(seed: seed)
    var report = Report()
    let others = attacks.shuffled(using: &generator)
    for (file, other) in zip(attacks, others) {
      guard let variant = file.variants.randomElement(using: &generator) else { continue }
      for isFirst in [true, false] {
        var beside = try PluginTrial()
        if !isFirst { try beside.add(Self.witness, name: "witness.lua") }
        try beside.add(variant, name: file.name, options: file.options)
        if isFirst { try beside.add(Self.witness, name: "witness.lua") }
        try await run(beside, "\(file.name) \(isFirst ? "before" : "after") the witness", into: &report)
        var both = try PluginTrial()
        let second = other.variants.first ?? other.source
        try both.add(variant, name: file.name, options: file.options)
        if other.name != file.name { try both.add(second, name: other.name, options: other.options) }
        if !isFirst { both.specifications.reverse() }
        try await run(both, "\(file.name) \(isFirst ? "before" : "after") \(other.name)", into: &report)
      }
    }
    return report
  }

  private func run(_ trial: PluginTrial, _ label: String, into report: inout Report) async throws {
    onRun(label)
    var trial = trial
    trial.limits = Self.limits(hookSeconds: hookSeconds)
    trial.policy = .disable
    let outcome = try await trial.run()
    var findings = trial.findings(outcome)
    // The others may end the run early or make it longer, but each call of the witness is the same.
    let said = outcome.log.filter { $0.hasPrefix("witness ") }
    if let place = said.indices.first(where: { $0 >= testimony.count || said[$0] != testimony[$0] }) {
      findings.append("the witness said: \(said[place])")
    }
    report.count(outcome, findings, label)
  }

  /// A plugin that says all it can see that is not the run's.
  private static let witness = """
    local calls = 0
    local function names(t)
      local list = {}
      for key in pairs(t) do list[#list + 1] = tostring(key) end
      table.sort(list)
      return table.concat(list, " ")
    end
    local function tell()
      calls = calls + 1
      local noise = moon.randn { 3 }
      print("witness " .. calls, math.random(1 << 40), noise:get(0), ("aXb"):gsub("%u", "-"), #names(_G), #names(string),
        #names(moon), rawget(_G, "MOONSTEP_PLANT"), tostring(getmetatable("")), select("#", pcall(error)), tostring(1e15))
      if calls < 9 then moon.save_image(moon.full({ 1, 2, 2 }, calls), "call_" .. calls .. ".png") end
    end
    return {
      id = "witness", version = "1", api = 1, tensor_inputs = {},
      on_run_begin = tell, on_step_begin = tell, on_step_end = tell, on_run_end = tell,
    }
    """
}

/// What an honest plugin does: the picture, and what it says.
private struct HonestResult: Equatable, Sendable {
  let numbers: [Float]
  let log: [String]
  let message: String?

  init(_ file: HostileFile) async throws {
    var trial = try PluginTrial()
    try trial.add(file.source, name: file.name, options: file.options)
    (trial.limits.hookSeconds, trial.limits.runSeconds) = (30, 120)
    let outcome = try await trial.run()
    numbers = try outcome.result.get().latents.floats()
    log = outcome.log
    message = outcome.message
  }
}
