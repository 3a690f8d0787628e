extension Parallel {
  /// Into how many groups of neighbours `items` of equal cost are cut, so that no thread waits for another one's last
  /// group.
  ///
  /// - Parameters:
  ///   - items: Items, at least 1.
  ///   - least: Groups that are wanted; up to twice as many are made where that makes them equal.
  ///   - rows: How often all groups are worked through.
  ///   - threads: Threads that take groups in turn.
  /// - Returns: Groups of equal size, as many for each thread, where there are any; else `least`, at most `items`.
  static func groups(of items: Int, atLeast least: Int, rows: Int = 1, threads: Int) -> Int {
    let least = min(max(least, 1), items)
    let isEven = { (count: Int) in items % count == 0 && rows * count % threads == 0 }
    return (least...max(least, min(items, 2 * least))).first(where: isEven) ?? least
  }
}
