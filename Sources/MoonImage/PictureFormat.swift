/// Formats of picture files, told apart by their first bytes.
enum PictureFormat: String, CaseIterable {
  case png = "PNG"
  case jpeg = "JPEG"
  case webp = "WebP"
  case gif = "GIF"
  case bmp = "BMP"
  case tiff = "TIFF"
  case heif = "HEIF"
  case avif = "AVIF"
  case jpeg2000 = "JPEG 2000"
  case jpegXL = "JPEG XL"
  case photoshop = "Photoshop"
  case netpbm = "Netpbm"
  case svg = "SVG"

  /// The format that `bytes` begin like, or `nil`.
  init?(_ bytes: [UInt8]) {
    guard let format = Self.allCases.first(where: { $0.isStart(of: bytes) }) else { return nil }
    self = format
  }

  private func isStart(of bytes: [UInt8]) -> Bool {
    starts.contains { bytes.dropFirst($0.place).starts(with: $0.bytes) }
  }

  /// Bytes, and where in a file they stand.
  private var starts: [(place: Int, bytes: [UInt8])] {
    switch self {
    case .png: [(0, PNG.signature)]
    case .jpeg: [(0, [0xFF, 0xD8, 0xFF])]
    case .webp: [(8, Array("WEBP".utf8))]
    case .gif: [(0, Array("GIF8".utf8))]
    case .bmp: [(0, Array("BM".utf8))]
    case .tiff: [(0, [0x49, 0x49, 0x2A, 0]), (0, [0x4D, 0x4D, 0, 0x2A])]
    case .heif: ["heic", "heix", "hevc", "mif1", "msf1"].map { (4, Array("ftyp\($0)".utf8)) }
    case .avif: [(4, Array("ftypavif".utf8)), (4, Array("ftypavis".utf8))]
    case .jpeg2000: [(4, Array("jP  ".utf8)), (0, [0xFF, 0x4F, 0xFF, 0x51])]
    case .jpegXL: [(0, [0xFF, 0x0A]), (4, Array("JXL ".utf8))]
    case .photoshop: [(0, Array("8BPS".utf8))]
    case .netpbm: (1...7).map { (0, Array("P\($0)\n".utf8)) }
    case .svg: [(0, Array("<svg".utf8))]
    }
  }
}
