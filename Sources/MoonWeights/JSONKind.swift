/// What kind of value a configuration should hold: its name in messages, and how it is read.
package struct JSONKind<Value> {
  /// As in "should be an integer".
  package let name: String
  /// The value, or `nil` when it is of another kind.
  package let read: (JSONValue) -> Value?

  /// A kind named `name`.
  package init(_ name: String, read: @escaping (JSONValue) -> Value?) {
    self.name = name
    self.read = read
  }

  /// Lists of `element`, whose plural is told in messages.
  package static func list<Element>(
    of element: JSONKind<Element>, named plural: String
  ) -> JSONKind where Value == [Element] {
    JSONKind("a list of \(plural)") { value in
      guard case .array(let values) = value else { return nil }
      var result: [Element] = []
      for value in values {
        guard let read = element.read(value) else { return nil }
        result.append(read)
      }
      return result
    }
  }
}

extension JSONKind<Int> {
  /// Integers in `range`; a number with a fraction or an exponent is none.
  package static func integer(in range: ClosedRange<Int>? = nil) -> JSONKind {
    JSONKind("an integer" + (range.map { " in \($0.lowerBound)...\($0.upperBound)" } ?? "")) { value in
      guard case .integer(let number) = value, range?.contains(number) ?? true else { return nil }
      return number
    }
  }
}

extension JSONKind<Double> {
  /// Finite numbers, and the infinite ones where they are told to be meaningful.
  package static func number(allowsInfinity: Bool = false) -> JSONKind {
    JSONKind("a number") { value in
      switch value {
      case .integer(let number): Double(number)
      case .number(let number) where number.isFinite || allowsInfinity: number
      default: nil
      }
    }
  }
}

extension JSONKind<Bool> {
  /// `true` and `false`.
  package static var bool: JSONKind {
    JSONKind("true or false") { value in if case .bool(let truth) = value { truth } else { nil } }
  }
}

extension JSONKind<String> {
  /// Text.
  package static var string: JSONKind {
    JSONKind("text") { value in if case .string(let text) = value { text } else { nil } }
  }
}
