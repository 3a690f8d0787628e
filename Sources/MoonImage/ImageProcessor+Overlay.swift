extension ImageProcessor {
  /// The original where the mask is black, and what was painted where it is white.
  ///
  /// - Parameters:
  ///   - image: What was painted: of the original's size or, with `region`, of any.
  ///   - original: The image that was painted on.
  ///   - mask: White where the painting shows, of the original's size.
  ///   - region: The part of the original that `image` shows; outside of it the painting is black.
  /// - Returns: An image of the original's size, equal to the reference's to the byte.
  /// - Throws: `ImageError.differentSize`, `.unsupportedSize`.
  /// - Source: diffusers, `VaeImageProcessor.apply_overlay`; `Fixtures/images/processor.safetensors`.
  package func overlaid(
    _ image: RGBImage, on original: RGBImage, mask: RGBImage, region: CropRegion? = nil
  ) throws(ImageError) -> RGBImage {
    let wanted = [original.width, original.height]
    if [mask.width, mask.height] != wanted {
      throw .differentSize(name: "the mask", found: [mask.width, mask.height], wanted: wanted)
    }
    var painted = image.raster
    if let region {
      let part = try resized(image, width: region.width, height: region.height, mode: .cropped)
      painted = Raster(width: original.width, height: original.height, channels: 3)
      painted.paste(part.raster, x: region.left, y: region.top)
    } else if [image.width, image.height] != wanted {
      throw .differentSize(name: "the image", found: [image.width, image.height], wanted: wanted)
    }
    let levels = GreyImage(mask).pixels
    for place in levels.indices {
      for byte in place * 3..<place * 3 + 3 {
        painted.pixels[byte] = Self.blended(original.pixels[byte], 255 - levels[place], over: painted.pixels[byte])
      }
    }
    return RGBImage(painted)
  }

  /// `level` with opacity `alpha` over `background`, in PIL's steps: weighted with alpha in 8 bits, unweighted, and
  /// composed with 7 more bits.
  private static func blended(_ level: UInt8, _ alpha: UInt8, over background: UInt8) -> UInt8 {
    if alpha == 0 { return background }
    let opacity = UInt32(alpha)
    var colour = dividedBy255(UInt32(level) * opacity + 0x80)
    if alpha < 255 { colour = min(255, 255 * colour / opacity) }
    let sum = colour * (opacity << 7) + UInt32(background) * ((255 - opacity) << 7) + 0x80 << 7
    return UInt8(truncatingIfNeeded: dividedBy255(sum) >> 7)
  }

  /// `value / 255`, by shifts as PIL does; half of the divisor was added before.
  private static func dividedBy255(_ value: UInt32) -> UInt32 { ((value >> 8) + value) >> 8 }
}
