import Foundation
import MoonTestSupport

/// The PNG files in `Fixtures/png`.
enum PNGFixtures {
  /// Names of the files that `expected.safetensors` knows, without their ending.
  static let names: [String] = {
    let keys = (try? Fixture("png/expected").keys) ?? []
    return keys.filter { $0.hasSuffix(".RGB") }.map { String($0.dropLast(4)) }.sorted()
  }()

  /// The bytes of a file.
  static func bytes(_ name: String) throws -> [UInt8] { try Fixture.bytes("png/\(name).png") }
}

/// A chunk of a PNG file, with the right length and check sum.
///
/// - Parameters:
///   - kind: Its four letters.
///   - data: Its data.
///   - isBroken: Whether the check sum is to be wrong.
/// - Returns: The bytes.
func chunk(_ kind: String, _ data: [UInt8], isBroken: Bool = false) -> [UInt8] {
  let body = Array(kind.utf8) + data
  var sum: UInt32 = 0xFFFF_FFFF
  for byte in body {
    sum ^= UInt32(byte)
    for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
  }
  return bigEndian(UInt32(data.count)) + body + bigEndian(sum ^ (isBroken ? 0xFFFF_FFFE : 0xFFFF_FFFF))
}

/// The four bytes of `value`, the upper ones first.
///
/// - Parameter value: A number.
/// - Returns: Its bytes.
func bigEndian(_ value: UInt32) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }

/// The eight bytes with which a PNG file begins.
let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
