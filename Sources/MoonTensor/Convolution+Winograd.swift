internal import CMoonKernels

extension ConvolutionCall {
  /// Floats of transformed weights that are made at once and shared by all threads.
  private static let mostSharedWeights = 48 << 18
  /// Tiles from which on it pays to transform all weights first.
  private static let manyTiles = 192
  /// Floats of transformed tiles that are made at once and shared by all threads.
  private static let mostSharedTiles = 36 << 18

  /// The 3 x 3 convolution by Winograd's F(4x4, 3x3).
  ///
  /// Products of transformed tiles and weights are 36 matrix products. Where there are many tiles, the weights are
  /// transformed once and threads work through blocks of tiles; where the weights are large beside the picture, tiles
  /// are transformed once and threads work through blocks of outputs. Either way each weight is read once, as stored.
  func runTransformed(into result: UnsafeMutablePointer<Float>) throws(TensorError) {
    let run = try WinogradRun(self)
    let weights = Int(MOON_WINOGRAD_POINTS) * run.inputs * run.outputs
    let kept = try unsafe run.keptWeights()
    if weights <= Self.mostSharedWeights && run.tiles >= Self.manyTiles {
      try unsafe run.overTiles(kept: kept, into: result)
    } else {
      let most = max(6, Self.mostSharedTiles / (Int(MOON_WINOGRAD_POINTS) * run.inputs))
      let rounds = (run.tiles + most - 1) / most
      for round in 0..<rounds {
        try unsafe run.overOutputs(
          tiles: run.tiles * round / rounds..<run.tiles * (round + 1) / rounds, kept: kept, into: result)
      }
    }
  }
}

/// One Winograd convolution: the steps that both ways of sharing the work have in common.
private struct WinogradRun {
  let call: ConvolutionCall
  let tiles: Int
  let inputs: Int
  let outputs: Int
  private let tiling: moon_tiling
  private let zeros: Tensor
  private let points = Int(MOON_WINOGRAD_POINTS)
  private let panel = PackedProduct.panel

  /// Outputs of one block of products when all weights are transformed first.
  private static let outputBlock = 64
  /// Outputs and inputs of one block of transformed weights when they are made by each thread for itself: as many as its
  /// second cache holds.
  private static let ownOutputs = 32, ownInputs = 160

  init(_ call: ConvolutionCall) throws(TensorError) {
    let geometry = call.geometry
    self.call = call
    (inputs, outputs) = (geometry.channels, geometry.outputChannels)
    let (down, across) = ((geometry.outputHeight + 3) / 4, (geometry.outputWidth + 3) / 4)
    tiles = geometry.batch * down * across
    tiling = moon_tiling(
      height: geometry.height, width: geometry.width, inputs: inputs, top: geometry.padding.top,
      left: geometry.padding.left, rows: geometry.outputHeight, columns: geometry.outputWidth, outputs: outputs,
      tiles_down: down, tiles_across: across, doubling: geometry.doubling)
    zeros = try Tensor(repeating: 0, shape: [inputs])
  }

  /// Transforms the weights of one panel of outputs for a range of inputs.
  private func transformWeights(
    panel index: Int, inputs range: Range<Int>, into u: UnsafeMutablePointer<Float>, pointStride: Int
  ) {
    let first = index * panel
    unsafe moon_winograd_filters(
      u, pointStride, call.weight.rawPointer(advancedBy: (first * inputs + range.lowerBound) * 9),
      call.weight.dtype.kernelKind, inputs * 9, min(panel, outputs - first), range.count)
  }

  private func transformTiles(
    _ range: Range<Int>, inputs channels: Range<Int>, into v: UnsafeMutablePointer<Float>, pointStride: Int
  ) {
    unsafe withUnsafePointer(to: tiling) {
      unsafe moon_winograd_inputs(
        v, pointStride, call.source.floatPointer, $0, range.lowerBound, range.count, channels.lowerBound,
        channels.count, zeros.floatPointer)
    }
  }

