extension Tensor {
  /// Sums of products by Einstein's convention, as `torch.einsum`: `"bchw,rc->brhw"`.
  ///
  /// Letters name dimensions, `...` the dimensions that broadcast; a letter that appears twice in an operand takes the
  /// diagonal, one that is missing right of the arrow is summed over. Without an arrow the letters that appear once are
  /// kept, in order of the alphabet. Operands are taken from left to right, each pair by one matrix product, and a
  /// dimension is summed as soon as no later operand needs it.
  ///
  /// - Parameters:
  ///   - equation: The equation, at most 4096 bytes; spaces are ignored.
  ///   - operands: 1 to 8 tensors.
  /// - Returns: The dimensions named by the result.
  /// - Throws: `TensorError.badArgument` for an equation that does not fit; `.badShape` when two operands together have
  ///   more than 8 dimensions left; `.outOfBudget`, `.interrupted`.
  public static func einsum(_ equation: String, _ operands: [Tensor]) throws(TensorError) -> Tensor {
    guard !operands.isEmpty else { throw .badArgument(operation: "einsum", argument: 2, detail: "no operands") }
    guard operands.count <= EinsumEquation.maximumOperands else {
      throw .badArgument(
        operation: "einsum", argument: 2,
        detail: "\(operands.count) operands, at most \(EinsumEquation.maximumOperands)")
    }
    let parsed = try EinsumEquation(equation, ranks: operands.map(\.rank))
    var pending: [LabelledTensor] = []
    for (index, tensor) in operands.enumerated() {
      pending.append(try LabelledTensor(tensor, labels: parsed.operands[index], operand: index))
    }
    let sizes = try LabelledTensor.sizes(of: pending)
    var product = pending.removeFirst()
    while !pending.isEmpty {
      let next = pending.removeFirst()
      let needed = Set(parsed.result).union(pending.flatMap(\.labels))
      product = try product.contracted(with: next, keeping: needed)
    }
    return try product.summed(keeping: Set(parsed.result)).arranged(as: parsed.result, sizes: sizes).tensor
  }
}

/// A tensor whose dimensions have names, each once.
private struct LabelledTensor {
  var tensor: Tensor
  var labels: [Int]

  private init(_ tensor: Tensor, _ labels: [Int]) {
    self.tensor = tensor
    self.labels = labels
  }

  /// The operand numbered `operand`: of dimensions with one name only the diagonal is left.
  init(_ tensor: Tensor, labels: [Int], operand: Int) throws(TensorError) {
    var (kept, shape, strides): ([Int], [Int], [Int]) = ([], [], [])
    for (dimension, label) in labels.enumerated() {
      if let place = kept.firstIndex(of: label) {
        guard shape[place] == tensor.shape[dimension] else {
          throw .badArgument(
            operation: "einsum", argument: operand + 2,
            detail: "a repeated letter has sizes \(shape[place]) and \(tensor.shape[dimension])")
        }
        strides[place] += tensor.strides[dimension]
      } else {
        kept.append(label)
        shape.append(tensor.shape[dimension])
        strides.append(tensor.strides[dimension])
      }
    }
    self.init(
      Tensor(shape: shape, strides: strides, offset: tensor.offset, dtype: tensor.dtype, storage: tensor.storage), kept)
  }

  /// The size of each label; a size of 1 broadcasts.
  static func sizes(of operands: [LabelledTensor]) throws(TensorError) -> [Int: Int] {
    var sizes: [Int: Int] = [:]
    for (operand, labelled) in operands.enumerated() {
      for (label, size) in zip(labelled.labels, labelled.tensor.shape) {
        let known = sizes[label] ?? 1
        guard known == size || known == 1 || size == 1 else {
          throw .badArgument(
            operation: "einsum", argument: operand + 2, detail: "size \(size) for a letter of size \(known)")
        }
        sizes[label] = known == 1 ? size : known
      }
    }
    return sizes
  }

  /// Without the labels that nobody needs any more.
  func summed(keeping needed: Set<Int>) throws(TensorError) -> LabelledTensor {
    let gone = labels.indices.filter { !needed.contains(labels[$0]) }
    if gone.isEmpty { return self }
    return LabelledTensor(try tensor.sum(along: gone), labels.filter(needed.contains))
  }

