package import ArgumentParser

/// A value of an option that is read from a text of a certain form, and that says which where the text has another.
package protocol TextForm: ExpressibleByArgument {
  /// What the text must be, for messages: `numbers with commas between them`.
  static var form: String { get }
}

extension TextForm {
  /// Reads the text of an option.
  ///
  /// - Throws: `ValidationError` with the form.
  package static func reading(_ text: String) throws -> Self {
    guard let value = Self(argument: text) else { throw ValidationError("wanted \(form)") }
    return value
  }
}