  private func finish(
    _ range: Range<Int>, outputs channels: Range<Int>, products: UnsafeMutablePointer<Float>, pointStride: Int,
    into result: UnsafeMutablePointer<Float>
  ) {
    unsafe withUnsafePointer(to: tiling) {
      unsafe moon_winograd_outputs(
        result, products, pointStride, $0, range.lowerBound, range.count, channels.lowerBound, channels.count,
        call.shifts.floatPointer, call.residual.map { unsafe $0.floatPointer })
    }
  }

  /// Panels of outputs.
  private var panels: Int { (outputs + panel - 1) / panel }
  /// Floats of all transformed weights of one point.
  private var weightStride: Int { moon_winograd_stride(panels * inputs * panel) }

  /// Transforms all weights.
  private func transformWeights(into u: UnsafeMutablePointer<Float>) throws(TensorError) {
    try Parallel.forEachPiece(of: panels) { index in
      unsafe transformWeights(
        panel: index, inputs: 0..<inputs, into: u + index * inputs * panel, pointStride: weightStride)
    }
  }

  /// The transforms of all weights as they are kept between calls, if they may be.
  func keptWeights() throws(TensorError) -> UnsafeMutablePointer<Float>? {
    try unsafe call.prepared.floats(.transforms, count: points * weightStride, of: call.weight) {
      u throws(TensorError) in try unsafe transformWeights(into: u)
    }
  }

  /// Weights first, unless they are `kept`, then blocks of tiles.
  func overTiles(
    kept: UnsafeMutablePointer<Float>?, into result: UnsafeMutablePointer<Float>
  ) throws(TensorError) {
    let u = unsafe kept ?? MemoryPool.shared.takeFloats(points * weightStride)
    defer { if unsafe kept == nil { unsafe MemoryPool.shared.giveFloats(u, points * weightStride) } }
    if unsafe kept == nil { try unsafe transformWeights(into: u) }
    let blocks = tileBlocks
    let block = (tiles + blocks - 1) / blocks
    let columns = min(outputs, Self.outputBlock)
    let roomForTiles = points * moon_winograd_stride(block * inputs)
    let roomForProducts = points * moon_winograd_stride(block * columns)
    try unsafe Parallel.forEachPiece(of: blocks, scratch: roomForTiles + roomForProducts + 2 * block) {
      piece, scratch in
      let range = tiles * piece / blocks..<tiles * (piece + 1) / blocks
      let tileStride = moon_winograd_stride(range.count * inputs)
      let products = unsafe scratch + roomForTiles
      unsafe transformTiles(range, inputs: 0..<inputs, into: scratch, pointStride: tileStride)
      for first in stride(from: 0, to: outputs, by: columns) {
        let count = min(columns, outputs - first)
        let productStride = moon_winograd_stride(range.count * count)
        for point in 0..<points {
          unsafe multiply(
            scratch + point * tileStride, rowStride: inputs, rows: range.count, depth: inputs,
            by: u + point * weightStride + first * inputs, columns: count, into: products + point * productStride,
            isFirst: true, room: products + roomForProducts)
        }
        unsafe finish(
          range, outputs: first..<first + count, products: products, pointStride: productStride, into: result)
      }
    }
  }

