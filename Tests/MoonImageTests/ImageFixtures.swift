import Foundation
import MoonImage
import MoonTestSupport

/// The pictures in `Fixtures/images`.
enum ImageFixtures {
  /// Names of the picture files, with their endings.
  static let files: [String] = ((try? Fixture("images/files").keys) ?? []).sorted()

  /// The bytes of a picture file.
  static func bytes(_ name: String) throws -> [UInt8] { try Fixture.bytes("images/\(name)") }

  /// Names in a file that begin with one of `prefixes`.
  static func keys(_ file: String, _ prefixes: String...) -> [String] {
    ((try? Fixture("images/\(file)").keys) ?? []).filter { key in prefixes.contains { key.hasPrefix($0) } }.sorted()
  }
}

extension Fixture {
  /// The image named `key`, `[height, width, 3]`.
  func image(_ key: String) throws -> RGBImage {
    let shape = shape(of: key) ?? []
    return try RGBImage(width: shape[1], height: shape[0], pixels: try integers(key).map(UInt8.init))
  }

  /// The grey image named `key`, `[height, width]`.
  func grey(_ key: String) throws -> GreyImage {
    let shape = shape(of: key) ?? []
    return try GreyImage(width: shape[1], height: shape[0], pixels: try integers(key).map(UInt8.init))
  }
}

/// What the error of `body` says, or `nil`.
func imageMessage<Result>(_ body: () throws -> Result) -> String? {
  do {
    _ = try body()
    return nil
  } catch {
    return "\(error)"
  }
}
