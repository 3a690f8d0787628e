import Testing

@testable import MoonTensor

@Suite("Shares of work") struct SharesTests {
  @Test(
    "are as many and as large for each thread, where up to twice as many groups allow it",
    arguments: [
      (items: 10, least: 8, rows: 1, threads: 2, wanted: 10), (4, 3, 3, 2, 4), (6, 3, 3, 2, 6), (6, 4, 1, 2, 6),
      (4, 8, 1, 2, 4), (40, 20, 1, 2, 20), (12, 3, 3, 4, 4), (1, 8, 5, 4, 1),
      // Nothing is even for a prime number of items.
      (7, 3, 1, 2, 3), (40, 32, 1, 16, 32),
    ])
  func groups(items: Int, least: Int, rows: Int, threads: Int, wanted: Int) {
    #expect(Parallel.groups(of: items, atLeast: least, rows: rows, threads: threads) == wanted)
  }

  @Test("are never empty and never more than there are items")
  func bounds() {
    for items in 1...40 {
      for least in 0...45 {
        for threads in [1, 2, 3, 16] {
          let groups = Parallel.groups(of: items, atLeast: least, threads: threads)
          #expect((1...items).contains(groups) && groups >= min(least, items))
        }
      }
    }
  }
}
