/// Height and width in pixels, or the top and left of a crop.
public struct PictureSize: Sendable, Equatable {
  /// Pixels from top to bottom.
  public var height: Int
  /// Pixels from left to right.
  public var width: Int

  /// A size.
  ///
  /// - Parameters:
  ///   - height: Pixels from top to bottom.
  ///   - width: Pixels from left to right.
  public init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }
}

/// What SDXL is told of the pictures that it was trained on (arXiv 2307.01952, section 2.2).
public struct MicroConditioning: Sendable, Equatable {
  /// Size before scaling; that of the picture when `nil`.
  public var originalSize: PictureSize?
  /// Where the picture was cut: top and left.
  public var cropTopLeft = PictureSize(height: 0, width: 0)
  /// Size after scaling; that of the picture when `nil`.
  public var targetSize: PictureSize?
  /// `originalSize` of the unwanted half; that of the wanted half when `nil`.
  public var negativeOriginalSize: PictureSize?
  /// `cropTopLeft` of the unwanted half; (0, 0) when `nil` while another negative size is given, else that of the wanted
  /// half.
  public var negativeCropTopLeft: PictureSize?
  /// `targetSize` of the unwanted half; that of the wanted half when `nil`.
  public var negativeTargetSize: PictureSize?
  /// Score out of 10 that the refiner is asked for.
  public var aestheticScore = 6.0
  /// Score of the unwanted half.
  public var negativeAestheticScore = 2.5

  /// The reference's defaults.
  public init() {}
}

/// The numbers of one row of `add_time_ids`, for both halves.
struct TimeIDs: Sendable, Equatable {
  let conditional: [Float]
  let unconditional: [Float]

  /// The row of a run that makes pictures of `height` x `width`.
  ///
  /// - Parameters:
  ///   - micro: As requested.
  ///   - height: Height of the pictures.
  ///   - width: Their width.
  ///   - scores: Whether an aesthetic score takes the place of the target size, as in the refiner.
  init(_ micro: MicroConditioning, height: Int, width: Int, scores: Bool) {
    let whole = PictureSize(height: height, width: width)
    let original = micro.originalSize ?? whole
    let target = micro.targetSize ?? whole
    let isNegativeGiven = micro.negativeOriginalSize != nil || micro.negativeTargetSize != nil
    let negativeCrop =
      micro.negativeCropTopLeft ?? (isNegativeGiven || scores ? PictureSize(height: 0, width: 0) : micro.cropTopLeft)
    func row(_ original: PictureSize, _ crop: PictureSize, _ target: PictureSize, _ score: Double) -> [Float] {
      [original, crop].flatMap { [Float($0.height), Float($0.width)] }
        + (scores ? [Float(score)] : [Float(target.height), Float(target.width)])
    }
    conditional = row(original, micro.cropTopLeft, target, micro.aestheticScore)
    unconditional = row(
      micro.negativeOriginalSize ?? original, negativeCrop, micro.negativeTargetSize ?? target,
      micro.negativeAestheticScore)
  }
}
