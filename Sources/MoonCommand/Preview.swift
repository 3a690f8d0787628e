internal import Foundation
package import MoonImage
package import MoonPipelines
internal import MoonTensor
internal import Synchronization

/// The pictures of a run so far, on the terminal above the progress line.
package final class Preview: Sendable {
  /// The most pictures of a batch that are shown, side by side.
  private static let pictureCount = 4

  private let style: PreviewStyle
  private let status: StatusOutput
  private let size: @Sendable () -> TerminalSize
  private let id: UInt32
  private let pace = Mutex(PreviewPace())

  /// The previews of one run.
  ///
  /// - Parameters:
  ///   - style: How the terminal shows pictures.
  ///   - status: Where they are shown.
  ///   - size: Asked before each of them.
  ///   - id: A number of these pictures that no others on the terminal have; at least 1.
  package init(
    style: PreviewStyle, status: StatusOutput,
    size: @escaping @Sendable () -> TerminalSize = { TerminalSize(of: .error) },
    id: UInt32 = .random(in: 1...UInt32(Int32.max))
  ) {
    (self.style, self.status, self.size, self.id) = (style, status, size, id)
  }

  /// Shows what the last step points to, if a preview is due; the run stays as it is. One that cannot be made is left out.
  ///
  /// - Parameter run: A run whose step has ended, on its own thread.
  package func show(_ run: DenoisingRun) {
    let clock = ContinuousClock.now
    if !pace.withLock({ $0.isDue(at: Self.seconds(clock)) }) { return }
    if let image = try? Self.image(of: run) { draw(image) }
    pace.withLock { $0.drew(from: Self.seconds(clock), to: Self.seconds(.now)) }
  }

  /// Shows the pictures that were made in place of the last preview, and leaves them there.
  package func finish(_ images: [RGBImage]) {
    if let image = try? Self.strip(images) { draw(image) }
    status.keepPicture()
  }

  private func draw(_ image: RGBImage) {
    guard let picture = try? TerminalPicture(image, style: style, size: size(), id: id) else { return }
    status.picture(picture)
  }

  private static func image(of run: DenoisingRun) throws -> RGBImage? {
    let pictures = try (0..<min(run.batchSize, pictureCount)).compactMap { try run.pictureSoFar(row: $0) }
    return try strip(pictures.map { try RGBImage(levels: $0) })
  }

  /// Pictures of one size side by side; `nil` for none.
  private static func strip(_ images: [RGBImage]) throws -> RGBImage? {
    guard let first = images.first else { return nil }
    let shown = images.prefix(pictureCount).filter { $0.width == first.width && $0.height == first.height }
    if shown.count == 1 { return first }
    let rowSize = first.width * 3
    let pixels = (0..<first.height).flatMap { row in
      shown.flatMap { $0.pixels[row * rowSize..<(row + 1) * rowSize] }
    }
    return try RGBImage(width: first.width * shown.count, height: first.height, pixels: pixels)
  }

  private static let start = ContinuousClock.now
  private static func seconds(_ instant: ContinuousClock.Instant) -> Double { (instant - start) / .seconds(1) }
}
