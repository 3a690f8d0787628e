internal import Foundation

/// How the pixels of an image at another size are made, as PIL's filters of these names do it.
package enum ResamplingFilter: String, Sendable, CaseIterable {
  /// The pixel below the new one's middle, without smoothing.
  case nearest
  /// The mean of the pixels below the new one.
  case box
  /// Linear between neighbours.
  case bilinear
  /// Sharper than `bilinear`, without its halos.
  case hamming
  /// Cubic, with the parameter -0.5.
  case bicubic
  /// A sinc of three lobes.
  case lanczos

  /// How far the filter reaches, in pixels of the smaller of both images.
  var support: Double {
    switch self {
    case .nearest: 0
    case .box: 0.5
    case .bilinear, .hamming: 1
    case .bicubic: 2
    case .lanczos: 3
    }
  }

  /// The weight of a pixel at `distance` from the middle, not normalized.
  func weight(at distance: Double) -> Double {
    let x = abs(distance)
    switch self {
    case .nearest: return 1
    case .box: return distance > -0.5 && distance <= 0.5 ? 1 : 0
    case .bilinear: return x < 1 ? 1 - x : 0
    case .hamming:
      // The window's two numbers are float32 in PIL.
      return x < 1 ? Self.sinc(x) * (Double(Float(0.54)) + Double(Float(0.46)) * cos(x * .pi)) : 0
    case .bicubic:
      if x < 1 { return (1.5 * x - 2.5) * x * x + 1 }
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0
    case .lanczos: return distance >= -3 && distance < 3 ? Self.sinc(distance) * Self.sinc(distance / 3) : 0
    }
  }

  private static func sinc(_ x: Double) -> Double { x == 0 ? 1 : sin(x * .pi) / (x * .pi) }
}

/// The weights of one direction in fixed point: which pixels make a new one, and how much each counts.
struct ResamplingWeights {
  /// How the weights become integers.
  enum Precision {
    /// 22 bits behind the point, as in PIL.
    case pillow
    /// As many bits as let the largest weight fit in 16, as PyTorch does for 8-bit images.
    case torch
  }

  /// For each new pixel, the first one that counts.
  private(set) var starts: [Int] = []
  /// For each new pixel, how many count.
  private(set) var counts: [Int] = []
  /// For each new pixel `stride` weights, the first `counts` of which are used.
  private(set) var values: [Int32] = []
  /// Places of `values` for each new pixel.
  let stride: Int
  /// Bits behind the point.
  let bits: Int

  /// The weights that make `newSize` pixels of those from `range.lowerBound` to `range.upperBound`, which may be no pixel
  /// at all, of a row of `size`.
  init(
    _ filter: ResamplingFilter, size: Int, range: Range<Int>, newSize: Int, precision: Precision = .pillow
  ) {
    let scale = Double(range.count) / Double(newSize)
    let widening = max(scale, 1)
    let support = filter.support * widening
    stride = Int(support.rounded(.up)) * 2 + 1
    var real = [Double](repeating: 0, count: newSize * stride)
    var largest = 0.0
    for index in 0..<newSize {
      let middle = Double(range.lowerBound) + (Double(index) + 0.5) * scale
      let start = max(Int(middle - support + 0.5), 0)
      let count = min(max(min(Int(middle + support + 0.5), size) - start, 0), stride)
      var sum = 0.0
      for tap in 0..<count {
        let weight = filter.weight(at: (Double(tap + start) - middle + 0.5) * (1 / widening))
        real[index * stride + tap] = weight
        sum += weight
      }
      if sum != 0 {
        for tap in 0..<count {
          real[index * stride + tap] /= sum
          largest = max(largest, real[index * stride + tap])
        }
      }
      starts.append(start)
      counts.append(count)
    }
    bits =
      switch precision {
      case .pillow: 22
      case .torch: (0..<22).first { 0.5 + largest * Double(1 << ($0 + 1)) >= Double(1 << 15) } ?? 22
      }
    let unit = Double(1 << bits)
    values = real.map { Int32($0 < 0 ? -0.5 + $0 * unit : 0.5 + $0 * unit) }
  }
}
