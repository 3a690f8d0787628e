import Foundation

/// The C library's functions in double precision, which the fast ones are held against.
extension ReferenceLoops {
  static func exponential(_ x: Double) -> Double { exp(x) }
  static func errorFunction(_ x: Double) -> Double { erf(x) }
  static func tangent(_ x: Double) -> Double { tanh(x) }
}
