import MoonLua
import MoonPlugins
import Testing

@Suite("Plugin manifest") struct ManifestTests {
  @Test(
    "of a bare function has the file's name and one hook",
    arguments: [
      ("ramp", "ramp"), ("My Ramp-2", "my_ramp_2"), ("2fast", "p_2fast"), ("ähnlich", "p__hnlich"), ("", "p_"),
    ])
  func bareFunction(stem: String, id: String) throws {
    let manifest = try Declarations.manifest("return function() end", fileStem: stem)
    #expect(manifest.id == id)
    #expect(manifest.version == "0")
    #expect(manifest.pipelines == ["sd", "sdxl"])
    #expect(manifest.tensorInputs == nil)
    #expect(Array(manifest.hooks.keys) == [.stepEnd])
  }

  @Test("of a global callback is that of a bare function") func globalCallback() throws {
    let manifest = try Declarations.manifest("function callback() end")
    #expect(Array(manifest.hooks.keys) == [.stepEnd])
  }

  @Test("holds what the table says") func everything() throws {
    let manifest = try Declarations.manifest(
      """
      return {
        id = "cfg_interval", version = "1.2.0-beta+3", api = 1, license = "Apache-2.0", summary = "Guidance.",
        author = "A. Author", homepage = "https://example.org", tags = { "guidance", "interval" },
        pipelines = { "sdxl" }, tensor_inputs = { "latents" },
        options = {
          start = { type = "number", default = 0.28, min = 0, max = 20, help = "lowest sigma" },
          mode = { type = "choice", choices = { "a", "b" } },
        },
        on_run_begin = function() end, on_step_begin = function() end, on_guidance = function() end,
        on_step_end = function() end, on_run_end = function() end,
      }
      """)
    #expect(manifest.id == "cfg_interval")
    #expect(manifest.version == "1.2.0-beta+3")
    #expect(manifest.license == "Apache-2.0")
    #expect(manifest.summary == "Guidance.")
    #expect(manifest.author == "A. Author")
    #expect(manifest.homepage == "https://example.org")
    #expect(manifest.tags == ["guidance", "interval"])
    #expect(manifest.pipelines == ["sdxl"])
    #expect(manifest.tensorInputs == ["latents"])
    #expect(manifest.options.map(\.name) == ["mode", "start"])
    #expect(manifest.options[0].kind == .choice)
    #expect(manifest.options[0].choices == ["a", "b"])
    #expect(manifest.options[0].defaultValue == nil)
    #expect(manifest.options[1].defaultValue == .number(0.28))
    #expect(manifest.options[1].minimum == 0)
    #expect(manifest.options[1].maximum == 20)
    #expect(manifest.options[1].help == "lowest sigma")
    #expect(Set(manifest.hooks.keys) == Set(PluginManifest.Hook.allCases))
  }

  private static let long = "(\"x\"):rep(4097)"

  @Test(
    "is refused where it breaks a rule",
    arguments: [
      (
        "return 7",
        "x.lua: the file must return a function or a table, or define a global function 'callback'; it returned number"
      ),
      (
        "local x",
        "x.lua: the file must return a function or a table, or define a global function 'callback'; it returned nil"
      ),
      ("return { version = '1', api = 1, on_step_end = print }", "x.lua: 'id' is missing"),
      ("return { id = 'x', api = 1, on_step_end = print }", "x.lua: 'version' is missing"),
      ("return { id = 'x', version = '1', on_step_end = print }", "x.lua: 'api' is missing"),
      (
        "return { id = 'x', version = '1', api = 1 }",
        "x.lua: the plugin has no hook; there are on_run_begin, on_step_begin, on_guidance, on_step_end, on_run_end"
      ),
      (Declarations.table("", id: "7"), "x.lua: 'id' must be a text, found number"),
      (
        Declarations.table("", id: "'Ramp'"),
        "x.lua: 'id' is 'Ramp'; it must be a small letter and up to 63 small letters, digits and _"
      ),
      (
        Declarations.table("", id: "'../up'"),
        "x.lua: 'id' is '../up'; it must be a small letter and up to 63 small letters, digits and _"
      ),
      (
        Declarations.table("", id: "'a\\27[2J'"),
        "x.lua: 'id' is 'a\\u{1b}[2J'; it must be a small letter and up to 63 small letters, digits and _"
      ),
      (Declarations.table("", id: "'\\255'"), "x.lua: 'id' is not valid UTF-8"),
      (Declarations.table("", id: long), "x.lua: 'id' is longer than 4096 bytes"),
      (
        Declarations.table("", version: "'1 0'"),
        "x.lua: 'version' is '1 0'; it must be like 1.0.0, up to 64 letters, digits, '.', '-' and '+'"
      ),
      (Declarations.table("", api: "'1'"), "x.lua: 'api' must be a whole number from 1 on, found string"),
      (Declarations.table("", api: "0"), "x.lua: 'api' must be a whole number from 1 on, found 0"),
      (Declarations.table("", api: "1.5"), "x.lua: 'api' must be a whole number from 1 on, found 1.5"),
      (Declarations.table("", api: "2"), "x.lua: the plugin needs API 2, this moonstep has API 1"),
      (Declarations.table("summary = 1"), "x.lua: 'summary' must be a text, found number"),
      (Declarations.table("summary = \(long)"), "x.lua: 'summary' is longer than 4096 bytes"),
      (Declarations.table("tags = 'a'"), "x.lua: 'tags' must be a list of texts, found string"),
      (Declarations.table("tags = { 'a', 1 }"), "x.lua: 'tags', entry 2 must be a text, found number"),
      (Declarations.table("tags = { a = 'b' }"), "x.lua: 'tags' must be a list of texts, found table"),
      (
        Declarations.table("pipelines = { 'sdx' }"),
        "x.lua: 'pipelines': unknown pipeline 'sdx'; did you mean 'sd'?"
      ),
      (
        Declarations.table("on_step_ends = print"),
        "x.lua: the plugin's table: unknown key 'on_step_ends'; did you mean 'on_step_end'?"
      ),
      (
        Declarations.table("zzz = 1, aaa_bbb = 2"),
        "x.lua: the plugin's table: unknown key 'aaa_bbb'; there are id, version, api, license, summary, author, homepage, "
          + "tags, pipelines, tensor_inputs, options, tests, on_run_begin, on_step_begin, on_guidance, on_step_end, on_run_end"
      ),
      (Declarations.table("[1] = 2"), "x.lua: the plugin's table: the key 1 is not a word"),
      (Declarations.table("[print] = 2"), "x.lua: the plugin's table: the key (function) is not a word"),
      (Declarations.table("on_run_end = 'x'"), "x.lua: 'on_run_end' must be a function, found string"),
      (Declarations.table("options = 1"), "x.lua: 'options' must be a table, found number"),
      (
        Declarations.table("options = { ['a b'] = {} }"),
        "x.lua: 'options': the name 'a b' is not a letter and up to 63 letters, digits and _"
      ),
    ])
  func refused(source: String, message: String) throws {
    #expect(try Declarations.refusal(source) == message)
  }

