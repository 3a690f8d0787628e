import MoonTensor
import MoonTestSupport
import Testing

/// All cases of `tensor_ops.json` and the tensors they name.
private enum Recorded {
  static let cases = Result { try FixtureJSON.decode([OperationCase].self, "tensor_ops/tensor_ops.json") }
  static let tensors = Result { try Fixture("tensor_ops/tensor_ops") }
  /// The operations with cases, in the order of the file.
  static let operations: [String] = {
    var seen: [String] = []
    for entry in (try? cases.get()) ?? [] where !seen.contains(entry.op) { seen.append(entry.op) }
    return seen
  }()
}

/// Functions of one element, whose error is relative to that element.
private let relativeOperations: Set = [
  "exp", "log", "sin", "cos", "acos", "tanh", "sqrt", "pow", "pow_number", "number_pow", "lerp",
]

@Suite("Tensor operations") struct OperationFixtureTests {
  @Test("give PyTorch's numbers and refuse what has none", arguments: Recorded.operations)
  func recorded(operation: String) throws {
    let tensors = try Recorded.tensors.get()
    for entry in try Recorded.cases.get() where entry.op == operation {
      var inputs: [Tensor] = []
      for (index, name) in entry.inputs.enumerated() {
        inputs.append(try OperationCase.view(entry.pre?[index] ?? "", of: tensors[name]))
      }
      do {
        let results = try #require(try entry.run(inputs), "\(entry.summary): not known")
        let wanted = try #require(entry.outputs, "\(entry.summary): no error, but wanted \(entry.error ?? "")")
        #expect(results.count == wanted.count, "\(entry.summary)")
        for (result, name) in zip(results, wanted) { compare(result, try tensors[name], entry) }
      } catch let error as TensorError {
        #expect(error.description == entry.error, "\(entry.summary)")
      }
    }
  }

  @Test("are recorded, every one of them") func complete() throws {
    #expect(try Recorded.cases.get().count > 1100)
    #expect(Recorded.operations.count > 80)
  }

  private func compare(_ found: Tensor, _ wanted: Tensor, _ entry: OperationCase) {
    let tolerance = entry.tolerance ?? 0
    guard relativeOperations.contains(entry.op), found.shape == wanted.shape,
      let values = try? found.floats(), let references = try? wanted.floats()
    else { return expectClose(found, wanted, rtol: tolerance, entry.summary) }
    for (index, (value, reference)) in zip(values, references).enumerated() {
      let isSame = value == reference || value.isNaN && reference.isNaN
      let isNear = Swift.abs(value - reference) <= max(tolerance * Swift.abs(reference), .leastNonzeroMagnitude)
      #expect(isSame || isNear, "\(entry.summary): element \(index) is \(value), wanted \(reference)")
    }
  }
}