  /// Without those dimensions of size 1 that are larger in `other`: they would only repeat.
  private func squeezed(before other: LabelledTensor) throws(TensorError) -> LabelledTensor {
    var result = self
    for (place, label) in labels.enumerated().reversed() where tensor.shape[place] == 1 {
      if let there = other.labels.firstIndex(of: label), other.tensor.shape[there] != 1 {
        result.tensor = try result.tensor.select(place, at: 0)
        result.labels.remove(at: place)
      }
    }
    return result
  }

  /// With dimensions in the order of `wanted`, each of which this tensor has or repeats with its size in `sizes`.
  func arranged(as wanted: [Int], sizes: [Int: Int]) throws(TensorError) -> LabelledTensor {
    let present = wanted.filter(labels.contains)
    var result = try tensor.permuted(present.compactMap { labels.firstIndex(of: $0) })
    for (place, label) in wanted.enumerated() where !labels.contains(label) {
      result = try result.unsqueezed(place)
    }
    return LabelledTensor(try result.expanded(to: wanted.map { sizes[$0] ?? 1 }), wanted)
  }

  /// The product with `other`, summed over what is in both and not needed.
  func contracted(with other: LabelledTensor, keeping needed: Set<Int>) throws(TensorError) -> LabelledTensor {
    // What only one of them has and nobody needs is summed first.
    let (first, second) = (try squeezed(before: other), try other.squeezed(before: self))
    let left = try first.summed(keeping: needed.union(second.labels))
    let right = try second.summed(keeping: needed.union(first.labels))
    let shared = left.labels.filter(right.labels.contains)
    let stack = shared.filter(needed.contains)
    let inner = shared.filter { !needed.contains($0) }
    let leftOnly = left.labels.filter { !shared.contains($0) }
    let rightOnly = right.labels.filter { !shared.contains($0) }
    let result = stack + leftOnly + rightOnly
    if result.count > Shape.maximumRank {
      throw .badShape(
        try left.sizes(result, right), reason: "einsum meets more than \(Shape.maximumRank) dimensions on its way")
    }
    let shape = try left.sizes(result, right)
    if inner.isEmpty {
      let a = try left.aligned(to: stack + leftOnly, trailing: rightOnly.count)
      let b = try right.permutedTo(stack + rightOnly).insertingOnes(leftOnly.count, at: stack.count)
      return LabelledTensor(try a * b, result)
    }
    let a = try left.permutedTo(stack + leftOnly + inner).folded(stack.count, leftOnly.count, inner.count)
    let b = try right.permutedTo(stack + inner + rightOnly).folded(stack.count, inner.count, rightOnly.count)
    return LabelledTensor(try a.matmul(b).reshaped(to: shape), result)
  }

  /// The sizes of `wanted` here, or else in `other`.
  private func sizes(_ wanted: [Int], _ other: LabelledTensor) throws(TensorError) -> [Int] {
    wanted.map { label in
      if let place = labels.firstIndex(of: label) { return tensor.shape[place] }
      return other.labels.firstIndex(of: label).map { other.tensor.shape[$0] } ?? 1
    }
  }

  private func permutedTo(_ wanted: [Int]) throws(TensorError) -> Tensor {
    try tensor.permuted(wanted.compactMap { labels.firstIndex(of: $0) })
  }

  /// In the order of `wanted`, with `trailing` dimensions of size 1 after them.
  private func aligned(to wanted: [Int], trailing: Int) throws(TensorError) -> Tensor {
    try permutedTo(wanted).insertingOnes(trailing, at: wanted.count)
  }
}

extension Tensor {
  /// With `count` new dimensions of size 1 from `place` on.
  fileprivate func insertingOnes(_ count: Int, at place: Int) throws(TensorError) -> Tensor {
    var result = self
    for _ in 0..<count { result = try result.unsqueezed(place) }
    return result
  }

  /// With three dimensions, each made of as many of this tensor's as given.
  fileprivate func folded(_ first: Int, _ second: Int, _ third: Int) throws(TensorError) -> Tensor {
    let sizes = [shape[..<first], shape[first..<(first + second)], shape[(first + second)..<(first + second + third)]]
    return try reshaped(to: sizes.map { $0.reduce(1, &*) })
  }
}
