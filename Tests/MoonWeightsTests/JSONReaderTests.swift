import MoonTestSupport
import MoonWeights
import Testing

@Suite("JSON texts") struct JSONReaderTests {
  @Test(
    "are read",
    arguments: [
      ("null", .null), (" true ", .bool(true)), ("false\n", .bool(false)), ("0", .integer(0)), ("-0", .integer(0)),
      ("-9223372036854775808", .integer(.min)), ("9223372036854775807", .integer(.max)),
      ("9223372036854775808", .number(9223372036854775808)), ("1.0", .number(1)), ("-1.5e3", .number(-1500)),
      ("1E+2", .number(100)), ("5e-324", .number(.leastNonzeroMagnitude)), ("1e-400", .number(0)),
      ("\"\"", .string("")),
      (#""\"\\\/\b\f\n\r\t""#, .string("\"\\/\u{8}\u{C}\n\r\t")), (#""\u00e9\ud83d\ude00""#, .string("é😀")),
      ("\"é😀\u{7F}\"", .string("é😀\u{7F}")), ("[ ]", .array([])), ("[1 ,2]", .array([.integer(1), .integer(2)])),
      ("[[],[[]]]", .array([.array([]), .array([.array([])])])),
    ] as [(String, JSONValue)])
  func values(text: String, wanted: JSONValue) throws {
    #expect(try JSONReader.parse(Array(text.utf8)) == wanted)
  }

  @Test("keep the order of an object")
  func objects() throws {
    guard case .object(let object) = try JSONReader.parse(Array(#"{ "b" : 1 , "a":{} }"#.utf8)) else {
      Issue.record("not an object")
      return
    }
    #expect(object.keys == ["b", "a"])
    #expect(object["b"] == .integer(1))
    #expect(object["a"] == .object(JSONObject()))
    #expect(object["c"] == nil)
  }

  @Test(
    "that are wrong are refused with the place",
    arguments: [
      ("", "line 1, column 1: the text ends where a value should stand"),
      ("[1,", "line 1, column 4: the text ends where a value should stand"),
      ("[1 2]", "line 1, column 4: expected \",\" or \"]\""), ("[1", "line 1, column 3: expected \",\" or \"]\""),
      ("[,]", "line 1, column 2: expected a value"), ("[1,]", "line 1, column 4: expected a value"),
      ("{\"a\":1,}", "line 1, column 8: expected a name in quotes"),
      ("{a:1}", "line 1, column 2: expected a name in quotes"),
      ("{\"a\":1 \"b\":2}", "line 1, column 8: expected \",\" or \"}\""),
      ("{\"a\"}", "line 1, column 5: expected \":\""),
      ("{\"a\":1,\n\"a\":2}", "line 2, column 1: the name \"a\" twice"),
      ("tru", "line 1, column 1: expected a value"), ("nul", "line 1, column 1: expected a value"),
      ("True", "line 1, column 1: expected a value"), ("truex", "line 1, column 5: unexpected text after the end"),
      ("NaN", "line 1, column 4: not a finite number"), ("Infinity", "line 1, column 9: not a finite number"),
      ("-Infinity", "line 1, column 2: expected a digit"), ("-", "line 1, column 2: expected a digit"),
      ("+1", "line 1, column 1: expected a value"), ("01", "line 1, column 1: a number begins with 0"),
      ("-01", "line 1, column 1: a number begins with 0"), ("1.", "line 1, column 3: expected a digit"),
      (".5", "line 1, column 1: expected a value"), ("1e", "line 1, column 3: expected a digit"),
      ("1e+", "line 1, column 4: expected a digit"), ("1e999", "line 1, column 1: the number is too large"),
      ("0x10", "line 1, column 2: unexpected text after the end"),
      ("\"a", "line 1, column 3: the text ends inside quotes"),
      ("\"a\nb\"", "line 1, column 3: a control character inside quotes"),
      ("\"\\x\"", "line 1, column 2: unknown escape"), ("\"\\", "line 1, column 3: the text ends inside quotes"),
      ("\"\\u12g4\"", "line 1, column 2: expected four hexadecimal digits after \\u"),
      ("\"\\u12\"", "line 1, column 2: expected four hexadecimal digits after \\u"),
      ("\"\\ud800\"", "line 1, column 2: half of a surrogate pair"),
      ("\"\\ud800\\u0041\"", "line 1, column 2: half of a surrogate pair"),
      ("\"\\udc00\"", "line 1, column 2: half of a surrogate pair"),
      ("1 2", "line 1, column 3: unexpected text after the end"),
      ("\u{FEFF}{}", "line 1, column 1: expected a value"), ("// x\n1", "line 1, column 1: expected a value"),
    ])
  func malformed(text: String, message: String) {
    do {
      let value = try JSONReader.parse(Array(text.utf8))
      Issue.record("read as \(value)")
    } catch {
      #expect("\(error)" == message)
    }
  }

  @Test("that would exhaust the reader are refused")
  func limits() {
    func message(_ text: String, _ limits: JSONReader.Limits = JSONReader.Limits()) -> String? {
      do {
        _ = try JSONReader.parse(Array(text.utf8), limits: limits)
        return nil
      } catch {
        return "\(error)"
      }
    }
    let nested = String(repeating: "[", count: 32) + String(repeating: "]", count: 32)
    #expect(message(nested) == nil)
    #expect(message("[" + nested + "]") == "line 1, column 33: nested deeper than 32 levels")
    #expect(
      message(String(repeating: "{\"a\":", count: 1_000_000)) == "line 1, column 161: nested deeper than 32 levels")
    #expect(message("[1,2]", JSONReader.Limits(values: 3)) == nil)
    #expect(message("[1,2,3]", JSONReader.Limits(values: 3)) == "line 1, column 6: more than 3 values")
    #expect(message(String(repeating: "1", count: 401)) == "line 1, column 1: a number with more than 400 characters")
    #expect(message(String(repeating: "1", count: 400)) == "line 1, column 1: the number is too large")
  }

  @Test("may hold Python's infinities where that is allowed, never NaN")
  func infinities() throws {
    let limits = JSONReader.Limits(allowsInfinity: true)
    let value = try JSONReader.parse(Array("[Infinity, -Infinity]".utf8), limits: limits)
    #expect(value == .array([.number(.infinity), .number(-.infinity)]))
    do {
      _ = try JSONReader.parse(Array("NaN".utf8), limits: limits)
      Issue.record("NaN was read")
    } catch {
      #expect("\(error)" == "line 1, column 4: not a finite number")
    }
  }

  @Test("stay safe under random damage")
  func damage() {
    let text = Array(#"{"a": [1, -2.5e3, "\u00e9\n", true, null], "b": {"c": "é", "d": [[]]}}"#.utf8)
    var generator = SeededGenerator(seed: 11)
    var readable = 0
    for _ in 0..<20000 where (try? JSONReader.parse(damaged(text, using: &generator))) != nil { readable += 1 }
    #expect(readable > 100 && readable < 10000)
  }
}
