import Foundation
import MoonTestSupport
import MoonWeights
import Testing

/// A broken file and what is said about it after "x.safetensors is not a valid safetensors file: ".
struct HostileFile: Sendable, CustomTestStringConvertible {
  let bytes: [UInt8]
  let message: String

  init(_ header: String, data: Int = 0, claimed: UInt64? = nil, _ message: String) {
    bytes = safetensors(header, dataByteCount: data, claimed: claimed)
    self.message = message
  }

  init(bytes: [UInt8], _ message: String) {
    self.bytes = bytes
    self.message = message
  }

  var testDescription: String { message }

  static let all: [HostileFile] = frames + texts + entries + covers

  /// The eight bytes and what follows them.
  static let frames = [
    HostileFile(bytes: [1], "it has only 1 bytes"),
    HostileFile(bytes: [UInt8](repeating: 0, count: 7), "it has only 7 bytes"),
    HostileFile("", "its header is not valid JSON: line 1, column 1: the text ends where a value should stand"),
    HostileFile("{}", claimed: 3, "its header claims 3 bytes, but 2 follow"),
    HostileFile("{}", claimed: 100_000_000, "its header claims 100000000 bytes, but 2 follow"),
    HostileFile("{}", claimed: 100_000_001, "its header claims 100000001 bytes, more than the 100000000 allowed"),
    HostileFile(
      "{}", claimed: .max, "its header claims 18446744073709551615 bytes, more than the 100000000 allowed"),
    HostileFile("{}", claimed: 1, "its header is not valid JSON: line 1, column 2: expected a name in quotes"),
  ]

