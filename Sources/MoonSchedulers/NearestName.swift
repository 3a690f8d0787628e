/// Finds the name that was probably meant.
enum NearestName {
  /// The one of `names` that is fewest typing errors away from `name`, if it is at most a third of it.
  static func of(_ name: String, among names: [String]) -> String? {
    let wanted = Array(name.lowercased())
    if wanted.count > 64 { return nil }
    let ranked = names.map { (name: $0, distance: distance(wanted, Array($0.lowercased()))) }
    guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
    return best.distance <= max(1, wanted.count / 3) ? best.name : nil
  }

  /// Insertions, deletions and replacements that lead from `left` to `right`.
  private static func distance(_ left: [Character], _ right: [Character]) -> Int {
    var row = Array(0...right.count)
    for (leftIndex, character) in left.enumerated() {
      var diagonal = leftIndex
      row[0] = leftIndex + 1
      for (rightIndex, other) in right.enumerated() {
        let replaced = diagonal + (character == other ? 0 : 1)
        diagonal = row[rightIndex + 1]
        row[rightIndex + 1] = min(replaced, diagonal + 1, row[rightIndex] + 1)
      }
    }
    return row[right.count]
  }
}
