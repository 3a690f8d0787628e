package import MoonTensor
package import MoonWeights

/// Group normalisation with its weights, over channels-last activations.
package struct GroupNorm: Sendable {
  private let groups: Int
  private let epsilon: Float
  private let weight: Tensor
  private let bias: Tensor

  /// Takes `weight` and `bias`, `[channels]` each, as float32: there are few of them, and each call reads them.
  package init(_ weights: WeightMap, channels: Int, groups: Int, epsilon: Float) throws {
    self.groups = groups
    self.epsilon = epsilon
    weight = try weights.take("weight", shape: [channels]).contiguous()
    bias = try weights.take("bias", shape: [channels]).contiguous()
  }

  /// The normalised input, with an activation on top.
  package func callAsFunction(_ input: Tensor, activation: Activation = .none) throws(TensorError) -> Tensor {
    try input.groupNormalized(groups: groups, weight: weight, bias: bias, epsilon: epsilon, activation: activation)
  }

  /// `convolution` of the normalised and activated input.
  func convolved(
    _ input: Tensor, activation: Activation, by convolution: ConvolutionLayer, addingPerRow rowBias: Tensor? = nil,
    adding residual: Tensor? = nil
  ) throws(TensorError) -> Tensor {
    let scales = try input.groupScales(groups: groups, weight: weight, bias: bias, epsilon: epsilon)
    return try convolution(
      input, scaledBy: scales, activation: activation, addingPerRow: rowBias, adding: residual)
  }
}

/// Layer normalisation over the last dimension, with its weights.
package struct LayerNorm: Sendable {
  private let epsilon: Float
  private let weight: Tensor
  private let bias: Tensor

  /// Takes `weight` and `bias`, `[width]` each, as float32.
  package init(_ weights: WeightMap, width: Int, epsilon: Float = 1e-5) throws {
    self.epsilon = epsilon
    weight = try weights.take("weight", shape: [width]).contiguous()
    bias = try weights.take("bias", shape: [width]).contiguous()
  }

  /// The normalised input.
  package func callAsFunction(_ input: Tensor) throws(TensorError) -> Tensor {
    try input.layerNormalized(weight: weight, bias: bias, epsilon: epsilon)
  }
}
