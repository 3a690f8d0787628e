extension Raster {
  /// A part of a raster, in pixels; it may be empty in one direction.
  struct Part: Equatable {
    let columns: Range<Int>
    let rows: Range<Int>
  }

  /// This raster at another size, equal to PIL's `resize` with the same filter to the byte.
  ///
  /// - Parameters:
  ///   - newWidth: The new width, at least 1.
  ///   - newHeight: The new height, at least 1.
  ///   - filter: How pixels are made.
  ///   - part: What is resized, within this raster; by default all of it. Pixels beside it count where the filter reaches
  ///     them.
  ///   - precision: How weights become integers.
  /// - Returns: The new raster.
  func resized(
    width newWidth: Int, height newHeight: Int, filter: ResamplingFilter, part: Part? = nil,
    precision: ResamplingWeights.Precision = .pillow
  ) -> Raster {
    let all = Part(columns: 0..<width, rows: 0..<height)
    let part = part ?? all
    if part.columns.count == newWidth && part.rows.count == newHeight {
      return part == all
        ? self : cropped(x: part.columns.lowerBound, y: part.rows.lowerBound, width: newWidth, height: newHeight)
    }
    if filter == .nearest { return nearest(width: newWidth, height: newHeight, part: part) }
    let isRowsPass = newWidth != width || part.columns != all.columns
    let isColumnsPass = newHeight != height || part.rows != all.rows
    // Both orders differ in rounding. PIL begins with the columns where they lose more than twice as many pixels as rows do.
    let areColumnsFirst = precision == .pillow && newHeight < height && height - newHeight > 2 * (width - newWidth)
    func columnsPass(_ raster: Raster) -> Raster {
      if !isColumnsPass { return raster }
      return raster.resampledColumns(
        ResamplingWeights(filter, size: height, range: part.rows, newSize: newHeight, precision: precision))
    }
    var result = areColumnsFirst ? columnsPass(self) : self
    if isRowsPass {
      result = result.resampledRows(
        ResamplingWeights(filter, size: width, range: part.columns, newSize: newWidth, precision: precision))
    }
    if !areColumnsFirst { result = columnsPass(result) }
    return result
  }

  /// The pixels under the middles of the new ones; the positions are summed up in double precision, as PIL does.
  private func nearest(width newWidth: Int, height newHeight: Int, part: Part) -> Raster {
    func places(_ range: Range<Int>, _ size: Int, _ newSize: Int) -> [Int] {
      let scale = Double(range.count) / Double(newSize)
      var position = Double(range.lowerBound) + scale * 0.5
      return (0..<newSize).map { _ in
        defer { position += scale }
        return min(Int(position), size - 1)
      }
    }
    let columns = places(part.columns, width, newWidth)
    var result: [UInt8] = []
    result.reserveCapacity(newWidth * newHeight * channels)
    for row in places(part.rows, height, newHeight) {
      for column in columns {
        let place = (row * width + column) * channels
        for channel in 0..<channels { result.append(pixels[place + channel]) }
      }
    }
    return Raster(width: newWidth, height: newHeight, channels: channels, pixels: result)
  }

  /// Each row by the weights.
  private func resampledRows(_ weights: ResamplingWeights) -> Raster {
    var result = Raster(width: weights.starts.count, height: height, channels: channels)
    let (half, bits) = (Int32(1) << Int32(weights.bits - 1), Int32(weights.bits))
    let source = pixels.span
    let values = weights.values.span
    var target = result.pixels.mutableSpan
    var place = 0
    for row in 0..<height {
      for column in weights.starts.indices {
        let taps = column * weights.stride
        var from = (row * width + weights.starts[column]) * channels
        if channels == 3 {
          var (red, green, blue) = (half, half, half)
          for tap in taps..<taps + weights.counts[column] {
            let weight = values[tap]
            red &+= Int32(source[from]) &* weight
            green &+= Int32(source[from + 1]) &* weight
            blue &+= Int32(source[from + 2]) &* weight
            from += 3
          }
          target[place] = UInt8(clamping: red >> bits)
          target[place + 1] = UInt8(clamping: green >> bits)
          target[place + 2] = UInt8(clamping: blue >> bits)
          place += 3
        } else {
          var level = half
          for tap in taps..<taps + weights.counts[column] {
            level &+= Int32(source[from]) &* values[tap]
            from += 1
          }
          target[place] = UInt8(clamping: level >> bits)
          place += 1
        }
      }
    }
    return result
  }

  /// Each column by the weights.
  private func resampledColumns(_ weights: ResamplingWeights) -> Raster {
    var result = Raster(width: width, height: weights.starts.count, channels: channels)
    let (half, bits) = (Int32(1) << Int32(weights.bits - 1), Int32(weights.bits))
    let rowSize = width * channels
    var sums = [Int32](repeating: 0, count: rowSize)
    let source = pixels.span
    var target = result.pixels.mutableSpan
    for row in weights.starts.indices {
      var sum = sums.mutableSpan
      for place in 0..<rowSize { sum[place] = half }
      for tap in 0..<weights.counts[row] {
        let weight = weights.values[row * weights.stride + tap]
        let line = source.extracting(
          ((weights.starts[row] + tap) * rowSize)..<((weights.starts[row] + tap + 1) * rowSize))
        for place in 0..<rowSize { sum[place] &+= Int32(line[place]) &* weight }
      }
      for place in 0..<rowSize { target[row * rowSize + place] = UInt8(clamping: sum[place] >> bits) }
    }
    return result
  }
}
