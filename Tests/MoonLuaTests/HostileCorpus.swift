import Foundation
import MoonLua
import Testing

/// The project's collection of hostile and of honest scripts, in `Tests/HostileCorpus`.
enum HostileCorpus {
  /// One hostile script with what may become of it.
  struct Attack: Sendable, CustomTestStringConvertible {
    /// The file below `attacks`.
    var file: String
    /// The outcomes that are no way out of the sandbox.
    var accepted: Set<String>
    /// Whether the language alone decides the outcome; the others need the whole host for that.
    var isLanguageLevel: Bool

    var testDescription: String { file }
  }

  /// Where the collection lies.
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "HostileCorpus")

  /// Every hostile script of the manifest.
  static let attacks: [Attack] = {
    let manifest = (try? String(contentsOf: folder.appending(path: "MANIFEST.tsv"), encoding: .utf8)) ?? ""
    return manifest.split(separator: "\n").dropFirst().map { line in
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      return Attack(
        file: fields[0], accepted: Set(fields[2].split(separator: ",").map(String.init)),
        isLanguageLevel: fields[3] == "lua")
    }
  }()

  /// Every honest script that needs no tensors.
  static let honest = [
    "class_metatables", "closure_state", "coroutine_generator", "crlf_line_ends", "dynamic_cfg", "goto_continue",
    "integer_arithmetic", "local_functions", "math_random", "moderate_compute", "shebang_line", "utf8_bom",
  ]

  /// The bytes of a file below the collection.
  static func source(_ path: String) throws -> [UInt8] {
    let reader = LuaFolder(path: folder.path(percentEncoded: false), limit: 1 << 20)
    return try reader.source(ofFile: path) ?? []
  }

  /// The names of the files in one of its folders.
  static func files(in name: String) -> Set<String> {
    let folder = folder.appending(path: name)
    return Set((try? FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false))) ?? [])
  }

  /// The versions of an attack that says `-- cases: n`: the number after `local case =` runs from 1 to n.
  static func cases(of source: [UInt8]) -> [[UInt8]] {
    let text = String(decoding: source, as: UTF8.self)
    guard let mark = text.range(of: "-- cases: "), let place = text.range(of: "local case = 1\n") else {
      return [source]
    }
    let count = Int(text[mark.upperBound...].prefix { $0.isNumber }) ?? 1
    return (1...count).map { number in
      Array(text.replacingCharacters(in: place, with: "local case = \(number)\n").utf8)
    }
  }
}
