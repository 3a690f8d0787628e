internal import ArgumentParser
package import MoonTensor

/// Numbers from text such as `999,500,1`.
package struct NumberList: TextForm, Sendable, Equatable {
  package static let form = "numbers with commas between them"

  /// The numbers, at least one.
  package let numbers: [Double]

  /// Reads finite numbers with commas between them.
  package init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Double($0.trimmed) }
    numbers = parts.compactMap { $0 }.filter(\.isFinite)
    if numbers.count != parts.count || numbers.isEmpty { return nil }
  }
}

/// Whose random stream a seed is for.
package enum RandomDevice: String, ExpressibleByArgument, Sendable, CaseIterable {
  case cpu
  case cuda

  /// The generator's device.
  package var device: Generator.Device { self == .cpu ? .cpu : .cuda }
}
