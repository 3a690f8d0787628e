/// The memory that the mapped files of a network take.
///
/// Mapped pages count as the process's memory from their first touch on. A network that rests gives them back, so that
/// the parts of a model need not be in memory together.
package struct WeightPages: Sendable {
  private let mappings: [MappedFile]

  /// The pages of all files of `map`.
  package init(of map: WeightMap) { mappings = map.mappings }

  /// Bytes of all files.
  package var byteCount: Int { mappings.map(\.byteCount).reduce(0, +) }

  /// Gives the memory back; weights that are touched again come from the disk's cache.
  package func release() {
    for mapping in mappings { mapping.releasePages() }
  }
}
