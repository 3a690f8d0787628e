internal import MoonTensor
internal import MoonWeights

extension WeightMap {
  /// The linear layer under `name`: `weight` `[output, input]` and, unless `hasBias` is false, `bias` `[output]`.
  func linear(_ name: String, _ input: Int, _ output: Int, hasBias: Bool = true) throws -> LinearLayer {
    let layer = scoped("\(name).")
    return try LinearLayer(
      weight: try layer.take("weight", shape: [output, input]),
      bias: hasBias ? try layer.take("bias", shape: [output]) : nil)
  }

  /// The linear layer under `name`, whose weight some files store as a 1x1 convolution `[output, input, 1, 1]`.
  func linearOrPointwise(_ name: String, _ input: Int, _ output: Int) throws -> LinearLayer {
    let layer = scoped("\(name).")
    let isPointwise = layer.shape(of: "weight")?.count == 4
    let weight = try layer.take("weight", shape: isPointwise ? [output, input, 1, 1] : [output, input])
    return try LinearLayer(weight: weight.matrixOfPointwise, bias: try layer.take("bias", shape: [output]))
  }

  /// The square convolution under `name`: `weight` `[output, input, kernel, kernel]` and `bias` `[output]`.
  func convolution(
    _ name: String, _ input: Int, _ output: Int, kernel: Int = 3, stride: Int = 1, padding: Padding? = nil
  ) throws -> ConvolutionLayer {
    let layer = scoped("\(name).")
    return try ConvolutionLayer(
      weight: try layer.take("weight", shape: [output, input, kernel, kernel]),
      bias: try layer.take("bias", shape: [output]),
      stride: stride, padding: padding ?? Padding(kernel / 2))
  }
}

extension Tensor {
  /// A 1x1 convolution's weight as the matrix it is; a matrix stays as it is.
  fileprivate var matrixOfPointwise: Tensor {
    guard rank == 4 else { return self }
    return Tensor(
      shape: Array(shape.prefix(2)), strides: Array(strides.prefix(2)), offset: offset, dtype: dtype,
      storage: storage)
  }
}
