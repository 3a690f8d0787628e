import Synchronization

extension Parallel {
  /// Runs `body` on each of `count` pieces of work, the pieces taken in turn by the threads.
  ///
  /// The environment is asked before each piece whether to stop; a piece is to be a few milliseconds at most. What a
  /// piece computes must depend on its index alone, so that results are the same with any number of threads.
  ///
  /// - Throws: `TensorError.interrupted`.
  package static func forEachPiece(of count: Int, _ body: (Int) -> Void) throws(TensorError) {
    try unsafe forEachPiece(of: count, scratch: 0) { piece, _ in body(piece) }
  }

  /// As `forEachPiece(of:_:)`, each thread with `scratch` floats of its own.
  package static func forEachPiece(
    of count: Int, scratch: Int, _ body: (Int, UnsafeMutablePointer<Float>) -> Void
  ) throws(TensorError) {
    if count <= 0 { return }
    // The pool's threads do not see the caller's task-local values: the environment is taken here.
    let environment = TensorEnvironment.current
    let threads = min(environment.threads, count)
    let shouldStop = environment.shouldStop
    let next = Atomic<Int>(0)
    let isStopped = Atomic<Bool>(false)
    nonisolated(unsafe) let body = unsafe body
    @Sendable func work(_ thread: Int) {
      let memory = unsafe MemoryPool.shared.takeFloats(scratch)
      defer { unsafe MemoryPool.shared.giveFloats(memory, scratch) }
      while true {
        let piece = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if piece >= count || isStopped.load(ordering: .relaxed) { return }
        if let shouldStop, shouldStop() {
          isStopped.store(true, ordering: .relaxed)
          return
        }
        unsafe body(piece, memory)
      }
    }
    WorkerTeam.shared.run(threads: threads, work)
    if isStopped.load(ordering: .relaxed) { throw .interrupted }
  }
}

extension MemoryPool {
  /// Room for `count` floats; `give` it back with the same count.
  func takeFloats(_ count: Int) -> UnsafeMutablePointer<Float> {
    unsafe take(count * 4).bindMemory(to: Float.self, capacity: count)
  }

  /// Takes floats back.
  func giveFloats(_ base: UnsafeMutablePointer<Float>, _ count: Int) { unsafe give(base, count * 4) }
}
