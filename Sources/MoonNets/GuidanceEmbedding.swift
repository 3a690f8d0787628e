internal import Foundation
package import MoonTensor

/// The embedding of a guidance scale, for networks that were taught to imitate guidance: `time_cond_proj_dim` of the
/// reference.
package enum GuidanceEmbedding {
  /// Sines, then cosines, of 1000 times each scale less 1.
  ///
  /// - Parameters:
  ///   - scales: One guidance scale a row.
  ///   - width: `guidanceWidth` of the network's configuration; an odd width ends in a column of zeros.
  /// - Returns: `[scales.count, width]`.
  /// - Throws: `TensorError`.
  /// - Source: arXiv 2210.03142, in float32 steps as the reference computes it; `Fixtures/guide_networks`.
  package static func rows(of scales: [Double], width: Int) throws(TensorError) -> Tensor {
    let half = width / 2
    let step = log(Float(10000)) / Float(half - 1)
    var values = [Float](repeating: 0, count: scales.count * width)
    for (row, scale) in scales.enumerated() {
      for index in 0..<half {
        let angle = Float(scale - 1) * 1000 * exp(Float(index) * -step)
        values[row * width + index] = sin(angle)
        values[row * width + half + index] = cos(angle)
      }
    }
    return try Tensor(values, shape: [scales.count, width])
  }
}
