internal import MoonTensor
internal import MoonWeights

/// What an adapter adds to the weight of one layer: `scale * up * down`; with a magnitude (DoRA, arXiv 2402.09353) the
/// rows of the sum are then given its lengths.
struct LoRALayer: Sendable {
  /// The names of the tensors of a layer.
  struct Pieces {
    let key: LoRAKey
    var names: [LoRAKey.Role: String] = [:]

    init(_ key: LoRAKey) { self.key = key }
  }

  /// The network.
  let component: LoRA.Component?
  /// The layer, dotted or, where `isFlat`, with underscores for all dots.
  let layer: String
  let isFlat: Bool
  /// The name of the narrowing tensor in the file, for messages.
  let key: String
  private let file: String
  private let down: Tensor
  private let up: Tensor
  private let mid: Tensor?
  private let magnitude: Tensor?
  private let scale: Float

  /// Reads the tensors of a layer and checks that they fit each other.
  init(_ pieces: Pieces, file: SafetensorsFile, scaling: LoRAScaling) throws(CommunityError) {
    let names = pieces.names
    guard let downName = names[.down] else {
      let key = names[.up] ?? names[.mid] ?? names[.alpha] ?? pieces.key.layer
      throw .badKey(file: file.name, key: key, reason: "has no lora_down to go with it")
    }
    guard let upName = names[.up] else {
      throw .badKey(file: file.name, key: downName, reason: "has no lora_up to go with it")
    }
    func tensor(_ name: String) throws(CommunityError) -> Tensor {
      let tensor = try onWeights { () throws(WeightsError) in try file.tensor(name) }
      try tensor.requireFinite(file: file.name, key: name)
      return tensor
    }
    (down, up) = (try tensor(downName), try tensor(upName))
    mid = if let name = names[.mid] { try tensor(name) } else { nil }
    magnitude = if let name = names[.magnitude] { try tensor(name) } else { nil }
    func refuse(_ key: String, _ tensor: Tensor, _ wanted: String) -> CommunityError {
      .badKey(file: file.name, key: key, reason: "has the shape \(TensorError.text(tensor.shape)), wanted \(wanted)")
    }
    guard [2, 4].contains(down.rank), down.count > 0 else {
      throw refuse(downName, down, "[rank, in] or [rank, in, kernel, kernel]")
    }
    let rank = down.shape[0]
    if let mid, let name = names[.mid] {
      guard mid.rank == 4, mid.shape[1] == rank, mid.count > 0 else {
        throw refuse(name, mid, "[rank, \(rank), kernel, kernel]")
      }
    }
    let wantedRank = mid?.shape[0] ?? rank
    guard [2, 4].contains(up.rank), up.shape[1] == wantedRank, up.shape.dropFirst(2).allSatisfy({ $0 == 1 }) else {
      throw refuse(upName, up, "[out, \(wantedRank)]")
    }
    if let magnitude, let name = names[.magnitude] {
      // One number an output: alone, first, or as PEFT has it for convolutions second. One an input is another method.
      let isFirst = magnitude.rank > 0 && magnitude.shape[0] == up.shape[0]
      let isSecond = magnitude.rank == 4 && magnitude.shape[0] == 1 && magnitude.shape[1] == up.shape[0]
      guard magnitude.count == up.shape[0], isFirst || isSecond else {
        throw refuse(name, magnitude, "[\(up.shape[0])]")
      }
    } else if scaling.needsMagnitude(of: pieces.key) {
      throw .badKey(file: file.name, key: downName, reason: "has no lora_magnitude_vector, which use_dora asks for")
    }
    if mid != nil, !down.shape.dropFirst(2).allSatisfy({ $0 == 1 }) { throw refuse(downName, down, "[rank, in, 1, 1]") }
    component = pieces.key.component
    layer = pieces.key.layer
    isFlat = pieces.key.isFlat
    key = downName
    self.file = file.name
    scale = try scaling.scale(of: pieces.key, rank: rank, alpha: names[.alpha], in: file)
  }

  /// The shape of what is added, with a kernel of 1x1 left out.
  private var shape: [Int] {
    let kernel = mid.map { $0.shape.dropFirst(2) } ?? down.shape.dropFirst(2)
    return [up.shape[0], down.shape[1]] + (kernel.allSatisfy { $0 == 1 } ? [] : kernel)
  }

  /// Throws when what is added does not have the shape of the weight; a 1x1 convolution and a matrix are the same.
  func requireShape(_ weight: [Int]) throws(CommunityError) {
    let plain = weight.dropFirst(2).allSatisfy { $0 == 1 } ? Array(weight.prefix(2)) : weight
    if shape == plain { return }
    throw .badKey(
      file: file, key: key,
      reason: "changes a layer of the shape \(TensorError.text(shape)), but the model's is "
        + "\(TensorError.text(weight)): the LoRA was made for another model")
  }

  /// Whether the layer changes the weight at a strength of 0, too.
  var hasMagnitude: Bool { magnitude != nil }

  /// `sum + strength * scale * up * down`, float32. With a magnitude each row is multiplied by what would give the row of
  /// `weight` with the product that length: as in the reference, where adapters before this one count in the sum alone.
  ///
  /// - Parameters:
  ///   - sum: The weight with what other adapters add to it.
  ///   - weight: The weight alone.
  ///   - strength: The adapter's.
  /// - Returns: The new sum.
  /// - Throws: An error of the tensor operations.
  func added(to sum: Tensor, of weight: Tensor, strength: Float) throws(TensorError) -> Tensor {
    let wide = try up.reshaped(to: [up.shape[0], up.shape[1]])
    // The smaller of the factors takes the scale.
    let narrow = try down.reshaped(to: [down.shape[0], -1]) * (strength * scale)
    var product: Tensor
    if let mid {
      // out[o, i, kernel] = sum over p, q of up[o, p] mid[p, q, kernel] down[q, i]
      let (outer, inner) = (mid.shape[0], mid.shape[1])
      let kernels = mid.shape[2] * mid.shape[3]
      let left = try wide.matmul(mid.reshaped(to: [outer, inner * kernels]))
      let stacked = try left.reshaped(to: [up.shape[0], inner, kernels]).transposed(1, 2)
      product = try stacked.matmul(narrow).transposed(1, 2)
    } else {
      product = try wide.matmul(narrow)
    }
    product = try product.reshaped(to: weight.shape)
    guard let magnitude else { return try sum + product }
    let rows = [weight.shape[0], -1]
    let lengths = try (weight + product).reshaped(to: rows).norm(order: 2, along: [1], keepDimensions: true)
    let factors = try magnitude.reshaped(to: [-1, 1]) / lengths
    return try ((sum + product).reshaped(to: rows) * factors).reshaped(to: weight.shape)
  }
}
