/// The program itself.
package enum Product {
  /// Its version.
  package static let version = "0.1.0"
}
