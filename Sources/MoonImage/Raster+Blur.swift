internal import Foundation

extension Raster {
  /// This raster blurred as by PIL's `GaussianBlur`, to the byte: three box blurs of a fractional width along the rows,
  /// then three along the columns.
  ///
  /// - Parameter radius: The standard deviation in pixels, in `0...16384`.
  /// - Returns: A raster of the same size.
  /// - Source: Gwosdek et al., SSVM 2011; `Fixtures/images/blur.safetensors`.
  func blurred(radius: Float) -> Raster {
    let box = BoxBlur(deviation: radius, passes: 3)
    if box.radius == 0 { return self }
    var result = self
    for row in 0..<height {
      for channel in 0..<channels {
        box.apply(to: &result.pixels, from: row * width * channels + channel, step: channels, count: width)
      }
    }
    for column in 0..<width * channels {
      box.apply(to: &result.pixels, from: column, step: width * channels, count: height)
    }
    return result
  }
}

/// A mean over a fractional number of pixels, done several times; weights have 24 bits behind the point.
private struct BoxBlur {
  /// Pixels at each side of the middle one.
  let radius: Float
  private let passes: Int
  /// Pixels at each side that count in full.
  private let reach: Int
  /// The weight of those, and of the two after them.
  private let weight: UInt32
  private let edgeWeight: UInt32

  /// The blur that comes near a Gaussian of this standard deviation.
  init(deviation: Float, passes: Int) {
    let variance = deviation * deviation / Float(passes)
    let length = Float(sqrt(12 * Double(variance) + 1))
    let whole = Float(floor((Double(length) - 1) / 2))
    let part =
      (2 * whole + 1) * (whole * (whole + 1) - 3 * variance) / (6 * (variance - (whole + 1) * (whole + 1)))
    radius = whole + part
    self.passes = passes
    reach = Int(radius)
    weight = UInt32(Float(1 << 24) / (radius * 2 + 1))
    edgeWeight = (1 << 24 - UInt32(reach * 2 + 1) * weight) / 2
  }

  /// Blurs the `count` bytes that lie `step` apart from `start` on; those at the ends are repeated.
  func apply(to pixels: inout [UInt8], from start: Int, step: Int, count: Int) {
    // The line with as many repeated bytes at each side as a mean may reach.
    let margin = reach + 1
    var line = [UInt8](repeating: 0, count: count + 2 * margin)
    for index in 0..<count { line[margin + index] = pixels[start + index * step] }
    for _ in 0..<passes {
      for index in 0..<margin {
        line[index] = line[margin]
        line[margin + count + index] = line[margin + count - 1]
      }
      var sum: UInt32 = 0
      for index in 0..<2 * reach + 1 { sum += UInt32(line[index]) }
      // Bytes of the last mean are written where no later one reads, a margin ahead of their place.
      for index in 0..<count {
        let (first, last) = (UInt32(line[index]), UInt32(line[index + 2 * margin]))
        sum = sum + UInt32(line[index + 2 * reach + 1]) - first
        line[index] = UInt8(truncatingIfNeeded: (sum * weight + (first + last) * edgeWeight + 1 << 23) >> 24)
      }
      for index in (0..<count).reversed() { line[margin + index] = line[index] }
    }
    for index in 0..<count { pixels[start + index * step] = line[margin + index] }
  }
}

extension GreyImage {
  /// This image blurred, as by PIL's `GaussianBlur`.
  ///
  /// - Parameter radius: The standard deviation in pixels, in `0...16384`.
  /// - Returns: An image of the same size.
  /// - Throws: `ImageError.badSetting`.
  package func blurred(radius: Float) throws(ImageError) -> GreyImage {
    try checkRadius(radius)
    return GreyImage(raster.blurred(radius: radius))
  }
}

extension RGBImage {
  /// This image blurred, as by PIL's `GaussianBlur`: the blur of a mask in diffusers.
  ///
  /// - Parameter radius: The standard deviation in pixels, in `0...16384`.
  /// - Returns: An image of the same size.
  /// - Throws: `ImageError.badSetting`.
  package func blurred(radius: Float) throws(ImageError) -> RGBImage {
    try checkRadius(radius)
    return RGBImage(raster.blurred(radius: radius))
  }
}

private func checkRadius(_ radius: Float) throws(ImageError) {
  let largest = RGBImage.maximumSide
  if !(0...Float(largest)).contains(radius) {
    throw .badSetting(name: "the blur of \(radius)", reason: "is not in 0...\(largest)")
  }
}