  @Test(
    "of an option is refused where it breaks a rule",
    arguments: [
      ("7", "option 'o' must be a table, found number"),
      ("{}", "option 'o': 'type' is missing"),
      ("{ type = 'numbr' }", "option 'o': there is no type 'numbr'; did you mean 'number'?"),
      ("{ type = 'number', hlep = '' }", "option 'o': unknown key 'hlep'; did you mean 'help'?"),
      ("{ type = 'number', help = {} }", "option 'o': 'help' must be a text, found table"),
      ("{ type = 'number', min = 2, max = 1 }", "option 'o': 'min' is above 'max'"),
      ("{ type = 'number', min = 0/0 }", "option 'o': 'min' must be a finite number"),
      ("{ type = 'number', max = 'x' }", "option 'o': 'max' must be a finite number"),
      ("{ type = 'string', min = 1 }", "option 'o': only numbers have 'min'"),
      ("{ type = 'string', required = 1 }", "option 'o': 'required' must be true or false, found number"),
      ("{ type = 'string', required = true, default = '' }", "option 'o': what is required has no 'default'"),
      ("{ type = 'integer', example = 0.5 }", "option 'o': 'example' must be an integer, found number"),
      ("{ type = 'number', max = 1, example = 2 }", "option 'o': 'example' is 2, more than 1"),
      ("{ type = 'number', choices = { 'a' } }", "option 'o': only the type 'choice' has 'choices'"),
      ("{ type = 'choice' }", "option 'o': 'choices' must list different texts, at least one"),
      ("{ type = 'choice', choices = { 'a', 'a' } }", "option 'o': 'choices' must list different texts, at least one"),
      (
        "{ type = 'choice', choices = { 'nearest', 'cubic' }, default = 'nearst' }",
        "option 'o': 'default' is 'nearst'; did you mean 'nearest'?"
      ),
      ("{ type = 'number', default = 'x' }", "option 'o': 'default' must be a finite number, found string"),
      ("{ type = 'number', default = 0/0 }", "option 'o': 'default' must be a finite number, found number"),
      ("{ type = 'number', default = 3, max = 2 }", "option 'o': 'default' is 3, more than 2"),
      ("{ type = 'number', default = 0.5, min = 1 }", "option 'o': 'default' is 0.5, less than 1"),
      ("{ type = 'integer', default = 1.5 }", "option 'o': 'default' must be an integer, found number"),
      ("{ type = 'boolean', default = 1 }", "option 'o': 'default' must be true or false, found number"),
      ("{ type = 'numbers', default = 1 }", "option 'o': 'default' must be a list of finite numbers, found number"),
      ("{ type = 'numbers', default = { 1, 5 }, max = 4 }", "option 'o': 'default' is 5, more than 4"),
      ("{ type = 'string', default = (\"x\"):rep(4097) }", "option 'o': 'default' is longer than 4096 bytes"),
    ])
  func refusedOption(declaration: String, message: String) throws {
    #expect(try Declarations.refusal(Declarations.table("options = { o = \(declaration) }")) == "x.lua: " + message)
  }
}
