import Foundation
import MoonTestSupport
import MoonWeights
import Testing

@Suite("Configuration files") struct ConfigFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  func config(_ text: String) throws -> ConfigFile {
    try ConfigFile(Array(text.utf8), name: "unet/config.json")
  }

  @Test("give typed values and defaults")
  func values() throws {
    let file = try config(
      """
      {"i": 4, "d": 0.5, "n": null, "b": true, "s": "é\\n", "il": [1, 2], "dl": [1, 0.25], "sl": ["x"], "e": [],
       "inf": -Infinity, "big": 1000000000000000019884624838656, "o": {"x": 1, "y": 2}}
      """)
    #expect(try file.int("i") == 4)
    #expect(try file.int("i", in: 1...4) == 4)
    #expect(try file.int("absent", default: 7) == 7)
    #expect(try file.double("d") == 0.5)
    #expect(try file.double("i") == 4)
    #expect(try file.double("inf", allowsInfinity: true) == -.infinity)
    #expect(try file.double("big") == 1e30)
    #expect(try file.bool("b"))
    #expect(try !file.bool("absent", default: false))
    #expect(try file.string("s") == "é\n")
    #expect(try file.intList("il") == [1, 2])
    #expect(try file.intList("e") == [])
    #expect(try file.doubleList("dl") == [1, 0.25])
    #expect(try file.stringList("sl") == ["x"])
    #expect(try file.optional("n", .integer()) == nil)
    #expect(try file.optional("absent", .string) == nil)
    #expect(try file.optional("i", .integer()) == 4)
    #expect(file.has("n") && file.isNull("n") && !file.has("absent") && !file.isNull("i"))
    let section = try #require(try file.section("o"))
    #expect(try section.int("x") == 1)
    #expect(section.unusedKeys == ["y"])
    #expect(try file.section("n") == nil)
    #expect(file.keys.first == "i" && file.keys.count == 12)
  }

  @Test("say which setting is of the wrong kind, and what it is")
  func wrongKinds() throws {
    let file = try config(
      """
      {"i": 4, "d": 0.5, "n": null, "b": true, "s": "x", "il": [1, "2"], "inf": Infinity, "o": {"x": "y"},
       "big": 9223372036854775808, "deep": [[1], 2, 3, 4, 5, 6, 7, 8, 9]}
      """)
    func message<Value>(_ body: () throws -> Value) -> String? {
      folder.message(body)?.replacing("unet/config.json: ", with: "")
    }
    #expect(
      folder.message { try file.intList("s") } == "unet/config.json: \"s\" should be a list of integers, found \"x\"")
    #expect(message { try file.int("d") } == "\"d\" should be an integer, found 0.5")
    #expect(message { try file.int("b") } == "\"b\" should be an integer, found true")
    #expect(message { try file.int("n", default: 3) } == "\"n\" should be an integer, found null")
    #expect(message { try file.int("i", in: 5...8) } == "\"i\" should be an integer in 5...8, found 4")
    #expect(message { try file.int("big") } == "\"big\" should be an integer, found 9.223372036854776e+18")
    #expect(message { try file.int("absent") } == "\"absent\" is missing")
    #expect(message { try file.double("b") } == "\"b\" should be a number, found true")
    #expect(message { try file.double("inf") } == "\"inf\" should be a number, found Infinity")
    #expect(message { try file.bool("i") } == "\"i\" should be true or false, found 4")
    #expect(message { try file.string("i") } == "\"i\" should be text, found 4")
    #expect(message { try file.intList("il") } == "\"il\" should be a list of integers, found [1, \"2\"]")
    #expect(
      message { try file.intList("deep", in: 1...9) }
        == "\"deep\" should be a list of integers in 1...9, found [a list, 2, 3, 4, 5, 6, 7, 8, ...]")
    #expect(message { try file.stringList("o") } == "\"o\" should be a list of texts, found an object")
    #expect(message { try file.doubleList("i") } == "\"i\" should be a list of numbers, found 4")
    #expect(message { try file.optional("s", .integer()) } == "\"s\" should be an integer, found \"x\"")
    #expect(message { try file.section("i") } == "\"i\" should be an object, found 4")
    #expect(message { try file.section("o")?.int("x") } == "\"o.x\" should be an integer, found \"y\"")
    #expect(message { try file.section("o")?.int("z") } == "\"o.z\" is missing")
  }

  @Test("find the settings that nothing reads")
  func unused() throws {
    let file = try config(#"{"_class_name": "X", "a": 1, "b": 2, "c": 3}"#)
    _ = try file.int("b")
    #expect(file.unusedKeys == ["_class_name", "a", "c"])
    #expect(
      folder.message { try file.finish(ignoring: ["_*"]) }
        == "unet/config.json has 2 settings not known here: \"a\", \"c\"")
    #expect(
      folder.message { try file.finish(ignoring: ["_*", "a"]) }
        == "unet/config.json has a setting not known here: \"c\"")
    try file.finish(ignoring: ["_*", "a", "c"])
  }

  @Test("are read from disk, within bounds")
  func files() throws {
    let url = try folder.write(#"{"a": 1}"#, to: "c.json")
    #expect(try ConfigFile(contentsOf: url).int("a") == 1)
    #expect(
      folder.message { try ConfigFile(contentsOf: url, limit: 7) }
        == "c.json cannot be read: it has 8 bytes, more than the 7 allowed")
    #expect(
      folder.message { try ConfigFile(contentsOf: try folder.file("none.json")) }
        == "none.json cannot be read: No such file or directory")
    #expect(
      folder.message { try ConfigFile(contentsOf: try folder.write("[1]", to: "l.json")) }
        == "l.json is not a JSON object")
    #expect(
      folder.message { try ConfigFile(contentsOf: try folder.write("{\n \"a\" 1}", to: "b.json")) }
        == "b.json is not valid JSON: line 2, column 6: expected \":\"")
  }
}
