internal import CMoonKernels

/// A factor and a summand for each channel of each row of a batch: what a normalisation comes to once the sums over the
/// picture are known.
package struct ChannelScales: Sendable {
  /// Channels of a pixel.
  let channels: Int
  /// Factors, then summands of each row of the batch.
  let values: [Float]

  /// Scales, shifts and activates `count` pixels of one row of the batch.
  func apply(
    to count: Int, item: Int, from source: UnsafePointer<Float>, into destination: UnsafeMutablePointer<Float>,
    activation: Activation
  ) throws(TensorError) {
    let grain = max(1, (1 << 15) / channels)
    try unsafe values.withUnsafeBufferPointer { buffer throws(TensorError) in
      guard let first = buffer.baseAddress else { return }
      let mine = unsafe first + item * channels * 2
      try OperationProfile.measure(.groupNorm) { () throws(TensorError) in
        try Parallel.forEachPiece(of: (count + grain - 1) / grain) { piece in
          let start = piece * grain
          unsafe moon_scale_rows(
            destination + start * channels, source + start * channels, min(grain, count - start), channels, mine,
            mine + channels, activation.rawValue)
        }
      }
    }
  }
}
