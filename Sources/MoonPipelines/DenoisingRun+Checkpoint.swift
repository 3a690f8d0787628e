internal import MoonSchedulers
internal import MoonTensor

extension DenoisingRun {
  /// A point to go back to when a callback fails.
  package struct Checkpoint {
    fileprivate let state: RunState
    fileprivate let scheduler: any Scheduler
    fileprivate let scheduled: Tensor?
  }

  /// Everything that a callback can change.
  package func checkpoint() -> Checkpoint { Checkpoint(state: state, scheduler: scheduler, scheduled: scheduled) }

  /// Undoes what was changed since `checkpoint`.
  package func restore(_ checkpoint: Checkpoint) {
    state = checkpoint.state
    scheduler = checkpoint.scheduler
    scheduled = checkpoint.scheduled
  }
}