  /// Headers that are no JSON, or no object.
  static let texts = [
    HostileFile("[]", "its header is not a JSON object"),
    HostileFile("null", "its header is not a JSON object"),
    HostileFile("{", "its header is not valid JSON: line 1, column 2: expected a name in quotes"),
    HostileFile("{}{}", "its header is not valid JSON: line 1, column 3: unexpected text after the end"),
    HostileFile("{}\0", "its header is not valid JSON: line 1, column 3: unexpected text after the end"),
    HostileFile(
      bytes: safetensors("{\"a") + [], "its header is not valid JSON: line 1, column 4: the text ends inside quotes"),
    HostileFile(
      bytes: [5, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0x22, 0xFF, 0x22, 0x7D],
      "its header is not valid JSON: line 1, column 2: not UTF-8"),
    HostileFile(
      #"{"\ud800":1}"#, "its header is not valid JSON: line 1, column 3: half of a surrogate pair"),
    HostileFile(
      #"{"a":{},"a":{}}"#, "its header is not valid JSON: line 1, column 9: the name \"a\" twice"),
    HostileFile(
      #"{"a":{"dtype":"F32","dtype":"F32","shape":[],"data_offsets":[0,4]}}"#, data: 4,
      "its header is not valid JSON: line 1, column 21: the name \"dtype\" twice"),
    HostileFile(
      #"{"a":{"dtype":[[[[1]]]]}}"#, "its header is not valid JSON: line 1, column 17: nested deeper than 4 levels"),
    HostileFile(
      String(repeating: "[", count: 100_000),
      "its header is not valid JSON: line 1, column 5: nested deeper than 4 levels"),
    HostileFile(#"{"a":NaN}"#, "its header is not valid JSON: line 1, column 9: not a finite number"),
  ]

  /// Entries with a wrong part.
  static let entries = [
    HostileFile(#"{"a":5}"#, "\"a\" should be an object, found 5"),
    HostileFile(#"{"a":null}"#, "\"a\" should be an object, found null"),
    HostileFile(#"{"__metadata__":"x"}"#, "\"__metadata__\" should be an object, found \"x\""),
    HostileFile(#"{"__metadata__":{"k":1}}"#, "the metadata \"k\" is not text"),
    HostileFile(#"{"__metadata__":{"k":null}}"#, "the metadata \"k\" is not text"),
    HostileFile(#"{"a":{"shape":[],"data_offsets":[0,0]}}"#, "\"a\" has no dtype"),
    HostileFile(
      #"{"a":{"dtype":"F33","shape":[],"data_offsets":[0,0]}}"#, "\"a\" has the unknown dtype \"F33\""),
    HostileFile(#"{"a":{"dtype":"f32","shape":[],"data_offsets":[0,4]}}"#, "\"a\" has the unknown dtype \"f32\""),
    HostileFile(#"{"a":{"dtype":1,"shape":[],"data_offsets":[0,0]}}"#, "\"a\" has the unknown dtype 1"),
    HostileFile(#"{"a":{"dtype":"F32","data_offsets":[0,4]}}"#, data: 4, "\"a\" has no shape"),
    HostileFile(
      #"{"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}"#, data: 4,
      "the shape of \"a\" should be a list of sizes, found 1"),
    HostileFile(
      #"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, data: 4,
      "the shape of \"a\" should be a list of sizes, found [-1]"),
    HostileFile(
      #"{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}"#, data: 4,
      "the shape of \"a\" should be a list of sizes, found [1.0]"),
    HostileFile(
      #"{"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}"#, data: 4,
      "the shape of \"a\" should be a list of sizes, found [\"1\"]"),
    HostileFile(
      #"{"a":{"dtype":"F32","shape":[true],"data_offsets":[0,4]}}"#, data: 4,
      "the shape of \"a\" should be a list of sizes, found [true]"),
    HostileFile(
      #"{"a":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,4]}}"#, data: 4,
      "the shape of \"a\" should be a list of sizes, found [9.223372036854776e+18]"),
    HostileFile(
      #"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}"#, data: 4,
      "the shape [4294967296, 4294967296] of \"a\" is too large"),
    HostileFile(
      #"{"a":{"dtype":"F32","shape":[9223372036854775807,2,0],"data_offsets":[0,0]}}"#,
      "the shape [9223372036854775807, 2, 0] of \"a\" is too large"),
    HostileFile(
      #"{"a":{"dtype":"F32","shape":[576460752303423488],"data_offsets":[0,0]}}"#,
      "the shape [576460752303423488] of \"a\" is too large"),
    HostileFile(#"{"a":{"dtype":"F32","shape":[1]}}"#, "\"a\" has no data_offsets"),
    HostileFile(
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#, data: 4,
      "the data_offsets of \"a\" should be two positions, found [0]"),
    HostileFile(
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}"#, data: 4,
      "the data_offsets of \"a\" should be two positions, found [0, 4, 8]"),
    HostileFile(
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#, data: 4,
      "the data_offsets of \"a\" should be two positions, found [-4, 0]"),
    HostileFile(
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":"0,4"}}"#, data: 4,
      "the data_offsets of \"a\" should be two positions, found \"0,4\""),
    HostileFile(
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, data: 4,
      "\"a\" ends at byte 0 of the data, before its begin at 4"),
    HostileFile(
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, data: 4,
      "\"a\" ends at byte 8 of the data, which has 4"),
    HostileFile(
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[9223372036854775803,9223372036854775807]}}"#, data: 4,
      "\"a\" ends at byte 9223372036854775807 of the data, which has 4"),
    HostileFile(
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, data: 4,
      "\"a\" has 4 bytes, but the shape [2] of F32 takes 8"),
    HostileFile(
      #"{"a":{"dtype":"F16","shape":[],"data_offsets":[0,4]}}"#, data: 4,
      "\"a\" has 4 bytes, but the shape [] of F16 takes 2"),
    HostileFile(
      #"{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,1]}}"#, data: 1,
      "\"a\" with the shape [3] of F4 does not fill whole bytes"),
    HostileFile(#"{"a\u0007\u202e":5}"#, "\"a\\u{7}\\u{202e}\" should be an object, found 5"),
  ]

  /// Entries that are fine alone, but not together.
  static let covers = [
    HostileFile("{}", data: 1, "the bytes 0 to 1 of the data, at its end, are no tensor's"),
    HostileFile(
      #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#, data: 4,
      "the bytes 2 to 4 of the data, at its end, are no tensor's"),
    HostileFile(
      #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#, data: 4,
      "the bytes 0 to 2 of the data, before \"a\", are no tensor's"),
    HostileFile(
      #"{"b":{"dtype":"U8","shape":[2],"data_offsets":[3,5]},"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#,
      data: 5, "the bytes 2 to 3 of the data, before \"b\", are no tensor's"),
    HostileFile(
      #"{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#,
      data: 4, "\"b\" begins at byte 2 of the data, inside \"a\""),
    HostileFile(
      #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"#,
      data: 4, "\"b\" begins at byte 0 of the data, inside \"a\""),
    HostileFile(
      #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[0],"data_offsets":[2,2]}}"#,
      data: 4, "\"b\" begins at byte 2 of the data, inside \"a\""),
  ]
}

@Suite("Hostile safetensors files") struct HostileSafetensorsTests {
  @Test("are refused in one sentence", arguments: HostileFile.all)
  func refused(file: HostileFile) throws {
    let folder = try TemporaryFolder()
    let url = try folder.write(file.bytes, to: "x.safetensors")
    #expect(
      folder.message { try SafetensorsFile(contentsOf: url) }
        == "x.safetensors is not a valid safetensors file: " + file.message)
  }

  @Test(
    "that are of another kind are called by it",
    arguments: [
      ([0x89] + Array("PNG\r\n\u{1A}\n".utf8), "a PNG picture"),
      ([0xFF, 0xD8, 0xFF, 0xE0, 0, 16, 0x4A, 0x46], "a JPEG picture"),
      (
        Array("PK\u{3}\u{4}\u{14}\0\0\0\u{8}\0".utf8),
        "a zip archive, as PyTorch's .ckpt, .pt and .bin files are; convert it to safetensors"
      ),
      (Array("GGUF\u{3}\0\0\0\0".utf8), "a GGUF file; models are read from safetensors files"),
      (
        Array("version https://git-lfs.github.com/spec/v1\noid sha256:0\n".utf8),
        "a pointer of Git LFS; 'git lfs pull' fetches the file itself"
      ),
      (Array("\n <!DOCTYPE HTML><html>".utf8), "a web page, perhaps in place of a download"),
      (Array("{\n  \"a\": 1}".utf8), "JSON text"),
    ] as [([UInt8], String)])
  func otherKinds(bytes: [UInt8], kind: String) throws {
    let folder = try TemporaryFolder()
    let url = try folder.write(bytes, to: "x.safetensors")
    #expect(
      folder.message { try SafetensorsFile(contentsOf: url) }
        == "x.safetensors is not a safetensors file: it is \(kind)")
  }

  @Test("that are no files at all are refused too")
  func noFiles() throws {
    let folder = try TemporaryFolder()
    #expect(
      folder.message { try SafetensorsFile(contentsOf: try folder.file("none.safetensors")) }
        == "none.safetensors cannot be read: No such file or directory")
    #expect(
      folder.message { try SafetensorsFile(contentsOf: try folder.write("", to: "empty.safetensors")) }
        == "empty.safetensors cannot be read: it is empty")
    #expect(
      folder.message { try SafetensorsFile(contentsOf: try folder.file("sub/x").deletingLastPathComponent()) }
        == "sub cannot be read: it is a folder")
    #expect("\(WeightsError.malformed(file: "x", reason: "y"))" == "x y")
    #expect(
      folder.message { try SafetensorsFile(contentsOf: URL(filePath: "/dev/zero")) }
        == "/dev/zero cannot be read: it is not a regular file")
  }

  @Test("with a rank that tensors do not have can be listed, not read")
  func rank() throws {
    let folder = try TemporaryFolder()
    let header = #"{"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}}"#
    let bytes = safetensors(header.replacing("U8", with: "F16").replacing("0,1", with: "0,2"), dataByteCount: 2)
    let file = try SafetensorsFile(contentsOf: try folder.write(bytes, to: "x.safetensors"))
    #expect(file.entry("a")?.shape.count == 9)
    #expect(
      folder.message { try file.tensor("a") }
        == "x.safetensors: \"a\": the shape [1, 1, 1, 1, 1, 1, 1, 1, 1] is not allowed: more than 8 dimensions")
  }
}
