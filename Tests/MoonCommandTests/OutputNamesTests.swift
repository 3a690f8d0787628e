import Foundation
import MoonCommand
import Testing

@Suite("Output names") struct OutputNamesTests {
  @Test("number several pictures and name the plugins' folder")
  func names() throws {
    let names = try OutputNames("out/apple.v2.PNG")
    #expect(names.pictures(count: 1) == ["out/apple.v2.PNG"])
    #expect(names.pictures(count: 3) == ["out/apple.v2-0.PNG", "out/apple.v2-1.PNG", "out/apple.v2-2.PNG"])
    #expect(names.pluginFolder.relativePath == "out/apple.v2_plugins")
  }

  @Test(
    "that are no PNG files are refused",
    arguments: ["", "out", "out.jpg", ".png", "out/.png", "out.png/", "png", "out.png.gz"])
  func refusing(path: String) {
    let failure = CommandFailure(.usage, "--output: '\(path)' does not end in a file name with .png")
    #expect(throws: failure) { try OutputNames(path) }
  }
}

@Suite("Output check") struct OutputCheckTests {
  @Test("finds a missing folder, a file in its place, and a folder or device of the file's name")
  func check() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "moonstep-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: folder.appending(path: "taken.png"), withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data().write(to: folder.appending(path: "file"))
    func message(_ name: String) -> String? {
      do {
        try OutputCheck.check(folder.appending(path: name).path, option: "--output")
        return nil
      } catch {
        #expect((error as? CommandFailure)?.status == .usage)
        return "\(error)".replacingOccurrences(of: folder.path, with: "F")
      }
    }
    #expect(message("new.png") == nil)
    #expect(message("file") == nil)
    #expect(message("none/new.png") == "--output: 'F/none/new.png' cannot be written: the folder F/none does not exist")
    #expect(message("file/new.png") == "--output: 'F/file/new.png' cannot be written: F/file is not a folder")
    let link = folder.appending(path: "link.png")
    try FileManager.default.createSymbolicLink(at: link, withDestinationURL: URL(filePath: "/dev/full"))
    #expect(message("link.png") == "--output: 'F/link.png' cannot be written: it is not a regular file")
    #expect(message("taken.png") == "--output: 'F/taken.png' cannot be written: it is a folder")
  }
}
