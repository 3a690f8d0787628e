internal import CMoonKernels

extension Tensor {
  /// Normalises each group of channels over all positions, then scales, shifts and activates each channel.
  ///
  /// - Parameters:
  ///   - groups: Groups of neighbouring channels; divides the last size.
  ///   - weight: Scale of each channel, `[C]`.
  ///   - bias: Shift of each channel, `[C]`.
  ///   - epsilon: Added to the variance.
  ///   - activation: Applied last.
  /// - Returns: The shape of `self`, which is `[B, ..., C]`.
  /// - Throws: `TensorError.shapeMismatch`, `.outOfBudget`, `.interrupted`.
  package func groupNormalized(
    groups: Int, weight: Tensor, bias: Tensor, epsilon: Float, activation: Activation = .none
  ) throws(TensorError) -> Tensor {
    let source = try contiguous()
    let scales = try source.groupScales(groups: groups, weight: weight, bias: bias, epsilon: epsilon)
    let result = try Tensor(uninitialized: shape)
    guard result.count > 0, let from = unsafe source.floatBuffer.baseAddress,
      let to = unsafe result.mutableFloats.baseAddress
    else { return result }
    let (batch, channels) = (shape[0], scales.channels)
    let positions = result.count / (batch * channels)
    for item in 0..<batch {
      let start = item * positions * channels
      try unsafe scales.apply(to: positions, item: item, from: from + start, into: to + start, activation: activation)
    }
    return result
  }

  /// What group normalisation multiplies each channel of each row of the batch by, and adds.
  ///
  /// - Parameters: As those of `groupNormalized`.
  /// - Throws: `TensorError.shapeMismatch`, `.outOfBudget`, `.interrupted`.
  package func groupScales(
    groups: Int, weight: Tensor, bias: Tensor, epsilon: Float
  ) throws(TensorError) -> ChannelScales {
    guard rank >= 2, let channels = shape.last, groups > 0, channels.isMultiple(of: groups) else {
      throw .badShape(shape, reason: "the last size is not a multiple of \(groups) groups")
    }
    try weight.requireShape([channels], operation: "group norm")
    try bias.requireShape([channels], operation: "group norm")
    let source = try contiguous()
    let batch = shape[0]
    guard count > 0, let from = unsafe source.floatBuffer.baseAddress else {
      return ChannelScales(channels: channels, values: [])
    }
    let positions = count / (batch * channels)
    let grain = max(1, (1 << 15) / channels)
    let pieces = (positions + grain - 1) / grain
    var partial = [Double](repeating: 0, count: batch * pieces * channels * 2)
    try unsafe partial.withUnsafeMutableBufferPointer { buffer throws(TensorError) in
      guard let sums = buffer.baseAddress else { return }
      try OperationProfile.measure(.groupNorm) { () throws(TensorError) in
        try Parallel.forEachPiece(of: batch * pieces) { piece in
          let (item, part) = piece.quotientAndRemainder(dividingBy: pieces)
          let start = part * grain
          let mine = unsafe sums + piece * channels * 2
          unsafe moon_column_sums(
            mine, mine + channels, from + (item * positions + start) * channels, min(grain, positions - start),
            channels)
        }
      }
    }
    extendLifetime(source)
    return try ChannelScales(
      channels: channels,
      values: Self.groupScales(
        partial, batch: batch, pieces: pieces, positions: positions, groups: groups, weight: weight.floats(),
        bias: bias.floats(), epsilon: epsilon))
  }

  /// Scale and shift of each channel of each row of the batch, from sums over parts of the positions.
  private static func groupScales(
    _ partial: [Double], batch: Int, pieces: Int, positions: Int, groups: Int, weight: [Float], bias: [Float],
    epsilon: Float
  ) -> [Float] {
    let channels = weight.count
    let width = channels / groups
    var scales = [Float](repeating: 0, count: batch * channels * 2)
    for item in 0..<batch {
      for group in 0..<groups {
        let members = group * width..<(group + 1) * width
        var (sum, square) = (0.0, 0.0)
        for piece in item * pieces..<(item + 1) * pieces {
          for channel in members {
            sum += partial[piece * channels * 2 + channel]
            square += partial[piece * channels * 2 + channels + channel]
          }
        }
        let count = Double(positions * width)
        let mean = sum / count
        let deviation = 1 / (max(square / count - mean * mean, 0) + Double(epsilon)).squareRoot()
        for channel in members {
          let scale = Double(weight[channel]) * deviation
          scales[item * channels * 2 + channel] = Float(scale)
          scales[item * channels * 2 + channels + channel] = Float(Double(bias[channel]) - mean * scale)
        }
      }
    }
    return scales
  }

  /// Normalises each row of the last dimension, then scales and shifts it.
  ///
  /// - Parameters:
  ///   - weight: Scale, `[C]`; nil for 1.
  ///   - bias: Shift, `[C]`; nil for 0.
  ///   - epsilon: Added to the variance.
  /// - Returns: The shape of `self`.
  /// - Throws: `TensorError.shapeMismatch`, `.outOfBudget`, `.interrupted`.
  package func layerNormalized(weight: Tensor?, bias: Tensor?, epsilon: Float) throws(TensorError) -> Tensor {
    guard let width = shape.last else { throw .badShape(shape, reason: "a layer norm needs a dimension") }
    try weight?.requireShape([width], operation: "layer norm")
    try bias?.requireShape([width], operation: "layer norm")
    let source = try contiguous()
    let result = try Tensor(uninitialized: shape)
    guard result.count > 0, let from = unsafe source.floatBuffer.baseAddress,
      let to = unsafe result.mutableFloats.baseAddress
    else { return result }
    let scale = try weight?.contiguous()
    let shift = try bias?.contiguous()
    let rows = result.count / width
    let grain = max(1, (1 << 15) / width)
    try OperationProfile.measure(.layerNorm) { () throws(TensorError) in
      try Parallel.forEachPiece(of: (rows + grain - 1) / grain) { piece in
        let start = piece * grain
        unsafe moon_layer_norm_rows(
          to + start * width, from + start * width, min(grain, rows - start), width,
          scale.map { unsafe $0.floatPointer }, shift.map { unsafe $0.floatPointer }, epsilon)
      }
    }
    return result
  }

  /// Throws unless the shape is `wanted`.
  func requireShape(_ wanted: [Int], operation: String) throws(TensorError) {
    if shape != wanted { throw .shapeMismatch(operation: operation, found: shape, wanted: wanted) }
  }
}
