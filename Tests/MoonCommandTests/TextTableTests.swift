import MoonCommand
import Testing

@Suite("Tables of text") struct TextTableTests {
  @Test("stand in columns, each on its side, without spaces at the ends of lines")
  func columns() {
    var table = TextTable([.left, .right, .left])
    table.add(["a", "1", "x"])
    table.add(["long", "100", ""])
    #expect(table.text == "a       1  x\nlong  100\n")
    #expect(TextTable([.left]).text == "")
  }
}
