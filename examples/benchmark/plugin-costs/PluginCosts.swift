internal import Foundation
internal import MoonHost
internal import MoonPipelines
internal import MoonTensor

/// Measures what plugins cost: a hook call, a handle, and operations of a million elements beside the same in Swift.
///
/// `plugin-costs MODEL OPERATIONS.LUA [ROUNDS [NAME]]` prints one JSON object of seconds, or those of one measurement.
/// All run on one thread, and its processor time is what counts.
@main struct PluginCosts {
  private let pipeline: StableDiffusionPipeline
  private let script: String
  private let rounds: Int
  private let only: String?

  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count >= 3 else {
      print("usage: plugin-costs MODEL OPERATIONS.LUA [ROUNDS [NAME]]")
      Foundation.exit(64)
    }
    let costs = PluginCosts(
      pipeline: try StableDiffusionPipeline(contentsOf: URL(filePath: arguments[1])), script: arguments[2],
      rounds: arguments.count > 3 ? Int(arguments[3]) ?? 1 : 20, only: arguments.count > 4 ? arguments[4] : nil)
    let lines = try costs.measured().sorted { $0.key < $1.key }.map { "  \"\($0.key)\": \($0.value)" }
    print("{\n\(lines.joined(separator: ",\n"))\n}")
  }

  /// Seconds by the name of what was measured.
  private func measured() throws -> [String: Double] {
    var seconds: [String: Double] = [:]
    // A call that does nothing, and handles without their data: what a loop around nothing takes is taken off.
    if only == nil || only == "hook" { seconds["hook"] = try plugin("nothing", count: 0, rounds: rounds * 200) }
    let empty = try plugin("nothing", count: 1000, rounds: rounds)
    for name in ["ndim", "size", "narrow"] where only == nil || only == name {
      seconds["handle_\(name)"] = try plugin(name, count: 1000, rounds: rounds * 4) - empty
    }
    var environment = TensorEnvironment.current
    environment.threads = 1
    for operation in Operation.all where only == nil || only == operation.name {
      var swift = Double.infinity
      seconds["lua_\(operation.name)"] = try plugin(operation.name, count: operation.count, rounds: rounds) {
        operands in
        let time = try TensorEnvironment.$current.withValue(environment) {
          try Self.time(operation.count) { for _ in 0..<operation.count { _ = try operation.run(operands) } }
        }
        swift = min(swift, time)
      }
      seconds["swift_\(operation.name)"] = swift
    }
    return seconds
  }

  /// The least seconds of one repetition by a plugin, taken in turns with `other`.
  private func plugin(
    _ operation: String, count: Int, rounds: Int, beside other: (Operands) throws -> Void = { _ in }
  ) throws -> Double {
    var limits = PluginLimits()
    (limits.hookSeconds, limits.runSeconds) = (600, 6000)
    limits.instructions = 1 << 50
    var least = Double.infinity
    try withoutActuallyEscaping(other) { other in
      let probe = try PluginProbe("\(script):operation=\(operation),count=\(count)", limits: limits) { call, kept in
        for _ in 0..<rounds {
          least = min(least, try Self.time(count, call))
          try other(Operands(first: kept[0], second: kept[1], mask: kept[2], turned: kept[3]))
        }
      }
      var request = GenerationRequest(prompt: "red apple on a blue background", seed: 1)
      (request.inferenceSteps, request.scheduler) = (1, "ddim")
      _ = try pipeline.run(request, callbacks: [probe], threads: 1)
    }
    return least
  }

  /// Seconds of one of `count` repetitions.
  private static func time(_ count: Int, _ body: () throws -> Void) rethrows -> Double {
    let start = ThreadClock.now
    try body()
    return (ThreadClock.now - start) / Double(max(count, 1))
  }
}
