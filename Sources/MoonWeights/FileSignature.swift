/// What a file is that was taken for a safetensors file, told by its first bytes.
enum FileSignature: String, CaseIterable {
  case png = "a PNG picture"
  case jpeg = "a JPEG picture"
  case zip = "a zip archive, as PyTorch's .ckpt, .pt and .bin files are; convert it to safetensors"
  case gguf = "a GGUF file; models are read from safetensors files"
  case lfsPointer = "a pointer of Git LFS; 'git lfs pull' fetches the file itself"
  case webPage = "a web page, perhaps in place of a download"
  case json = "JSON text"

  /// How many bytes are looked at.
  static let byteCount = 64

  /// Tells by the bytes that a file starts with; `nil` where they are no kind's.
  init?(start: [UInt8]) {
    guard let found = Self.allCases.first(where: { $0.matches(start) }) else { return nil }
    self = found
  }

  private func matches(_ start: [UInt8]) -> Bool {
    switch self {
    case .png: start.starts(with: [0x89, 0x50, 0x4E, 0x47])
    case .jpeg: start.starts(with: [0xFF, 0xD8, 0xFF])
    case .zip: start.starts(with: [0x50, 0x4B, 0x03, 0x04])
    case .gguf: start.starts(with: "GGUF".utf8)
    case .lfsPointer: start.starts(with: "version https://git-lfs".utf8)
    case .webPage: ["<!doctype html", "<html"].contains { Self.text(start).lowercased().hasPrefix($0) }
    case .json: Self.text(start).prefixMatch(of: /\{\s*["}]/) != nil
    }
  }

  /// The first bytes as text, without white space before it.
  private static func text(_ start: [UInt8]) -> String {
    String(decoding: start.drop { $0 == 0x20 || (0x09...0x0D).contains($0) }, as: UTF8.self)
  }
}
