internal import MoonSchedulers

extension DenoisingRun {
  /// A point to go back to when a callback fails.
  package struct Checkpoint {
    fileprivate let state: RunState
    fileprivate let scheduler: any Scheduler
  }

  /// Everything that a callback can change.
  package func checkpoint() -> Checkpoint { Checkpoint(state: state, scheduler: scheduler) }

  /// Undoes what was changed since `checkpoint`.
  package func restore(_ checkpoint: Checkpoint) {
    state = checkpoint.state
    scheduler = checkpoint.scheduler
  }
}
