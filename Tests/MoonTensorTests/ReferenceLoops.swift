import MoonTensor
import Testing

/// A small random stream, so that tests see the same numbers everywhere.
struct TestNumbers {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  /// Uniform in -1..<1, a multiple of 2^-20.
  mutating func next() -> Float {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Float(Int(state >> 43)) / Float(1 << 20) - 1
  }

  mutating func tensor(_ shape: [Int], scale: Float = 1, dtype: DType = .float32) throws -> Tensor {
    let values = (0..<shape.reduce(1, *)).map { _ in next() * scale }
    return try Tensor(values, shape: shape).converted(to: dtype)
  }
}

/// Expects `found` to have `shape` and to lie within `tolerance` times the largest wanted value (at least 1) of it.
func expectNear(
  _ found: Tensor, _ wanted: [Double], shape: [Int], tolerance: Double, _ label: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  #expect(found.shape == shape, "\(label)", sourceLocation: sourceLocation)
  let values = try found.floats()
  guard values.count == wanted.count else {
    Issue.record("\(label): \(values.count) values, wanted \(wanted.count)", sourceLocation: sourceLocation)
    return
  }
  let bound = tolerance * max(1, wanted.lazy.map(abs).max() ?? 0)
  guard let worst = values.indices.max(by: { distance(values[$0], wanted[$0]) < distance(values[$1], wanted[$1]) })
  else { return }
  #expect(
    distance(values[worst], wanted[worst]) <= bound,
    "\(label): element \(worst) is \(values[worst]), wanted \(wanted[worst])", sourceLocation: sourceLocation)
}

/// Distance of two numbers; infinite when one of them is not a number.
private func distance(_ found: Float, _ wanted: Double) -> Double {
  let difference = abs(Double(found) - wanted)
  return difference.isNaN ? .infinity : difference
}

/// Plain loops in double precision, one for each kernel.
enum ReferenceLoops {
  static func doubles(_ tensor: Tensor?) throws -> [Double] { try tensor?.floats().map(Double.init) ?? [] }

