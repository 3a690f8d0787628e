import Foundation
import MoonTensor
import Synchronization
import Testing

@Suite("Threads of the engine") struct WorkerTeamTests {
  /// How often each of `count` pieces is worked on with `threads` threads.
  private func visits(of count: Int, threads: Int) throws -> [Int] {
    let visits = Mutex([Int](repeating: 0, count: count))
    try TensorEnvironment.$current.withValue(TensorEnvironment(threads: threads)) {
      try Parallel.forEachPiece(of: count) { piece in visits.withLock { $0[piece] += 1 } }
    }
    return visits.withLock { $0 }
  }

  @Test("do each piece of work once, with fewer and with more threads than cores", arguments: [1, 2, 3, 16])
  func pieces(threads: Int) throws {
    for count in [0, 1, 2, 7, 100] {
      #expect(try visits(of: count, threads: threads) == [Int](repeating: 1, count: count))
    }
  }

  @Test("do the work of callers that come at a time, and work within work")
  func callers() async throws {
    try await withThrowingTaskGroup(of: [Int].self) { group in
      for _ in 0..<8 {
        group.addTask {
          var all: [Int] = []
          for _ in 0..<200 { all += try self.visits(of: 9, threads: 2) }
          return all
        }
      }
      for try await found in group { #expect(found == [Int](repeating: 1, count: 1800)) }
    }
    let total = Atomic<Int>(0)
    try TensorEnvironment.$current.withValue(TensorEnvironment(threads: 3)) {
      try Parallel.forEachPiece(of: 5) { _ in
        Parallel.forEachRange(of: 40, grain: 4) { total.wrappingAdd($0.count, ordering: .relaxed) }
      }
    }
    #expect(total.load(ordering: .relaxed) == 200)
  }

  @Test("find their work also after they have slept")
  func sleep() throws {
    for pause in [0.0, 0.000_05, 0.000_2, 0.01] {
      for _ in 0..<20 {
        #expect(try visits(of: 4, threads: 2) == [1, 1, 1, 1])
        Thread.sleep(forTimeInterval: pause)
      }
    }
  }

  @Test("are done with the work when it returns, however they are held up")
  func heldUp() throws {
    // With more threads than cores, each is interrupted at every place sooner or later. A closure that is still in use
    // when its call returns ends the process.
    for _ in 0..<4000 {
      let entered = Atomic<Int>(0)
      let left = Atomic<Int>(0)
      try TensorEnvironment.$current.withValue(TensorEnvironment(threads: 12)) {
        try Parallel.forEachPiece(of: 24) { _ in
          entered.wrappingAdd(1, ordering: .relaxed)
          left.wrappingAdd(1, ordering: .relaxed)
        }
      }
      #expect(entered.load(ordering: .relaxed) == 24 && left.load(ordering: .relaxed) == 24)
    }
  }
}
