import MoonTensor

/// A change of latents between two steps, for what a scheduler keeps of them.
struct LatentEdit: Sendable {
  private let old: Tensor
  private let new: Tensor

  /// The change from the latents that a step returned to those that the next step will be given.
  init(from old: Tensor, to new: Tensor) {
    self.old = old
    self.new = new
  }

  /// `kept` with `weight` times the change added; exactly `kept` where nothing was changed.
  func moved(_ kept: Tensor, weight: Float) throws(SchedulerError) -> Tensor {
    try onTensors { () throws(TensorError) in
      // The difference first: it is exactly 0 where nothing was changed.
      let change = try Tensor.linearCombination([(1, new), (-1, old)])
      return try Tensor.linearCombination([(1, kept), (weight, change)])
    }
  }
}
