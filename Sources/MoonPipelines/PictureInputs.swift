internal import MoonImage
internal import MoonNets
internal import MoonTensor

/// The pictures of a request at the size of the run, as the networks take them.
///
/// - Source: diffusers, the `__call__` of its image-to-image, inpainting and ControlNet pipelines;
///   `Fixtures/traces/guide.json`.
struct PictureInputs {
  /// Size of the pictures that the network makes.
  let size: PictureSize
  /// The pictures to start from, `[1, 3, height, width]` in -1...1 each.
  var images: [Tensor] = []
  /// The masks, `[1, 1, height, width]`, 0 or 1, each.
  var masks: [Tensor] = []
  /// What each ControlNet follows, `[1, 3, height, width]` in 0...1 each.
  var controls: [[Tensor]] = []
  /// The masked region that the work is confined to.
  var region: CropRegion?
  /// The masks as they are blended with: blurred.
  var blurredMasks: [RGBImage] = []

  /// Resizes and converts all pictures of `request`.
  ///
  /// - Parameters:
  ///   - request: Checked for the numbers of pictures.
  ///   - factor: Pixels along one side of a latent.
  ///   - modelSize: What the model was trained on.
  ///   - warn: Told of a size that is rounded.
  /// - Throws: `PipelineError.badRequest`, naming the option.
  init(_ request: GenerationRequest, factor: Int, modelSize: PictureSize, warn: (String) -> Void) throws {
    blurredMasks = try request.masks.map { mask in
      request.maskBlur > 0 ? try Self.option("--mask-blur") { try mask.blurred(radius: Float(request.maskBlur)) } : mask
    }
    size = try Self.size(of: request, factor: factor, modelSize: modelSize, warn: warn)
    let (width, height) = (size.width, size.height)
    if let padding = request.maskCropPadding, let mask = blurredMasks.first {
      region = try Self.option("--mask-crop") {
        try CropRegion(mask: GreyImage(mask), width: width, height: height, padding: padding)
      }
    }
    let region = region
    let mode: ImageProcessor.Mode = region == nil ? .stretched : .filled
    images = try request.images.map { image in
      try Self.option("--image") {
        try ImageProcessor.image(multiple: factor).tensor(
          image, width: width, height: height, mode: mode, region: region)
      }
    }
    masks = try blurredMasks.map { mask in
      try Self.option("--mask") {
        try ImageProcessor.mask(multiple: factor).tensor(mask, width: width, height: height, mode: mode, region: region)
      }
    }
    controls = try request.controls.map { control in
      try control.images.map { image in
        try Self.option("--control-image") {
          try ImageProcessor.control(multiple: factor).tensor(
            image, width: width, height: height, mode: mode, region: region)
        }
      }
    }
  }

  /// The size of the run: as asked for, that of the picture it starts from, of the first control picture, or the model's
  /// own. Inpainting takes the model's own where no size is asked for, with a ControlNet the picture's: as the reference
  /// does.
  private static func size(
    of request: GenerationRequest, factor: Int, modelSize: PictureSize, warn: (String) -> Void
  ) throws -> PictureSize {
    let source: (option: String, image: RGBImage)? =
      if let image = request.images.first {
        request.masks.isEmpty || !request.controls.isEmpty ? ("--image", image) : nil
      } else if let image = request.controls.first?.images.first {
        ("--control-image", image)
      } else {
        nil
      }
    if source == nil, request.height == nil, request.width == nil, let shape = request.latents?.shape, shape.count == 4
    {
      return PictureSize(height: shape[2] &* factor, width: shape[3] &* factor)
    }
    guard let source else {
      return PictureSize(height: request.height ?? modelSize.height, width: request.width ?? modelSize.width)
    }
    let found = PictureSize(height: source.image.height, width: source.image.width)
    if found.height < factor && request.height == nil || found.width < factor && request.width == nil {
      throw PipelineError.badRequest(
        option: source.option,
        detail: "the picture has \(found.width)x\(found.height) pixels, the model needs \(factor)x\(factor) at least")
    }
    let rounded = PictureSize(
      height: request.height ?? found.height - found.height % factor,
      width: request.width ?? found.width - found.width % factor)
    let isRounded =
      request.height == nil && rounded.height != found.height || request.width == nil && rounded.width != found.width
    // What is made of a region is put back into the picture, whose size stays.
    if isRounded && request.maskCropPadding == nil {
      warn(
        "\(source.option): \(found.width)x\(found.height) is no multiple of \(factor), so it is made "
          + "\(rounded.width)x\(rounded.height)")
    }
    return rounded
  }

  /// The pictures made, each put into the picture that it mends where the work was confined to a region.
  func overlaid(_ images: [RGBImage], factor: Int, request: GenerationRequest) throws -> [RGBImage] {
    guard let region, !request.images.isEmpty, !blurredMasks.isEmpty else { return images }
    return try images.enumerated().map { index, image in
      try Self.option("--mask-crop") {
        try ImageProcessor.image(multiple: factor).overlaid(
          image, on: request.images[index % request.images.count], mask: blurredMasks[index % blurredMasks.count],
          region: region)
      }
    }
  }

  /// Adds the option to an error of a picture.
  private static func option<Result>(_ name: String, _ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let error as ImageError {
      throw PipelineError.badRequest(option: name, detail: "\(error)")
    }
  }
}
