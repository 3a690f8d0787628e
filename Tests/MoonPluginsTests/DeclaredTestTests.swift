import MoonPlugins
import Testing

@Suite("Tests that a plugin declares") struct DeclaredTestTests {
  @Test("are functions by name, in the order of their names")
  func names() throws {
    let manifest = try Declarations.manifest(
      Declarations.table("tests = { [\"b b\"] = function() end, a = function() end }"))
    #expect(manifest.tests.map(\.name) == ["a", "b b"])
    #expect(try Declarations.manifest(Declarations.table("tests = {}")).tests.isEmpty)
    #expect(try Declarations.manifest("return function() end").tests.isEmpty)
  }

  @Test(
    "of another form are refused",
    arguments: [
      ("tests = 1", "'tests' must be a table of functions, found number"),
      ("tests = { function() end }", "'tests': each test has a name of 1 to 200 bytes"),
      ("tests = { [''] = function() end }", "'tests': each test has a name of 1 to 200 bytes"),
      ("tests = { a = 3 }", "'tests': 'a' must be a function, found number"),
      ("tests = { [(\"x\"):rep(201)] = print }", "'tests': each test has a name of 1 to 200 bytes"),
      ("test = {}", "the plugin's table: unknown key 'test'; did you mean 'tests'?"),
    ])
  func refusals(source: String, message: String) throws {
    #expect(try Declarations.refusal(Declarations.table(source)) == "x.lua: " + message)
  }
}
