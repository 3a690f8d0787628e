import Foundation
import MoonText
import Testing

@Suite("The built-in vocabulary") struct PublishedVocabularyTests {
  @Test("stands in where no folder lies beside a model's file")
  func folderBeside() throws {
    let file = tokenizerFixtures.appendingPathComponent("model.safetensors")
    let small = try CLIPTokenizer.beside(file, name: "small", padding: .endOfText)
    #expect(small.vocabularySize == 874)
    let builtIn = try CLIPTokenizer.beside(file, padding: .exclamationMark)
    #expect(builtIn.vocabularySize == 49408)
    #expect(builtIn.paddingID == 0)
    #expect(builtIn.modelMaxLength == 77)
  }

  @Test("has the ids of the published files")
  func identifiers() throws {
    let published = try Published.tokenizer.get()
    let builtIn = try CLIPTokenizer(published: .endOfText)
    #expect(builtIn.vocabularySize == published.vocabularySize)
    #expect(builtIn.beginningOfTextID == published.beginningOfTextID)
    #expect(builtIn.endOfTextID == published.endOfTextID)
    #expect(builtIn.paddingID == published.paddingID)
    #expect(builtIn.unknownID == published.unknownID)
  }
}