  /// Tiles first, then blocks of outputs, with `kept` weights or with weights that are transformed block by block.
  func overOutputs(
    tiles range: Range<Int>, kept: UnsafeMutablePointer<Float>?, into result: UnsafeMutablePointer<Float>
  ) throws(TensorError) {
    // Blocks of the depth lie one after the other, each with all its points: what one product reads is in one piece.
    let depths = unsafe kept == nil ? (inputs + Self.ownInputs - 1) / Self.ownInputs : 1
    let depth = (inputs + depths - 1) / depths
    func part(_ block: Int) -> Range<Int> { inputs * block / depths..<inputs * (block + 1) / depths }
    let tileStride = moon_winograd_stride(range.count * depth)
    let roomForTiles = depths * points * tileStride
    let v = unsafe MemoryPool.shared.takeFloats(roomForTiles)
    defer { unsafe MemoryPool.shared.giveFloats(v, roomForTiles) }
    try Parallel.forEachPiece(of: range.count * depths) { piece in
      let (tile, block) = piece.quotientAndRemainder(dividingBy: depths)
      let place = range.lowerBound + tile
      let channels = part(block)
      unsafe transformTiles(
        place..<place + 1, inputs: channels, into: v + block * points * tileStride + tile * channels.count,
        pointStride: tileStride)
    }
    let pieces = outputPieces(panels: panels)
    let widest = (panels + pieces - 1) / pieces
    let roomForWeights = unsafe kept == nil ? points * moon_winograd_stride(widest * panel * depth) : 0
    let roomForProducts = points * moon_winograd_stride(range.count * widest * panel)
    let scratch = roomForWeights + roomForProducts + 2 * Self.rowBlock
    try unsafe Parallel.forEachPiece(of: pieces, scratch: scratch) { piece, room in
      let mine = panels * piece / pieces..<panels * (piece + 1) / pieces
      let channels = mine.lowerBound * panel..<min(outputs, mine.upperBound * panel)
      let products = unsafe room + roomForWeights
      let productStride = moon_winograd_stride(range.count * channels.count)
      for block in 0..<depths {
        let (start, count) = (part(block).lowerBound, part(block).count)
        var pointStride = weightStride
        if unsafe kept == nil {
          pointStride = moon_winograd_stride(mine.count * panel * count)
          for (place, index) in mine.enumerated() {
            unsafe transformWeights(
              panel: index, inputs: start..<start + count, into: room + place * count * panel,
              pointStride: pointStride)
          }
        }
        let u = unsafe kept.map { unsafe $0 + channels.lowerBound * inputs } ?? room
        for point in 0..<points {
          unsafe multiply(
            v + (block * points + point) * tileStride, rowStride: count, rows: range.count, depth: count,
            by: u + point * pointStride, columns: channels.count, into: products + point * productStride,
            isFirst: start == 0, room: products + roomForProducts)
        }
      }
      unsafe finish(range, outputs: channels, products: products, pointStride: productStride, into: result)
    }
  }

  private static let rowBlock = 96

  /// Pieces of work that tiles are shared out in: as many for each thread, of few enough tiles for the caches.
  private var tileBlocks: Int {
    let threads = TensorEnvironment.current.threads
    let sizes = inputs <= 160 ? 18...30 : 30...54
    func rounds(_ size: Int) -> Int { (tiles + size * threads - 1) / (size * threads) }
    // The weights are read again for each block: about as long as three tiles take.
    func time(_ rounds: Int) -> Int { (tiles + rounds * threads - 1) / (rounds * threads) * rounds + 3 * rounds }
    let best = (rounds(sizes.upperBound)...rounds(sizes.lowerBound)).min { time($0) < time($1) } ?? 1
    return min(tiles, best * threads)
  }

  /// Pieces that `panels` panels of outputs are shared out in: a few panels each, a multiple of the threads.
  private func outputPieces(panels: Int) -> Int {
    let threads = TensorEnvironment.current.threads
    let natural = (panels * panel + Self.ownOutputs - 1) / Self.ownOutputs
    return Parallel.groups(of: panels, atLeast: (natural + threads - 1) / threads * threads, threads: threads)
  }

  /// One point's product, in blocks of rows that stay in the second cache.
  private func multiply(
    _ v: UnsafePointer<Float>, rowStride: Int, rows: Int, depth: Int, by u: UnsafePointer<Float>, columns: Int,
    into products: UnsafeMutablePointer<Float>, isFirst: Bool, room: UnsafeMutablePointer<Float>
  ) {
    unsafe room.withMemoryRebound(to: UnsafePointer<Float>?.self, capacity: Self.rowBlock) { pointers in
      for first in stride(from: 0, to: rows, by: Self.rowBlock) {
        let count = min(Self.rowBlock, rows - first)
        for row in 0..<count { unsafe pointers[row] = v + (first + row) * rowStride }
        unsafe moon_product(
          products + first * columns, columns, pointers, count, 1, depth, u, Int32(moon_float32), nil, columns,
          isFirst ? 0 : 1)
      }
    }
  }
}
