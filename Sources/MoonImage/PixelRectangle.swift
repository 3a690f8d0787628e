/// A part of a picture, in pixels from its upper left corner.
package struct PixelRectangle: Sendable, Equatable {
  /// The first column.
  package let left: Int
  /// The first row.
  package let top: Int
  /// Columns.
  package let width: Int
  /// Rows.
  package let height: Int

  /// A rectangle.
  package init(left: Int, top: Int, width: Int, height: Int) {
    self.left = left
    self.top = top
    self.width = width
    self.height = height
  }

  /// The column behind the last one.
  package var right: Int { left + width }
  /// The row below the last one.
  package var bottom: Int { top + height }

  /// Whether the two have a pixel in common.
  package func overlaps(_ other: PixelRectangle) -> Bool {
    left < other.right && other.left < right && top < other.bottom && other.top < bottom
  }

  /// Whether all of `other` lies in this one.
  package func contains(_ other: PixelRectangle) -> Bool {
    left <= other.left && other.right <= right && top <= other.top && other.bottom <= bottom
  }
}
