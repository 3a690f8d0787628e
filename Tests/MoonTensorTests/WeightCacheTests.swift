import MoonTensor
import Testing

@Suite("Weight cache") struct WeightCacheTests {
  /// Runs `body` with weights kept in `cache`, or nowhere.
  @Test(
    "changes no bit of a convolution, in the first call and in the second",
    arguments: ConvolutionLayerTests.cases, [DType.float16, .float32])
  func convolution(_ sizes: ConvolutionCase, dtype: DType) throws {
    var numbers = TestNumbers(seed: 11)
    let x = try numbers.tensor(sizes.picture)
    let weight = try numbers.tensor([sizes.outputs, sizes.picture[3]] + sizes.kernel, scale: 0.1, dtype: dtype)
    let layer = try ConvolutionLayer(weight: weight, bias: nil, stride: sizes.stride, padding: sizes.padding)
    let wanted = try keeping(nil) { try layer(x) }.floats()
    let cache = WeightCache(limit: 1 << 28)
    for _ in 0..<2 {
      let found = try keeping(cache) { try layer(x) }.floats()
      #expect(found == wanted)
    }
    // Nothing is kept of a result without elements.
    #expect((cache.keptByteCount > 0) == !wanted.isEmpty)
  }

  @Test(
    "changes no bit of a linear layer, plain and gated, with one set of panels and with several", arguments: [5, 300])
  func linear(rows: Int) throws {
    var numbers = TestNumbers(seed: 12)
    let x = try numbers.tensor([rows, 330])
    let layer = try LinearLayer(
      weight: try numbers.tensor([70, 330], scale: 0.1, dtype: .bfloat16), bias: try numbers.tensor([70]))
    let wanted = try keeping(nil) { (try layer(x).floats(), try layer.gatedGELU(x).floats()) }
    let cache = WeightCache(limit: 1 << 22)
    for _ in 0..<2 {
      let found = try keeping(cache) { (try layer(x).floats(), try layer.gatedGELU(x).floats()) }
      #expect(found == wanted)
    }
  }

  @Test("keeps no more than its limit, and works without it from there on")
  func limit() throws {
    var numbers = TestNumbers(seed: 13)
    let x = try numbers.tensor([40, 64])
    let layers = try (0..<4).map { _ in try LinearLayer(weight: try numbers.tensor([64, 64]), bias: nil) }
    let wanted = try layers.map { try $0(x).floats() }
    // 16 KiB a layer.
    let cache = WeightCache(limit: 40 << 10)
    for _ in 0..<2 {
      let found = try keeping(cache) { try layers.map { try $0(x).floats() } }
      #expect(found == wanted)
      #expect(cache.keptByteCount == 32 << 10)
    }
  }

  @Test("lasts as long as a layer that keeps weights in it")
  func lifetime() throws {
    var numbers = TestNumbers(seed: 14)
    let layer = try LinearLayer(weight: try numbers.tensor([64, 64]), bias: nil)
    let x = try numbers.tensor([40, 64])
    let wanted = try layer(x).floats()
    weak var seen: WeightCache?
    do {
      let cache = WeightCache(limit: 1 << 20)
      seen = cache
      try keeping(cache) { _ = try layer(x) }
    }
    #expect(seen?.keptByteCount == 16 << 10)
    // In the scope of another cache, too, the layer reads what it has.
    let found = try keeping(WeightCache(limit: 0)) { try layer(x) }.floats()
    #expect(found == wanted)
  }

  @Test("takes memory once for a call that was stopped, and the next call is right")
  func interruption() throws {
    var numbers = TestNumbers(seed: 15)
    let cache = WeightCache(limit: 1 << 24)
    let x = try numbers.tensor([40, 256])
    let layer = try LinearLayer(weight: try numbers.tensor([512, 256]), bias: nil)
    let wanted = try layer(x).floats()
    var environment = TensorEnvironment(threads: 1, shouldStop: { true })
    environment.weightCache = cache
    let stopping = environment
    #expect(throws: TensorError.interrupted) {
      try TensorEnvironment.$current.withValue(stopping) { try layer(x) }
    }
    let found = try keeping(cache) { try layer(x) }.floats()
    #expect(found == wanted)
    #expect(cache.keptByteCount == 512 << 10)
  }
}

