import Foundation
import MoonTensor
import MoonTestSupport
import Testing

@Suite("Files that appear whole or not at all") struct AtomicFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  func bytes(_ name: String) throws -> [UInt8] {
    try FileBytes.read(folder.url.appending(path: name), limit: 1 << 20)
  }

  @Test("are made and replaced, and nothing stays beside them")
  func replacing() throws {
    let url = try folder.file("x.bin")
    try AtomicFile.write([1, 2, 3], to: url)
    #expect(try bytes("x.bin") == [1, 2, 3])
    try AtomicFile.write([], to: url)
    #expect(try bytes("x.bin") == [])
    #expect(try folder.contents == ["x.bin"])
  }

  @Test("keep the old bytes until the end, and go when they are given up")
  func givenUp() throws {
    let url = try folder.write([7], to: "x.bin")
    do {
      let file = try AtomicFile(replacing: url)
      try file.write([UInt8](repeating: 1, count: 100_000))
      #expect(try bytes("x.bin") == [7])
      #expect(try folder.contents.count == 2)
    }
    #expect(try bytes("x.bin") == [7])
    #expect(try folder.contents == ["x.bin"])
  }

  @Test("replace a link, and leave what it names alone")
  func links() throws {
    let target = try folder.write([7], to: "target")
    let link = try folder.file("link")
    try FileManager.default.createSymbolicLink(at: link, withDestinationURL: target)
    try AtomicFile.write([1], to: link)
    #expect(try bytes("target") == [7])
    #expect(try bytes("link") == [1])
    let dangling = try folder.file("dangling")
    try FileManager.default.createSymbolicLink(at: dangling, withDestinationURL: try folder.file("none"))
    try AtomicFile.write([2], to: dangling)
    #expect(try bytes("dangling") == [2])
    #expect(try folder.contents == ["dangling", "link", "target"])
  }

  @Test("are not written into a linked folder where that is forbidden")
  func linkedFolder() throws {
    _ = try folder.file("real/x")
    let link = try folder.file("link")
    try FileManager.default.createSymbolicLink(at: link, withDestinationURL: folder.url.appending(path: "real"))
    let url = link.appending(path: "x")
    #expect(
      folder.message { try AtomicFile.write([1], to: url, followsFolderLink: false) }
        == "link/x cannot be written: link is not a folder")
    try AtomicFile.write([1], to: url)
    #expect(try bytes("real/x") == [1])
  }

  @Test("keep the permissions of the file they replace")
  func permissions() throws {
    let url = try folder.write([7], to: "x.bin")
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: url.path)
    try AtomicFile.write([1], to: url)
    let mode = try FileManager.default.attributesOfItem(atPath: url.path)[.posixPermissions] as? NSNumber
    #expect(mode?.intValue == 0o600)
  }

  @Test("say why they cannot be written")
  func unwritable() throws {
    try folder.write([7], to: "file")
    _ = try folder.file("sub/x")
    func message(_ name: String) -> String? {
      folder.message { try AtomicFile.write([1], to: folder.url.appending(path: name)) }
    }
    #expect(message("none/x.bin") == "none/x.bin cannot be written: the folder none does not exist")
    #expect(message("file/x.bin") == "file/x.bin cannot be written: file is not a folder")
    #expect(message("sub") == "sub cannot be written: it is a folder")
    #expect(
      message(String(repeating: "n", count: 256))?.hasSuffix("cannot be written: the name has more than 255 bytes")
        == true)
    #expect(
      folder.message { try AtomicFile.write([1], to: URL(filePath: "/dev/null")) }
        == "/dev/null cannot be written: it is not a regular file")
    #expect(try bytes("file") == [7])
    #expect(try folder.contents == ["file", "sub"])
  }

  @Test("are read up to a limit")
  func limit() throws {
    let url = try folder.write([1, 2, 3], to: "x.bin")
    #expect(try FileBytes.read(url, limit: 3) == [1, 2, 3])
    #expect(
      folder.message { try FileBytes.read(url, limit: 2) }
        == "x.bin cannot be read: it has 3 bytes, more than the 2 allowed")
    #expect(
      folder.message { try FileBytes.read(folder.url, limit: 2) }?.hasSuffix("cannot be read: it is a folder") == true)
  }

  @Test("are named in messages as given, on one line")
  func names() {
    #expect(URL(filePath: "out/x.png").shownPath == "out/x.png")
    #expect(URL(filePath: "/tmp/a b\n\u{1B}[2J.png").shownPath == "/tmp/a b\\u{a}\\u{1b}[2J.png")
    #expect(String(repeating: "é", count: 201).shown == String(repeating: "é", count: 200) + "...")
  }
}
