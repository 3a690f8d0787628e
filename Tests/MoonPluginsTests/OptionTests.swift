import MoonPlugins
import Testing

@Suite("Plugin options") struct OptionTests {
  private static let declared = """
    ratio = { type = "number", default = 0.4, min = 0, max = 1 }, steps = { type = "integer" },
    gentle = { type = "boolean", default = false }, label = { type = "string" },
    mode = { type = "choice", choices = { "nearest", "bilinear" }, default = "nearest" },
    weights = { type = "numbers", min = -2 },
    """

  private func values(_ text: String) throws -> [String: OptionValue] {
    let pairs = try OptionReader.values(
      from: text, declarations: Declarations.options(Self.declared), plugin: "x.lua")
    return Dictionary(uniqueKeysWithValues: pairs.map { ($0.name, $0.value) })
  }

  @Test("that are required must be given where the plugin runs")
  func required() throws {
    let declarations = try Declarations.options(
      #"to = { type = 'string', required = true, example = 'a "b"' }, size = { type = 'integer', required = true }"#)
    func message(_ text: String) -> String? {
      do throws(PluginError) {
        _ = try OptionReader.values(from: text, declarations: declarations, plugin: "x.lua")
        return nil
      } catch { return "\(error)" }
    }
    #expect(message("size=1") == #"x.lua: option 'to' must be given, for example "a \"b\"""#)
    #expect(message("to=x") == "x.lua: option 'size' must be given")
    #expect(message("to=x,size=1") == nil)
    let values = try OptionReader.values(from: "", declarations: declarations, plugin: "x.lua", isRun: false)
    #expect(values.isEmpty)
    let prompt = try #require(declarations.first { $0.name == "to" })
    #expect(prompt.example == .string("a \"b\"") && prompt.isRequired)
  }

  @Test("are read back from the text that is made of them")
  func text() throws {
    let declarations = try Declarations.options(Self.declared)
    let values: [(name: String, value: OptionValue)] = [("ratio", .number(0.25)), ("mode", .string("nearest"))]
    let given = try OptionReader.given(in: OptionReader.text(of: values), declarations: declarations, plugin: "x.lua")
    #expect(given == ["ratio": .number(0.25), "mode": .string("nearest")])
    #expect(OptionReader.text(of: []).isEmpty)
  }

  private let defaults: [String: OptionValue] = [
    "ratio": .number(0.4), "gentle": .boolean(false), "mode": .string("nearest"),
  ]

  @Test("have their defaults where none is given", arguments: ["", ",", "{}", " {} ".trimmingSpaces])
  func none(text: String) throws {
    #expect(try values(text) == defaults)
  }

  @Test(
    "are read from key=value pairs",
    arguments: [
      ("ratio=0.25", ["ratio": OptionValue.number(0.25)]),
      ("ratio=1e-1,steps=7", ["ratio": .number(0.1), "steps": .integer(7)]),
      ("gentle=true,mode=bilinear", ["gentle": .boolean(true), "mode": .string("bilinear")]),
      ("gentle=on", ["gentle": .boolean(true)]),
      ("weights=1,2.5,-1,steps=3", ["weights": .numbers([1, 2.5, -1]), "steps": .integer(3)]),
      ("weights=1, 2,", ["weights": .numbers([1, 2])]),
      ("label=a=b", ["label": .string("a=b")]),
      ("label=", ["label": .string("")]),
      ("steps=-9223372036854775808", ["steps": .integer(.min)]),
    ])
  func pairs(text: String, wanted: [String: OptionValue]) throws {
    #expect(try values(text) == defaults.merging(wanted) { $1 })
  }

  @Test(
    "are read from a JSON object",
    arguments: [
      (#"{"ratio": 0.25}"#, ["ratio": OptionValue.number(0.25)]),
      (#"{"ratio":1,"steps":7}"#, ["ratio": .number(1), "steps": .integer(7)]),
      (#"{ "gentle" : true , "mode" : "bilinear" }"#, ["gentle": .boolean(true), "mode": .string("bilinear")]),
      (#"{"weights":[1, 2.5, -1]}"#, ["weights": .numbers([1, 2.5, -1])]),
      (#"{"weights":[]}"#, ["weights": .numbers([])]),
      (#"{"label":"a\"b\\\u0041\ud83d\ude00\n"}"#, ["label": .string("a\"b\\A😀\n")]),
      (#"{"steps":9007199254740993}"#, ["steps": .integer(9_007_199_254_740_993)]),
      (#"{"steps":7.0}"#, ["steps": .integer(7)]),
    ])
  func json(text: String, wanted: [String: OptionValue]) throws {
    #expect(try values(text) == defaults.merging(wanted) { $1 })
  }

  @Test(
    "are refused with the name in the message",
    arguments: [
      ("rato=0.5", "there is no option 'rato'; did you mean 'ratio'?"),
      (
        "xyz=1", "there is no option 'xyz'; there are gentle, label, mode, ratio, steps, weights"
      ),
      ("ratio", "'ratio' is not key=value"),
      ("ratio=2", "option 'ratio' is 2, more than 1"),
      ("ratio=-0.5", "option 'ratio' is -0.5, less than 0"),
      ("ratio=x", "option 'ratio' must be a finite number, found 'x'"),
      ("ratio=nan", "option 'ratio' must be a finite number, found 'nan'"),
      ("ratio=1e999", "option 'ratio' must be a finite number, found '1e999'"),
      ("ratio=0.1,ratio=0.2", "option 'ratio' is given twice"),
      ("steps=1.5", "option 'steps' must be an integer, found '1.5'"),
      ("steps=9223372036854775808", "option 'steps' must be an integer, found '9223372036854775808'"),
      ("gentle=maybe", "option 'gentle' must be true or false, found 'maybe'"),
      ("mode=nearst", "option 'mode' is 'nearst'; did you mean 'nearest'?"),
      ("weights=1,x", "option 'weights' must be a list of finite numbers, found '1,x'"),
      ("weights=1,,2", "option 'weights' must be a list of finite numbers, found '1,,2'"),
      ("RATIO=1", "there is no option 'RATIO'; did you mean 'ratio'?"),
      ("weights=1,-3", "option 'weights' is -3, less than -2"),
      (#"{"ratio":"0.5"}"#, "option 'ratio' must be a finite number"),
      (#"{"ratio":true}"#, "option 'ratio' must be a finite number"),
      (#"{"ratio":0.1,"ratio":0.2}"#, "option 'ratio' is given twice"),
      (#"{"rat\u0069o":0.1,"ratio":0.2}"#, "option 'ratio' is given twice"),
      (#"{"ratio":{"a":1}}"#, "option 'ratio' must be a number, a text, true, false or a list of numbers"),
      (#"{"ratio":null}"#, "option 'ratio' must be a number, a text, true, false or a list of numbers"),
      (#"{"gentle":1}"#, "option 'gentle' must be true or false"),
      (#"{"steps":7.5}"#, "option 'steps' must be an integer"),
      (#"{"weights":[1,"2"]}"#, "the options are not a JSON object: at byte 15, wanted a number"),
      (#"{"weights":[[1]]}"#, "the options are not a JSON object: at byte 13, wanted a number"),
      (#"{"ratio":0.5"#, "the options are not a JSON object: at byte 13, wanted '}'"),
      (#"{"ratio":0.5}x"#, "the options are not a JSON object: at byte 14, wanted nothing after the closing brace"),
      (#"{ratio:0.5}"#, "the options are not a JSON object: at byte 2, wanted a name in quotation marks"),
      (#"{"ratio":01}"#, "the options are not a JSON object: at byte 10, wanted no leading zero"),
      (#"{"ratio":1e999}"#, "the options are not a JSON object: at byte 15, wanted a number that fits"),
      (#"{"ratio":.5}"#, "the options are not a JSON object: at byte 10, wanted a number"),
      (#"{"label":"\x"}"#, "the options are not a JSON object: at byte 13, wanted an escape that JSON knows"),
      (#"{"label":"\ud800"}"#, "the options are not a JSON object: at byte 17, wanted a letter"),
      (
        "{\"label\":\"a\u{7}\"}", "the options are not a JSON object: at byte 12, wanted no control character in a text"
      ),
    ])
  func refused(text: String, detail: String) throws {
    let error = #expect(throws: PluginError.self) { try values(text) }
    #expect(error == .badOption(plugin: "x.lua", detail: detail))
    #expect(error?.isUsage == true)
  }

  @Test("that are huge are refused, not cut") func huge() throws {
    let letters = String(repeating: "x", count: 1 << 20)
    let text = #expect(throws: PluginError.self) { try values("label=\(letters)") }
    #expect(text == .badOption(plugin: "x.lua", detail: "option 'label' is longer than 4096 bytes"))
    let numbers = #expect(throws: PluginError.self) {
      try values("weights=" + [String](repeating: "1", count: 2000).joined(separator: ","))
    }
    #expect(numbers == .badOption(plugin: "x.lua", detail: "option 'weights' has more than 1024 numbers"))
    let name = try #require(#expect(throws: PluginError.self) { try values("\(letters)=1") })
    #expect(name.description.utf8.count < 5000)
    let nested = String(repeating: "[", count: 1 << 20)
    #expect(throws: PluginError.self) { try values("{\"weights\":\(nested)}") }
  }
}

extension String {
  /// The text without spaces at its ends.
  fileprivate var trimmingSpaces: String { String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
}