/// Weights in place of the pages of a mapped file.
@Suite("Weight cache and mapped files") struct WeightExchangeTests {
  /// Stands for a mapped file, and notes what is given back.
  private final class Mapping: MappedMemory {
    let original: Tensor
    var released = 0

    init(_ original: Tensor) { self.original = original }

    func releasePages(from start: UnsafeMutableRawPointer, byteCount: Int) { released += byteCount }

    /// The tensor as if it lay in the file.
    func tensor() throws -> Tensor {
      let storage = unsafe TensorStorage(
        borrowing: original.storage.base, byteCount: original.storage.byteCount, owner: self)
      return Tensor(
        shape: original.shape, strides: original.strides, offset: original.offset, dtype: original.dtype,
        storage: storage)
    }
  }

  @Test(
    "keeps a convolution's weights packed in their own precision, and changes no bit",
    arguments: ConvolutionLayerTests.cases, [DType.float16, .bfloat16, .float32])
  func convolution(_ sizes: ConvolutionCase, dtype: DType) throws {
    var numbers = TestNumbers(seed: 21)
    let x = try numbers.tensor(sizes.picture)
    let mapping = Mapping(
      try numbers.tensor([sizes.outputs, sizes.picture[3]] + sizes.kernel, scale: 0.1, dtype: dtype))
    let layer = try ConvolutionLayer(
      weight: mapping.tensor(), bias: nil, stride: sizes.stride, padding: sizes.padding)
    let wanted = try keeping(nil) { try layer(x) }.floats()
    let cache = WeightCache(limit: 0, exchangeLimit: 1 << 28)
    for _ in 0..<2 {
      let found = try keeping(cache) { try layer(x) }.floats()
      #expect(found == wanted)
    }
    #expect(cache.keptByteCount == 0 || cache.keptByteCount >= mapping.original.count * dtype.byteCount)
  }

  @Test(
    "keeps a linear layer's weights, plain and gated, of sizes that fill no panel", arguments: [5, 33, 300], [7, 330])
  func linear(rows: Int, inputs: Int) throws {
    var numbers = TestNumbers(seed: 22)
    let x = try numbers.tensor([rows, inputs])
    let mapping = Mapping(try numbers.tensor([70, inputs], scale: 0.1, dtype: .float16))
    let layer = try LinearLayer(weight: mapping.tensor(), bias: try numbers.tensor([70]))
    let wanted = try keeping(nil) { (try layer(x).floats(), try layer.gatedGELU(x).floats()) }
    let cache = WeightCache(limit: 0, exchangeLimit: 1 << 22)
    for _ in 0..<2 {
      let found = try keeping(cache) { (try layer(x).floats(), try layer.gatedGELU(x).floats()) }
      #expect(found == wanted)
    }
    #expect(cache.keptByteCount > 0)
  }

  @Test("is not for weights that lie in memory, nor beyond its limit")
  func limits() throws {
    var numbers = TestNumbers(seed: 23)
    let x = try numbers.tensor([40, 64])
    let inMemory = try LinearLayer(weight: try numbers.tensor([8192, 64], dtype: .float16), bias: nil)
    let sizes = [[8192, 64], [8192, 64], [64, 64], [8192, 64]]
    let mappings = try sizes.map { Mapping(try numbers.tensor($0, dtype: .float16)) }
    let layers = try mappings.map { try LinearLayer(weight: $0.tensor(), bias: nil) }
    let cache = WeightCache(limit: 0, exchangeLimit: 5 << 19)
    let wanted = try keeping(nil) { try ([inMemory] + layers).map { try $0(x).floats() } }
    let found = try keeping(cache) { try ([inMemory] + layers).map { try $0(x).floats() } }
    #expect(found == wanted)
    // Small weights are kept, but not worth giving back.
    #expect(cache.keptByteCount == (2 << 20) + (8 << 10))
    #expect(mappings.map(\.released) == [1 << 20, 1 << 20, 0, 0])
  }
}

/// Runs `body` with weights kept by `cache`.
private func keeping<Result>(_ cache: WeightCache?, _ body: () throws -> Result) rethrows -> Result {
  var environment = TensorEnvironment.current
  environment.weightCache = cache
  return try TensorEnvironment.$current.withValue(environment, operation: body)
}
