internal import Foundation
internal import MoonHost
internal import MoonPipelines
internal import MoonTensor

/// Measures what plugins cost: a hook call, a handle, and operations of a million elements beside the same in Swift.
///
/// `plugin-costs MODEL OPERATIONS.LUA [ROUNDS [THREADS]]` prints one JSON object of seconds.
@main struct PluginCosts {
  private let pipeline: StableDiffusionPipeline
  private let script: String
  private let rounds: Int
  private let threads: Int

  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count >= 3 else {
      print("usage: plugin-costs MODEL OPERATIONS.LUA [ROUNDS [THREADS]]")
      Foundation.exit(64)
    }
    let numbers = arguments.dropFirst(3).map { Int($0) ?? 1 }
    let costs = PluginCosts(
      pipeline: try StableDiffusionPipeline(contentsOf: URL(filePath: arguments[1])), script: arguments[2],
      rounds: numbers.first ?? 20, threads: numbers.dropFirst().first ?? 1)
    let lines = try costs.measured().sorted { $0.key < $1.key }.map { "  \"\($0.key)\": \($0.value)" }
    print("{\n\(lines.joined(separator: ",\n"))\n}")
  }

  /// Seconds by the name of what was measured.
  private func measured() throws -> [String: Double] {
    var seconds: [String: Double] = [:]
    // A call that does nothing, and handles without their data: what a loop around nothing takes is taken off.
    seconds["hook"] = try plugin("nothing", count: 0, rounds: rounds * 200)
    let empty = try plugin("nothing", count: 10_000, rounds: rounds)
    for name in ["ndim", "size", "narrow"] {
      seconds["handle_\(name)"] = try plugin(name, count: 10_000, rounds: rounds) - empty
    }
    let operands = try Operands()
    var environment = TensorEnvironment.current
    environment.threads = threads
    for operation in Operation.all {
      var swift = Double.infinity
      seconds["lua_\(operation.name)"] = try plugin(operation.name, count: operation.count, rounds: rounds) {
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
    _ operation: String, count: Int, rounds: Int, beside other: () throws -> Void = {}
  ) throws -> Double {
    var limits = PluginLimits()
    (limits.hookSeconds, limits.runSeconds) = (600, 6000)
    limits.instructions = 1 << 50
    var least = Double.infinity
    try withoutActuallyEscaping(other) { other in
      let probe = try PluginProbe("\(script):operation=\(operation),count=\(count)", limits: limits) { call in
        for _ in 0..<rounds {
          least = min(least, try Self.time(count, call))
          try other()
        }
      }
      var request = GenerationRequest(prompt: "red apple on a blue background", seed: 1)
      (request.inferenceSteps, request.scheduler) = (1, "ddim")
      _ = try pipeline.run(request, callbacks: [probe], threads: threads)
    }
    return least
  }

  /// Seconds of one of `count` repetitions.
  private static func time(_ count: Int, _ body: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try body()
    return (ContinuousClock.now - start) / .seconds(1) / Double(max(count, 1))
  }
}
