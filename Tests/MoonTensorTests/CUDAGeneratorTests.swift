import MoonTensor
import MoonTestSupport
import Testing

@Suite("Generator of a CUDA device") struct CUDAGeneratorTests {
  private func tensor(_ values: [Float]) throws -> Tensor { try Tensor(values, shape: [values.count]) }

  @Test("draws the normal numbers that PyTorch prints on a GPU")
  func normal() throws {
    // torch.manual_seed(0); torch.randn(12, device="cuda"), with the digits that web UIs publish for it.
    let published: [Float] = [
      -0.92466259, -0.42534415, -2.6438457, 0.14518388, -0.12086647, -0.57972564, -0.62285122, -0.32838709, -1.07454231,
      -0.36314407, -1.67105067, 2.26550497,
    ]
    var generator = Generator(seed: 0, device: .cuda)
    // Float32 roundings of a logarithm, a root and a sine.
    expectClose(try generator.normal(shape: [12]), try tensor(published), atol: 1e-6)
  }

  @Test("draws the uniform numbers that PyTorch prints on a GPU, from one draw to the next")
  func uniform() throws {
    // torch.manual_seed(0); torch.rand(16, device="cuda"); the second row after torch.rand(10, device="cuda").
    let printed: [Float] = [
      0.3990, 0.5167, 0.0249, 0.9401, 0.9459, 0.7967, 0.4150, 0.8203, 0.2290, 0.9096, 0.1183, 0.0752, 0.4092, 0.9601,
      0.2093, 0.1940,
    ]
    let next: [Float] = [0.9722, 0.7910, 0.4690, 0.3300, 0.3345, 0.3783, 0.7640, 0.6405, 0.1103, 0.3594]
    var generator = Generator(seed: 0, device: .cuda)
    var other = generator
    expectClose(try generator.uniform(shape: [16]), try tensor(printed), atol: 5.1e-5)
    _ = try other.uniform(shape: [10])
    expectClose(try other.uniform(shape: [10]), try tensor(next), atol: 5.1e-5)
  }

  @Test("draws the published words of Philox4x32-10")
  func words() {
    // The first word of the vector for a counter and a key of zeros.
    var generator = Generator(seed: 0, device: .cuda)
    #expect(generator.nextUInt32() == 0x6627_E8D5)
  }

  @Test("draws the same number for an element whatever the size and shape of the tensor")
  func sizes() throws {
    var large = Generator(seed: 7, device: .cuda)
    var small = Generator(seed: 7, device: .cuda)
    let values = try large.normal(shape: [1, 4, 32, 32]).floats()
    expectExact(try small.normal(shape: [2, 5]), try Tensor(Array(values.prefix(10)), shape: [2, 5]))
    // Each draw is one step, whatever its size: the next ones agree too.
    let following = try large.normal(shape: [3]).floats()
    expectExact(try small.normal(shape: [3]), try tensor(following))
  }

  @Test("draws nothing for an empty tensor")
  func empty() throws {
    var generator = Generator(seed: 7, device: .cuda)
    var other = generator
    _ = try generator.normal(shape: [0, 4])
    _ = try generator.uniform(shape: [0])
    expectExact(try generator.normal(shape: [3]), try other.normal(shape: [3]))
  }

  @Test("takes all 64 bits of a seed")
  func seeds() throws {
    var low = Generator(seed: 5, device: .cuda)
    var high = Generator(seed: 5 + (1 << 32), device: .cuda)
    #expect(difference(try low.normal(shape: [4]), try high.normal(shape: [4]), atol: 1e-3, rtol: 0) != nil)
  }

  @Test("draws standard normal numbers")
  func moments() throws {
    var generator = Generator(seed: 3, device: .cuda)
    let values = try generator.normal(shape: [65536]).floats().map(Double.init)
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    // Deviations of the estimates: 0.004 and 0.0055.
    #expect(abs(mean) < 0.02)
    #expect(abs(variance - 1) < 0.025)
    #expect(values.allSatisfy { abs($0) < 6 })
  }

  @Test("gives each row its own stream when there are several seeds")
  func batch() throws {
    var source = NoiseSource(seeds: [3, 0], device: .cuda)
    var single = Generator(seed: 0, device: .cuda)
    let rows = try source.normal(shape: [2, 3, 2]).floats()
    expectExact(try tensor(Array(rows.suffix(6))), try single.normal(shape: [6]))
    #expect(source.generators.allSatisfy { $0.device == .cuda })
  }
}
