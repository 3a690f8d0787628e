import MoonTensor
import MoonTestSupport
import MoonTrialSupport
import Testing

/// Every recorded operation of PyTorch that plugins are offered, called from Lua in real hooks.
@Suite("Tensor functions in Lua") struct TensorReplayTests {
  /// Functions of one element, whose error is relative to that element.
  private static let relative: Set = [
    "exp", "log", "sin", "cos", "acos", "tanh", "sqrt", "pow", "pow_number", "number_pow", "lerp",
  ]

  @Test("give PyTorch's numbers, and refuse what has none") func replay() async throws {
    let entries = try RecordedOperation.all.get().filter { $0.lua != nil }
    let calls = entries.map { LuaReplay.Call(lua: $0.lua ?? "", inputs: $0.inputs) }
    #expect(calls.count > 1000)
    let tensors = try RecordedOperation.tensors.get()
    let answers = try await LuaReplay(tensors: tensors).answers(to: calls)
    for ((entry, call), answer) in zip(zip(entries, calls), answers) {
      switch answer {
      case .error(let text):
        let wanted = try #require(entry.error, "\(call.lua): \(text)")
        // Errors that name no argument begin with the function or the sign.
        #expect(text == wanted || text.hasSuffix(": " + wanted), "\(call.lua)")
      case .tensors(let found):
        let wanted = try #require(entry.outputs, "\(call.lua): no error, but wanted \(entry.error ?? "")")
        try #require(found.count == wanted.count, "\(call.lua)")
        for (tensor, name) in zip(found, wanted) { compare(tensor, try tensors[name], entry, call.lua) }
      }
    }
  }

  private func compare(_ found: Tensor, _ wanted: Tensor, _ entry: RecordedOperation, _ lua: String) {
    let tolerance = entry.tolerance ?? 0
    guard Self.relative.contains(entry.op), found.shape == wanted.shape,
      let values = try? found.floats(), let references = try? wanted.floats()
    else { return expectClose(found, wanted, rtol: tolerance, lua) }
    for (index, (value, reference)) in zip(values, references).enumerated() {
      let isSame = value == reference || value.isNaN && reference.isNaN
      let isNear = abs(value - reference) <= max(tolerance * abs(reference), .leastNonzeroMagnitude)
      #expect(isSame || isNear, "\(lua): element \(index) is \(value), wanted \(reference)")
    }
  }
}
