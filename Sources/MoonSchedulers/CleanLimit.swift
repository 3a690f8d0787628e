import MoonTensor

/// Keeps predicted clean latents in a range.
enum CleanLimit: Sendable {
  /// `-range...range`.
  case clip(range: Float)
  /// A range for each sample in which the share `ratio` of its elements lies, at least 1 and at most `maximum`, which is
  /// then stretched to `-1...1`: dynamic thresholding, arXiv 2205.11487, section 2.3.
  case dynamic(ratio: Float, maximum: Float)

  /// The limit that a configuration asks for; clipping gives way to thresholding.
  init?(_ configuration: SchedulerConfiguration) {
    if configuration["thresholding"] == true {
      self = .dynamic(
        ratio: Float(configuration.number("dynamic_thresholding_ratio")),
        maximum: Float(configuration.number("sample_max_value")))
    } else if configuration["clip_sample"] == true {
      self = .clip(range: Float(configuration.number("clip_sample_range")))
    } else {
      return nil
    }
  }

  /// The limited latents; the first dimension counts samples.
  func applied(to clean: Tensor) throws(SchedulerError) -> Tensor {
    try onTensors { () throws(TensorError) in
      let result = try clean.copied()
      let values = unsafe result.mutableFloats
      let sampleCount = max(clean.shape.first ?? 1, 1)
      let size = values.count / sampleCount
      for sample in 0..<sampleCount {
        unsafe limit(UnsafeMutableBufferPointer(rebasing: values[sample * size..<(sample + 1) * size]))
      }
      return result
    }
  }

  private func limit(_ values: UnsafeMutableBufferPointer<Float>) {
    switch self {
    case .clip(let range):
      for index in values.indices { unsafe values[index] = min(max(values[index], -range), range) }
    case .dynamic(let ratio, let maximum):
      let bound = min(max(Self.quantile(unsafe values.map { abs($0) }, ratio), 1), maximum)
      for index in values.indices { unsafe values[index] = min(max(values[index], -bound), bound) / bound }
    }
  }

  /// The value below which the share `ratio` lies, between two by linear interpolation: `torch.quantile`.
  private static func quantile(_ values: [Float], _ ratio: Float) -> Float {
    guard let last = values.indices.last else { return 0 }
    let sorted = values.sorted()
    let rank = ratio * Float(last)
    let below = min(Int(rank), last)
    let above = min(below + 1, last)
    let weight = rank - Float(below)
    let span = sorted[above] - sorted[below]
    return weight < 0.5 ? sorted[below] + weight * span : sorted[above] - span * (1 - weight)
  }
}
