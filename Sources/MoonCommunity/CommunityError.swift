internal import MoonTensor
package import MoonWeights

/// What can be wrong with a file of the community: a checkpoint, an adapter, an embedding.
package enum CommunityError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file cannot be read, or one of its tensors is missing or misshapen.
  case weights(WeightsError)
  /// The file is a Python pickle, which is not read.
  case pickled(file: String)
  /// The file is good for something else; `found` says what it is and where to give it.
  case wrongKind(file: String, found: String, wanted: String)
  /// The file as a whole cannot be used.
  case unusable(file: String, reason: String)
  /// One tensor of the file cannot be used.
  case badKey(file: String, key: String, reason: String)

  package var description: String {
    switch self {
    case .weights(let error): error.description
    case .pickled(let file):
      "\(file) is a Python pickle, which can run programs when it is read and is therefore refused: convert it with "
        + "torch.load(\"in.ckpt\", weights_only=True) and safetensors.torch.save_file(tensors, \"out.safetensors\")"
    case .wrongKind(let file, let found, let wanted): "\(file) is \(found), wanted \(wanted)"
    case .unusable(let file, let reason): "\(file) \(reason)"
    case .badKey(let file, let key, let reason): "\(file): \"\(key.shown)\" \(reason)"
    }
  }
}

/// Runs `body`, whose error becomes this target's.
func onWeights<Result>(_ body: () throws(WeightsError) -> Result) throws(CommunityError) -> Result {
  do { return try body() } catch { throw .weights(error) }
}

extension Tensor {
  /// Throws when a number of the tensor, which lies at `key` of `file`, is NaN or infinite: every picture would be, too.
  func requireFinite(file: String, key: String) throws(CommunityError) {
    let place: Int?
    do { place = try firstNonFinite() } catch { throw .weights(.tensor(file: file, key: key, error)) }
    if let place { throw .badKey(file: file, key: key, reason: "is NaN or infinite (element \(place))") }
  }
}
