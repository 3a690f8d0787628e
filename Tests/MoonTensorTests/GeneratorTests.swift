import MoonTensor
import MoonTestSupport
import Testing

@Suite("Generator") struct GeneratorTests {
  private struct Index: Decodable {
    let seeds: [String]
    let counts: [Int]
    let rand_counts: [Int]
    let sequences: [String: [Int]]
    let sequence_seeds: [UInt64]
    let batch_seeds: [UInt64]
  }
  private let index: Index
  private let fixture: Fixture

  init() throws {
    index = try FixtureJSON.decode(Index.self, "generator/generator.json")
    fixture = try Fixture("generator/generator")
  }

  private func seeds() throws -> [UInt64] { try index.seeds.map { try #require(UInt64($0)) } }

  @Test("draws PyTorch's normal numbers, below 16 values and from 16 on")
  func normal() throws {
    for seed in try seeds() {
      for count in index.counts {
        var generator = Generator(seed: seed)
        expectExact(try generator.normal(shape: [count]), try fixture["randn/seed_\(seed)/n_\(count)"], "\(seed)")
      }
    }
  }

  @Test("draws PyTorch's latents")
  func latents() throws {
    for seed in try seeds() {
      var generator = Generator(seed: seed)
      let values = try generator.normal(shape: [1, 4, 64, 64]).floats()
      let name = "randn/seed_\(seed)/n_16384"
      expectExact(try Tensor(Array(values.prefix(64)), shape: [64]), try fixture["\(name)/first"], "\(seed)")
      expectExact(try Tensor(Array(values.suffix(64)), shape: [64]), try fixture["\(name)/last"], "\(seed)")
    }
  }

  @Test("draws PyTorch's uniform numbers")
  func uniform() throws {
    for seed in try seeds() {
      for count in index.rand_counts {
        var generator = Generator(seed: seed)
        expectExact(try generator.uniform(shape: [count]), try fixture["rand/seed_\(seed)/n_\(count)"], "\(seed)")
      }
    }
  }

  @Test("keeps the second of a pair from one small draw to the next")
  func sequences() throws {
    for (name, counts) in index.sequences {
      for seed in index.sequence_seeds {
        var generator = Generator(seed: seed)
        for (draw, count) in counts.enumerated() {
          let key = "sequence/\(name)/seed_\(seed)/draw_\(draw)"
          expectExact(try generator.normal(shape: [count]), try fixture[key], key)
        }
      }
    }
  }

  @Test("mixes normal and uniform draws as PyTorch does")
  func mixed() throws {
    var generator = Generator(seed: 11)
    expectExact(try generator.normal(shape: [3]), try fixture["sequence/mixed/draw_0"])
    expectExact(try generator.uniform(shape: [5]), try fixture["sequence/mixed/draw_1"])
    expectExact(try generator.normal(shape: [16]), try fixture["sequence/mixed/draw_2"])
    expectExact(try generator.uniform(shape: [2]), try fixture["sequence/mixed/draw_3"])
    expectExact(try generator.normal(shape: [2]), try fixture["sequence/mixed/draw_4"])
  }

  @Test("goes on past the end of its state")
  func long() throws {
    var generator = Generator(seed: 5)
    for draw in ["first", "second"] {
      let values = try generator.normal(shape: [700]).floats()
      expectExact(try Tensor(Array(values.suffix(8)), shape: [8]), try fixture["sequence/long/\(draw)"], draw)
    }
  }

  @Test("fills shapes in row-major order", arguments: [[1, 4, 5, 7], [2, 4, 3, 5], [1, 1, 3, 4]])
  func shapes(shape: [Int]) throws {
    var generator = Generator(seed: 33)
    let key = "shape/" + shape.map(String.init).joined(separator: "x")
    expectExact(try generator.normal(shape: shape), try fixture[key], key)
  }

  @Test("draws the words of the Mersenne Twister")
  func words() {
    // The generator's published first words for this seed.
    let published: [UInt32] = [3_499_211_612, 581_869_302, 3_890_346_734]
    var generator = Generator(seed: 5489)
    let words = published.map { _ in generator.nextUInt32() }
    #expect(words == published)
    var other = Generator(seed: 5489)
    let pair = other.nextUInt64()
    #expect(pair == UInt64(published[0]) << 32 | UInt64(published[1]))
  }

  @Test("takes a negative seed by its bits, of which the lower 32 count")
  func negativeSeed() throws {
    var negative = Generator(seed: UInt64(bitPattern: -1))
    var large = Generator(seed: 0xFFFF_FFFF)
    expectExact(try negative.normal(shape: [20]), try large.normal(shape: [20]))
    #expect(negative.seed == .max)
  }

  @Test("is a value: a copy draws the same numbers again")
  func copies() throws {
    var generator = Generator(seed: 9)
    _ = try generator.normal(shape: [3])
    var copy = generator
    expectExact(try generator.normal(shape: [7]), try copy.normal(shape: [7]))
  }

  @Test("gives each row its own stream when there are several seeds", arguments: [[3, 4, 5, 7], [3, 1, 2, 3]])
  func batch(shape: [Int]) throws {
    var source = NoiseSource(seeds: index.batch_seeds)
    let key = "batch/" + shape.map(String.init).joined(separator: "x")
    expectExact(try source.normal(shape: shape), try fixture["\(key)/first"], key)
    expectExact(try source.normal(shape: shape), try fixture["\(key)/second"], key)
  }

  @Test("gives all rows one stream when there is one seed")
  func singleStream() throws {
    var source = NoiseSource(seeds: [33])
    expectExact(try source.normal(shape: [2, 4, 3, 5]), try fixture["shape/2x4x3x5"])
  }

  @Test("refuses a batch that does not fit the seeds")
  func batchMismatch() {
    var source = NoiseSource(seeds: [1, 2])
    let error = #expect(throws: TensorError.self) { try source.normal(shape: [3, 4]) }
    #expect(error?.description == "noise of 2 seeds: the shape is [3, 4], wanted [2, 4]")
  }
}
