/// One picture that shows many beside each other in a grid, with labels.
///
/// ```swift
/// var sheet = ContactSheet(columns: .init(title: "guidance_scale", labels: ["1", "7.5"]))
/// sheet.captions = ["red apple on a blue background"]
/// let picture = try sheet.image([[.init(first), .init(second)]])
/// ```
/// Texts are written in a small font of ASCII, as large as suits the pictures; another character is a box. What is too
/// long for its place is broken into lines, and then shortened.
public struct ContactSheet: Sendable {
  /// What changes along one side of the grid.
  public struct Axis: Sendable, Equatable {
    /// What it is.
    public var title: String
    /// Its value for each column, or for each row.
    public var labels: [String]

    /// An axis.
    ///
    /// - Parameters:
    ///   - title: What changes.
    ///   - labels: Its values, at least one.
    public init(title: String, labels: [String]) {
      self.title = title
      self.labels = labels
    }
  }

  /// One picture of the grid.
  public struct Cell: Sendable, Equatable {
    /// The picture.
    public var image: RGBImage
    /// A text below it, of two short lines at most; empty for none.
    public var caption: String

    /// A picture with a text below it.
    ///
    /// - Parameters:
    ///   - image: The picture.
    ///   - caption: The text.
    public init(_ image: RGBImage, caption: String = "") {
      self.image = image
      self.caption = caption
    }
  }

  /// What changes from column to column.
  public var columns: Axis
  /// What changes from row to row; `nil` for a single row without a label.
  public var rows: Axis?
  /// Texts below the grid, one below the other.
  public var captions: [String] = []
  /// How many pixels of the sheet a pixel of a picture takes along each side; `nil` for the least with which no side of
  /// a picture is shorter than 128.
  public var zoom: Int?

  /// Shades of grey.
  enum Level {
    static let paper: UInt8 = 255
    static let blank: UInt8 = 232
  }

  /// A sheet without pictures yet.
  ///
  /// - Parameters:
  ///   - columns: What changes from column to column.
  ///   - rows: What changes from row to row; `nil` for a single row.
  public init(columns: Axis, rows: Axis? = nil) {
    self.columns = columns
    self.rows = rows
  }

  /// The sheet with these pictures; each is centred in its place.
  ///
  /// - Parameter cells: Row by row, as many as there are labels; `nil` where the place stays empty.
  /// - Returns: The sheet.
  /// - Throws: `ImageError.unsupportedSize` when it would be too large.
  public func image(_ cells: [[Cell?]]) throws(ImageError) -> RGBImage {
    let layout = layout(of: cells)
    try layout.checkSize()
    var raster = Raster(width: layout.width, height: layout.height, channels: 3)
    raster.fill(
      PixelRectangle(left: 0, top: 0, width: layout.width, height: layout.height), level: Level.paper)
    for (slots, cells) in zip(layout.slots, cells) {
      for (slot, cell) in zip(slots, cells) {
        guard let image = cell?.image else {
          raster.fill(slot, level: Level.blank)
          continue
        }
        let place = layout.place(of: SheetLayout.Size(image), in: slot)
        raster.paste(image.raster.enlarged(by: layout.zoom), x: place.left, y: place.top)
      }
    }
    for line in layout.lines {
      raster.draw(
        line.text, x: line.rectangle.left, y: line.rectangle.top, scale: line.scale, level: line.level)
    }
    return RGBImage(raster)
  }

  /// Where everything lies on the sheet with these pictures.
  package func layout(of cells: [[Cell?]]) -> SheetLayout {
    SheetLayout(
      self, sizes: cells.map { $0.map { $0.map { SheetLayout.Size($0.image) } } },
      captions: cells.map { $0.map { $0?.caption ?? "" } })
  }
}
