internal import CMoonKernels

/// The tensors of one convolution, all checked and contiguous.
struct ConvolutionCall {
  let geometry: ConvolutionGeometry
  let source: Tensor
  let weight: Tensor
  let prepared: PreparedWeights
  let shifts: Tensor
  let residual: Tensor?

  /// The convolution in the way that costs least.
  func run(into result: UnsafeMutablePointer<Float>) throws(TensorError) {
    if geometry.isWorthTransforming {
      try OperationProfile.measure(.winograd, operations: geometry.operations) { () throws(TensorError) in
        try unsafe runTransformed(into: result)
      }
    } else {
      let kind = geometry.taps == 1 ? OperationProfile.Kind.pointwise : .convolution
      try OperationProfile.measure(kind, operations: geometry.operations) { () throws(TensorError) in
        try unsafe runDirectly(into: result)
      }
    }
  }

  /// The convolution as one product: the window of each pixel is read in place, tap by tap.
  func runDirectly(into result: UnsafeMutablePointer<Float>) throws(TensorError) {
    let (pixels, inputs, outputs, taps) = (geometry.pixels, geometry.channels, geometry.outputChannels, geometry.taps)
    let zeros = try Tensor(repeating: 0, shape: [max(inputs, 1)])
    let product = PackedProduct(
      weight: weight, rows: geometry.batch * pixels, columns: outputs, taps: taps, depth: inputs)
    try unsafe product.run(
      keeping: prepared,
      point: { rows, pointers in
        unsafe geometry.point(rows, in: source.floatPointer, zeros: zeros.floatPointer, to: pointers)
      },
      { piece, _ in
        let (rows, columns) = (piece.rows, piece.columns)
        unsafe piece.multiply(into: result + rows.lowerBound * outputs + columns.lowerBound, stride: outputs)
        var row = rows.lowerBound
        while row < rows.upperBound {
          // One picture at a time: each has its own shifts.
          let item = row / pixels
          let count = min(rows.upperBound, (item + 1) * pixels) - row
          let place = row * outputs + columns.lowerBound
          unsafe moon_finish_rows(
            result + place, outputs, count, columns.count,
            shifts.floatPointer + item * outputs + columns.lowerBound,
            residual.map { unsafe $0.floatPointer + place }, outputs, Int32(moon_none))
          row += count
        }
      })
  }
}

extension ConvolutionGeometry {
  /// Writes where the taps of each pixel in `rows` (counted through the batch) lie; outside the picture at `zeros`.
  func point(
    _ rows: Range<Int>, in pictures: UnsafePointer<Float>, zeros: UnsafePointer<Float>,
    to pointers: PackedProduct.RowPointers
  ) {
    let count = rows.count
    var (item, place) = rows.lowerBound.quotientAndRemainder(dividingBy: pixels)
    var (row, column) = place.quotientAndRemainder(dividingBy: outputWidth)
    for index in 0..<count {
      let (top, left) = (row &* stride &- padding.top, column &* stride &- padding.left)
      let picture = item &* (height >> doubling)
      var slot = index
      for y in top..<top &+ kernelHeight {
        let line = (picture &+ (y >> doubling)) &* (width >> doubling)
        let isLine = y >= 0 && y < height
        for x in left..<left &+ kernelWidth {
          let isInside = isLine && x >= 0 && x < width
          unsafe pointers[slot] = isInside ? pictures + (line &+ (x >> doubling)) &* channels : zeros
          slot &+= count
        }
      }
      // The next pixel: of the line, of the picture, or of the next picture.
      column &+= 1
      if column == outputWidth { (column, row) = (0, row &+ 1) }
      if row == outputHeight { (row, item) = (0, item &+ 1) }
    }
  }
}
