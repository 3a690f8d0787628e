package import Foundation
internal import MoonTensor
package import MoonWeights

/// Opens files that may come from anywhere.
package enum CommunityFile {
  /// Maps the safetensors file at `url`; a pickle is refused without being read, by its name or its first bytes.
  package static func open(_ url: URL) throws(CommunityError) -> SafetensorsFile {
    if isPickle(url) { throw .pickled(file: url.shownPath) }
    return try onWeights { () throws(WeightsError) in try SafetensorsFile(contentsOf: url) }
  }

  private static func isPickle(_ url: URL) -> Bool {
    // Anything but a regular file is left to the reader, which refuses it without waiting for bytes.
    let attributes = try? FileManager.default.attributesOfItem(atPath: url.resolvingSymlinksInPath().path)
    guard attributes?[.type] as? FileAttributeType == .typeRegular else { return false }
    if ["ckpt", "pt", "pth", "bin", "pkl"].contains(url.pathExtension.lowercased()) { return true }
    guard let handle = try? FileHandle(forReadingFrom: url) else { return false }
    defer { try? handle.close() }
    let start = [UInt8]((try? handle.read(upToCount: 10)) ?? Data())
    // A zip archive, as torch.save makes them, or a pickle of protocol 2 to 5. A safetensors file begins with the size
    // of its header, whose text follows; as such a size these bytes would be beyond any limit or not followed by "{".
    if start.starts(with: [0x50, 0x4B, 0x03, 0x04]) { return true }
    return start.count == 10 && start[0] == 0x80 && (2...5).contains(start[1]) && start[8] != UInt8(ascii: "{")
  }
}
