extension Orientation {
  /// The orientation that a PNG or JPEG file names in its EXIF data or, where that says nothing, in its XMP data.
  ///
  /// Data that cannot be read name none.
  init(metadata bytes: [UInt8], format: PictureFormat) {
    let found =
      switch format {
      case .jpeg: Self.jpegMetadata(bytes)
      case .png: Self.pngMetadata(bytes)
      default: (exif: [UInt8](), xmp: [UInt8]())
      }
    let number = Self.exifNumber(found.exif) ?? Self.xmpNumber(found.xmp)
    self = number.flatMap(Orientation.init(rawValue:)) ?? .upright
  }

  /// The data of the application segments before the first scan.
  private static func jpegMetadata(_ bytes: [UInt8]) -> (exif: [UInt8], xmp: [UInt8]) {
    let exifName = Array("Exif\0\0".utf8)
    let xmpName = Array("http://ns.adobe.com/xap/1.0/\0".utf8)
    var result = (exif: [UInt8](), xmp: [UInt8]())
    var place = 2
    while place + 4 <= bytes.count {
      // Fill bytes and bytes between segments are stepped over.
      let marker = bytes[place + 1]
      if bytes[place] != 0xFF || marker == 0xFF || marker == 0 {
        place += 1
        continue
      }
      if marker == 0xDA || marker == 0xD9 { break }
      if (0xD0...0xD8).contains(marker) {
        place += 2
        continue
      }
      let end = place + 2 + (Int(bytes[place + 2]) << 8 | Int(bytes[place + 3]))
      if end > bytes.count || end < place + 4 { break }
      let data = bytes[place + 4..<end]
      if marker == 0xE1 {
        // Some writers name it twice.
        if data.starts(with: exifName + exifName) {
          result.exif += data.dropFirst(2 * exifName.count)
        } else if data.starts(with: exifName) {
          result.exif += data.dropFirst(exifName.count)
        }
        if data.starts(with: xmpName) { result.xmp = Array(data.dropFirst(xmpName.count)) }
      }
      place = end
    }
    return result
  }

  /// The data of an `eXIf` chunk and of the text chunk for XMP.
  private static func pngMetadata(_ bytes: [UInt8]) -> (exif: [UInt8], xmp: [UInt8]) {
    var result = (exif: [UInt8](), xmp: [UInt8]())
    PNG.forEachChunk(of: bytes) { kind, data in
      if kind.elementsEqual("eXIf".utf8) { result.exif = Array(data) }
      if kind.elementsEqual("iTXt".utf8), data.starts(with: "XML:com.adobe.xmp\0".utf8) { result.xmp = Array(data) }
    }
    return result
  }

  /// The number of tag 274 in the first directory of a TIFF file.
  private static func exifNumber(_ bytes: [UInt8]) -> Int? {
    let isLittleEndian = bytes.starts(with: [0x49, 0x49, 0x2A, 0])
    if !isLittleEndian && !bytes.starts(with: [0x4D, 0x4D, 0, 0x2A]) { return nil }
    func number(at place: Int, byteCount: Int) -> Int? {
      if place < 0 || place + byteCount > bytes.count { return nil }
      let digits = bytes[place..<place + byteCount]
      return isLittleEndian
        ? digits.reversed().reduce(0) { $0 << 8 | Int($1) } : digits.reduce(0) { $0 << 8 | Int($1) }
    }
    guard let directory = number(at: 4, byteCount: 4), let count = number(at: directory, byteCount: 2) else {
      return nil
    }
    for index in 0..<count {
      let entry = directory + 2 + index * 12
      guard let tag = number(at: entry, byteCount: 2) else { return nil }
      if tag != 274 { continue }
      // 3 and 4 are numbers of two and four bytes; single bytes are no orientation to the reference.
      let sizes = [3: 2, 4: 4]
      guard let kind = number(at: entry + 2, byteCount: 2), let byteCount = sizes[kind],
        number(at: entry + 4, byteCount: 4) == 1
      else { return nil }
      return number(at: entry + 8, byteCount: byteCount)
    }
    return nil
  }

  /// The digit after `tiff:Orientation="` or `tiff:Orientation>`.
  private static func xmpNumber(_ bytes: [UInt8]) -> Int? {
    let name = Array("tiff:Orientation".utf8)
    var rest = bytes[...]
    while let found = rest.firstRange(of: name) {
      rest = rest[found.upperBound...]
      let value =
        rest.starts(with: "=\"".utf8) ? rest.dropFirst(2) : rest.starts(with: ">".utf8) ? rest.dropFirst() : []
      if let digit = value.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) {
        return Int(digit - UInt8(ascii: "0"))
      }
    }
    return nil
  }
}
