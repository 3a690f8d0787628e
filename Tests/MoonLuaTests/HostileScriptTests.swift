import MoonLua
import Testing

@Suite("Hostile scripts") struct HostileScriptTests {
  /// Small enough that the whole collection takes seconds.
  static let limits: LuaLimits = {
    var limits = LuaLimits()
    limits.callTime = .milliseconds(200)
    limits.memoryBytes = 16 << 20
    return limits
  }()

  @Test("ends each attack as the manifest says and keeps the limits", arguments: HostileCorpus.attacks)
  func attack(_ attack: HostileCorpus.Attack) throws {
    let source = try HostileCorpus.source("attacks/\(attack.file)")
    for (index, version) in HostileCorpus.cases(of: source).enumerated() {
      let run = try Self.run(version, of: attack)
      let place = "case \(index + 1), \(run.outcome): \(run.error?.message ?? "")"
      if attack.isLanguageLevel {
        #expect(attack.accepted.contains(run.outcome) || Self.isDenied(attack, run), "\(place)")
        #expect(!(run.log + [run.error?.message ?? ""]).contains { $0.contains("ESCAPED") }, "\(place)")
      }
      #expect(run.outcome != "unusable", "\(place)")
      #expect(run.peakMemory <= Self.limits.memoryBytes, "\(place)")
      #expect(run.leftMemory == 0, "\(place)")
      // A limit that is hit ends the plugin within 100 ms.
      #expect(run.overshoot < .milliseconds(100), "\(place)")
    }
  }

  /// Runs a script; once more with ten times the time when it ran into that limit and should not, for the limit is wall
  /// time and the machine may be busy.
  private static func run(_ source: [UInt8], of attack: HostileCorpus.Attack) throws -> ScriptRun {
    let run = try ScriptRun(source, name: attack.file, limits: limits)
    if run.outcome != "timeout" || attack.accepted.contains("timeout") { return run }
    var patient = limits
    patient.callTime *= 10
    return try ScriptRun(source, name: attack.file, limits: patient)
  }

  /// What was denied without an error ends harmlessly.
  private static func isDenied(_ attack: HostileCorpus.Attack, _ run: ScriptRun) -> Bool {
    attack.accepted.contains("denied") && run.outcome == "harmless"
  }

  @Test("lets honest scripts run to their end", arguments: HostileCorpus.honest)
  func honest(_ name: String) throws {
    let run = try ScriptRun(HostileCorpus.source("honest/\(name).lua"), name: "\(name).lua", limits: LuaLimits())
    #expect(run.error == nil)
    #expect(run.leftMemory == 0)
  }

  @Test("has a manifest line for every file and a file for every line")
  func manifest() throws {
    #expect(HostileCorpus.attacks.count >= 200)
    #expect(Set(HostileCorpus.attacks.map(\.file)) == HostileCorpus.files(in: "attacks"))
  }
}