  static func activation(_ kind: Activation, _ x: Double) -> Double {
    switch kind {
    case .none: x
    case .silu: x / (1 + exponential(-x))
    case .gelu: x / 2 * (1 + errorFunction(x / 2.0.squareRoot()))
    case .geluTanh: x / 2 * (1 + tangent((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    case .quickGELU: x / (1 + exponential(-1.702 * x))
    }
  }

  static func linear(
    _ x: Tensor, _ weight: Tensor, _ bias: Tensor?, _ residual: Tensor?, _ kind: Activation
  ) throws -> [Double] {
    let (rows, columns, depth) = (x.count / max(weight.shape[1], 1), weight.shape[0], weight.shape[1])
    let (a, w, b, r) = try (doubles(x), doubles(weight), doubles(bias), doubles(residual))
    var result: [Double] = []
    for row in 0..<rows {
      for column in 0..<columns {
        var sum = (b.isEmpty ? 0 : b[column]) + (r.isEmpty ? 0 : r[row * columns + column])
        for index in 0..<depth { sum += a[row * depth + index] * w[column * depth + index] }
        result.append(activation(kind, sum))
      }
    }
    return result
  }

  /// Channels last in and out, weights OIHW.
  static func convolution(
    _ x: Tensor, _ weight: Tensor, _ bias: Tensor?, stride: Int, padding: Padding, rowBias: Tensor? = nil,
    residual: Tensor? = nil
  ) throws -> (values: [Double], shape: [Int]) {
    let (height, width, inputs) = (x.shape[1], x.shape[2], x.shape[3])
    let (outputs, tall, wide) = (weight.shape[0], weight.shape[2], weight.shape[3])
    let rows = (height + padding.top + padding.bottom - tall) / stride + 1
    let columns = (width + padding.left + padding.right - wide) / stride + 1
    let (a, w, b) = try (doubles(x), doubles(weight), doubles(bias))
    let (rowShift, r) = try (doubles(rowBias), doubles(residual))
    var result: [Double] = []
    for item in 0..<x.shape[0] {
      for row in 0..<rows {
        for column in 0..<columns {
          for output in 0..<outputs {
            var sum = b.isEmpty ? 0 : b[output]
            if !rowShift.isEmpty { sum += rowShift[item * outputs + output] }
            if !r.isEmpty { sum += r[result.count] }
            for down in 0..<tall {
              let y = row * stride - padding.top + down
              if y < 0 || y >= height { continue }
              for across in 0..<wide {
                let place = column * stride - padding.left + across
                if place < 0 || place >= width { continue }
                for input in 0..<inputs {
                  sum +=
                    a[((item * height + y) * width + place) * inputs + input]
                    * w[((output * inputs + input) * tall + down) * wide + across]
                }
              }
            }
            result.append(sum)
          }
        }
      }
    }
    return (result, [x.shape[0], rows, columns, outputs])
  }

  static func groupNorm(
    _ x: Tensor, groups: Int, _ weight: Tensor, _ bias: Tensor, epsilon: Double, _ kind: Activation
  ) throws -> [Double] {
    let channels = weight.count
    let (positions, size) = (x.count / max(x.shape[0], 1) / channels, channels / groups)
    let (a, w, b) = try (doubles(x), doubles(weight), doubles(bias))
    var result = a
    for item in 0..<x.shape[0] {
      for group in 0..<groups {
        let places = (0..<positions * size).map {
          (item * positions + $0 / size) * channels + group * size + $0 % size
        }
        let mean = places.reduce(0) { $0 + a[$1] } / Double(places.count)
        let variance = places.reduce(0) { $0 + (a[$1] - mean) * (a[$1] - mean) } / Double(places.count)
        for place in places {
          let normal = (a[place] - mean) / (variance + epsilon).squareRoot()
          result[place] = activation(kind, normal * w[place % channels] + b[place % channels])
        }
      }
    }
    return result
  }

  static func layerNorm(_ x: Tensor, _ weight: Tensor?, _ bias: Tensor?, epsilon: Double) throws -> [Double] {
    let (a, w, b) = try (doubles(x), doubles(weight), doubles(bias))
    let width = x.shape[x.rank - 1]
    var result: [Double] = []
    for row in 0..<(width == 0 ? 0 : a.count / width) {
      let line = a[row * width..<(row + 1) * width]
      let mean = line.reduce(0, +) / Double(width)
      let variance = line.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
      for (index, value) in line.enumerated() {
        let normal = (value - mean) / (variance + epsilon).squareRoot()
        result.append(normal * (w.isEmpty ? 1 : w[index]) + (b.isEmpty ? 0 : b[index]))
      }
    }
    return result
  }

  static func attention(
    _ query: Tensor, _ keys: Tensor, _ values: Tensor, heads: Int, scale: Double, isCausal: Bool
  ) throws -> [Double] {
    let (batch, length, width, seen) = (query.shape[0], query.shape[1], query.shape[2], keys.shape[1])
    let size = width / heads
    let (q, k, v) = try (doubles(query), doubles(keys), doubles(values))
    var result = [Double](repeating: 0, count: q.count)
    for item in 0..<batch {
      for head in 0..<heads {
        for row in 0..<length {
          let place = (item * length + row) * width + head * size
          let visible = isCausal ? min(row + 1, seen) : seen
          let scores = (0..<visible).map { key in
            let other = (item * seen + key) * width + head * size
            return scale * (0..<size).reduce(0) { $0 + q[place + $1] * k[other + $1] }
          }
          let largest = scores.max() ?? 0
          let weights = scores.map { exponential($0 - largest) }
          let total = weights.reduce(0, +)
          for index in 0..<size {
            result[place + index] =
              (0..<visible).reduce(0) { sum, key in
                sum + weights[key] * v[(item * seen + key) * width + head * size + index]
              } / total
          }
        }
      }
    }
    return result
  }
}
