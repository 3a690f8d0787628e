/// Where everything lies on a contact sheet: titles and labels above and on the left, the grid, the caption below.
///
/// No two texts and pictures overlap, whatever the texts are.
package struct SheetLayout: Sendable {
  /// Width and height of a picture in pixels.
  package struct Size: Sendable, Equatable {
    /// Columns.
    package let width: Int
    /// Rows.
    package let height: Int

    /// A size.
    package init(width: Int, height: Int) {
      self.width = width
      self.height = height
    }

    init(_ image: RGBImage) { self.init(width: image.width, height: image.height) }
  }

  /// A line of text in its place.
  package struct Line: Sendable, Equatable {
    /// The text, fitted.
    package let text: String
    /// The pixels that it takes.
    package let rectangle: PixelRectangle
    /// Pixels along each side of a pixel of the font.
    package let scale: Int
    /// How bright it is.
    package let level: UInt8
  }

  /// Pixels of a row of the sheet.
  package private(set) var width = 0
  /// Rows of the sheet.
  package private(set) var height = 0
  /// The room of each picture, row by row.
  package private(set) var slots: [[PixelRectangle]] = []
  /// All texts.
  package private(set) var lines: [Line] = []
  /// How many pixels of the sheet a pixel of a picture takes along each side.
  package let zoom: Int
  /// How many pixels of the sheet a pixel of the font takes along each side: at least ten letters fit beside a small
  /// picture, some thirty beside one of 512 pixels.
  private let scale: Int
  /// Pixels around everything, and between two pictures.
  private let margin, gap: Int

  /// The shortest side of a picture where the sheet itself chooses how large it is shown.
  private static let shortestSide = 128
  /// The most lines of a label above a column, of the title above them, of a text below a picture, and of one below the
  /// grid.
  private static let (labelLines, titleLines, cellLines, captionLines) = (3, 2, 2, 4)
  /// How bright labels are, and titles and captions.
  private static let (ink, faintInk): (UInt8, UInt8) = (24, 96)

  /// A layout.
  ///
  /// - Parameters:
  ///   - sheet: The texts.
  ///   - sizes: Sizes of the pictures, row by row; `nil` where there is none.
  ///   - captions: A text for each picture; room is kept for the longest.
  package init(_ sheet: ContactSheet, sizes: [[Size?]], captions: [[String]]) {
    precondition(
      sizes.count == sheet.rows?.labels.count ?? 1 && !sizes.isEmpty
        && sizes.allSatisfy { $0.count == sheet.columns.labels.count && !$0.isEmpty },
      "a contact sheet has a place for each pair of labels")
    let known = sizes.joined().compactMap(\.self)
    let shortest = known.map { min($0.width, $0.height) }.min() ?? Self.shortestSide
    zoom = min(max(1, sheet.zoom ?? (Self.shortestSide + shortest - 1) / shortest), RGBImage.maximumSide)
    let room = Self.rooms(sizes, zoom: zoom)
    scale = min(8, max(2, (room.widths.max() ?? 0) / 160))
    margin = 6 * scale
    gap = 4 * scale
    let widths = room.widths.map { max($0, PixelText.width(characters: 3, scale: scale)) }
    let heights = room.heights.map { max($0, PixelText.lineHeight(scale: scale)) }
    let labelWidth = sheet.rows.map { self.labelWidth($0, atMost: widths.max() ?? 0) } ?? 0
    let lefts = starts(of: widths, from: labelWidth > 0 ? margin + labelWidth + gap : margin)
    let right = (lefts.last ?? 0) + (widths.last ?? 0)
    width = right + margin
    let gridTop = head(sheet.columns, lefts: lefts, widths: widths)
    if let rows = sheet.rows {
      let box = PixelRectangle(left: margin, top: margin, width: labelWidth, height: gridTop - margin)
      write(rows.title, in: box, at: .lowerRight, level: Self.faintInk)
    }
    let cellLines = captions.map { row in zip(row, widths).map { lineCount($0, width: $1) }.max() ?? 0 }.max() ?? 0
    let captionHeight = cellLines * PixelText.lineHeight(scale: small)
    let tops = starts(of: heights.map { $0 + captionHeight }, from: gridTop)
    slots = zip(tops, heights).map { top, height in
      zip(lefts, widths).map { PixelRectangle(left: $0, top: top, width: $1, height: height) }
    }
    for (row, label) in (sheet.rows?.labels ?? []).enumerated() {
      let box = PixelRectangle(left: margin, top: tops[row], width: labelWidth, height: heights[row])
      write(label, in: box, at: .right, level: Self.ink)
    }
    for (slot, caption) in zip(slots.joined(), captions.joined()) where cellLines > 0 {
      let box = PixelRectangle(left: slot.left, top: slot.bottom + small, width: slot.width, height: captionHeight)
      write(caption, in: box, at: .top, level: Self.faintInk, scale: small)
    }
    foot(sheet.captions, below: (slots.last?.first?.bottom ?? 0) + captionHeight)
  }

  /// Where a picture lies in its room: in the middle.
  package func place(of size: Size, in slot: PixelRectangle) -> PixelRectangle {
    let (width, height) = (size.width * zoom, size.height * zoom)
    return PixelRectangle(
      left: slot.left + (slot.width - width) / 2, top: slot.top + (slot.height - height) / 2, width: width,
      height: height)
  }

  /// Throws when no picture may be as large as the sheet.
  package func checkSize() throws(ImageError) {
    if !RGBImage.isSupported(width: width, height: height) { throw .unsupportedSize(width: width, height: height) }
  }

  /// The scale of texts that matter less.
  private var small: Int { max(1, scale - 1) }

  /// The widest picture of each column and the highest of each row; where there is none, those of the whole sheet.
  private static func rooms(_ sizes: [[Size?]], zoom: Int) -> (widths: [Int], heights: [Int]) {
    let known = sizes.joined().compactMap(\.self)
    let width = known.map(\.width).max() ?? shortestSide
    let height = known.map(\.height).max() ?? shortestSide
    return (
      sizes[0].indices.map { column in zoom * (sizes.compactMap { $0[column]?.width }.max() ?? width) },
      sizes.map { zoom * ($0.compactMap { $0?.height }.max() ?? height) }
    )
  }

  /// Where pieces begin that lie side by side.
  private func starts(of lengths: [Int], from start: Int) -> [Int] {
    var next = start
    return lengths.map { length in
      defer { next += length + gap }
      return next
    }
  }

  /// The room for the labels of the rows.
  private func labelWidth(_ axis: ContactSheet.Axis, atMost limit: Int) -> Int {
    let longest = ([axis.title] + axis.labels).map(\.count).max() ?? 0
    return min(limit, PixelText.width(characters: max(1, longest), scale: scale))
  }

  /// Writes what stands above the columns; gives the row below it.
  private mutating func head(_ axis: ContactSheet.Axis, lefts: [Int], widths: [Int]) -> Int {
    let (left, right) = (lefts.first ?? 0, (lefts.last ?? 0) + (widths.last ?? 0))
    let lineHeight = PixelText.lineHeight(scale: scale)
    let titleBox = PixelRectangle(left: left, top: margin, width: right - left, height: Self.titleLines * lineHeight)
    let title = write(axis.title, in: titleBox, at: .top, level: Self.faintInk)
    let counts = zip(axis.labels, widths).map { label, width in
      PixelText.lines(
        label, characters: PixelText.characters(in: width, scale: scale), limit: Self.labelLines
      ).count
    }
    let top = margin + title * lineHeight + (title > 0 ? scale : 0)
    let height = (counts.max() ?? 0) * lineHeight
    for (column, label) in axis.labels.enumerated() {
      let box = PixelRectangle(left: lefts[column], top: top, width: widths[column], height: height)
      write(label, in: box, at: .bottom, level: Self.ink)
    }
    return top + height + scale
  }

  /// Lines of a text below a picture.
  private func lineCount(_ caption: String, width: Int) -> Int {
    PixelText.lines(
      caption, characters: PixelText.characters(in: width, scale: small), limit: Self.cellLines
    ).count
  }

  /// Writes the texts below the grid, and ends the sheet.
  private mutating func foot(_ captions: [String], below bottom: Int) {
    let lineHeight = PixelText.lineHeight(scale: small)
    var top = bottom + gap
    for caption in captions {
      let box = PixelRectangle(
        left: margin, top: top, width: width - 2 * margin, height: Self.captionLines * lineHeight)
      top += write(caption, in: box, at: .upperLeft, level: Self.faintInk, scale: small) * lineHeight
    }
    height = (top > bottom + gap ? top : bottom) + margin
  }

  /// Where a text lies in its room.
  private enum Place { case top, upperLeft, right, lowerRight, bottom }

  /// Fits a text into a room and writes it.
  ///
  /// - Returns: Lines that it took.
  @discardableResult
  private mutating func write(
    _ text: String, in box: PixelRectangle, at place: Place, level: UInt8, scale: Int? = nil
  ) -> Int {
    let scale = scale ?? self.scale
    let lineHeight = PixelText.lineHeight(scale: scale)
    let texts = PixelText.lines(
      text, characters: PixelText.characters(in: box.width, scale: scale), limit: box.height / lineHeight)
    let rest = box.height - texts.count * lineHeight
    let top =
      switch place {
      case .top, .upperLeft: box.top
      case .right: box.top + rest / 2
      case .lowerRight, .bottom: box.top + rest
      }
    for (index, text) in texts.enumerated() {
      let width = PixelText.width(characters: text.count, scale: scale)
      let left =
        switch place {
        case .upperLeft: box.left
        case .top, .bottom: box.left + (box.width - width) / 2
        case .right, .lowerRight: box.right - width
        }
      lines.append(
        Line(
          text: text,
          rectangle: PixelRectangle(
            left: left, top: top + index * lineHeight, width: width, height: GlyphTable.height * scale),
          scale: scale, level: level))
    }
    return texts.count
  }
}
