package import ArgumentParser
internal import Foundation
internal import MoonImage
package import MoonPipelines
internal import MoonTensor

/// Options for runs that start from a picture or mend one.
package struct InputPictureOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A PNG or JPEG to start from; with --mask the picture to mend. Repeat it for one a picture.", valueName: "file"))
  package var image: [String] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How much of the picture is made anew, 0 to 1; by default 0.8, with SDXL 0.3, when mending 1.", valueName: "x"))
  package var strength: Double?

  @Option(help: ArgumentHelp("What to make anew of the picture: white in this PNG or JPEG.", valueName: "file"))
  package var mask: [String] = []

  @Option(parsing: .unconditional, help: ArgumentHelp("Pixels by which the mask is blurred.", valueName: "x"))
  package var maskBlur = 0.0

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Works on the masked region alone, with so many pixels around it, at full size.", valueName: "n"))
  package var maskCrop: Int?

  /// Options with their defaults, to be parsed.
  package init() {}

  /// Checks what can be checked without the files.
  ///
  /// - Throws: `ValidationError` that names the option.
  package func validate() throws {
    try PathCheck.requireNames(["--image": image, "--mask": mask])
    if let strength, !(0...1).contains(strength) { throw ValidationError("--strength: \(strength) is outside 0..1") }
    if image.isEmpty {
      if strength != nil { throw ValidationError("--strength: it needs a picture to start from: --image") }
      if !mask.isEmpty { throw ValidationError("--mask: it needs the picture that it belongs to: --image") }
    }
    if mask.isEmpty && (maskBlur != 0 || maskCrop != nil) {
      throw ValidationError("\(maskCrop == nil ? "--mask-blur" : "--mask-crop"): it needs a mask: --mask")
    }
    if !(0...1000).contains(maskBlur) { throw ValidationError("--mask-blur: \(maskBlur) is outside 0..1000") }
    if let maskCrop, !(0...16384).contains(maskCrop) {
      throw ValidationError("--mask-crop: \(maskCrop) is outside 0..16384")
    }
  }

  /// Reads the pictures into a request.
  ///
  /// - Throws: `ImageError`, naming the file.
  package func fill(_ request: inout GenerationRequest) throws {
    request.images = try image.map { try RGBImage(contentsOf: URL(literalPath: $0)) }
    request.masks = try mask.map { try RGBImage(contentsOf: URL(literalPath: $0)) }
    request.strength = strength
    request.maskBlur = maskBlur
    request.maskCropPadding = maskCrop
  }
}
