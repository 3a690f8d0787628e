import Foundation

/// Unicode's normalisation form C over scalars, with the tables of Unicode 9 that the reference's tokenizer has.
///
/// The algorithm is Unicode Standard Annex 15. Foundation is asked only what single scalars consist of: on whole texts
/// it misplaces some marks, joins some that are no pair, and takes quadratic time. Scalars that are newer than
/// Unicode 9 stay as they are and end every sequence.
package struct CanonicalComposition {
  /// What scalars consist of, as far as this text has them.
  private var decompositions: [Unicode.Scalar: [Unicode.Scalar]] = [:]

  private init() {}

  /// The form C of `text`.
  package static func composed(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    // Below U+0300 nothing combines.
    if text.allSatisfy({ $0.value < 0x300 }) { return text }
    var composition = CanonicalComposition()
    return compose(composition.decompose(text))
  }

  /// A scalar with its canonical combining class.
  private typealias Mark = (scalar: Unicode.Scalar, order: UInt8)

  /// Replaces every scalar by its parts, and brings the marks behind each base into the order of their classes.
  private mutating func decompose(_ text: [Unicode.Scalar]) -> [Mark] {
    var result: [Mark] = []
    var marks: [Mark] = []
    for scalar in text {
      for part in parts(of: scalar) {
        let order = Self.order(of: part)
        if order != 0 {
          marks.append((part, order))
          continue
        }
        result += Self.sorted(marks)
        marks.removeAll()
        result.append((part, 0))
      }
    }
    return result + Self.sorted(marks)
  }

  private static func sorted(_ marks: [Mark]) -> [Mark] {
    guard marks.count > 1 else { return marks }
    return marks.enumerated().sorted { ($0.element.order, $0.offset) < ($1.element.order, $1.offset) }.map(\.element)
  }

  /// Joins every base with the marks behind it that no other mark of the same class keeps away.
  private static func compose(_ text: [Mark]) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    var base: Int?
    var lastOrder: UInt8 = 0
    for (scalar, order) in text {
      if let base, lastOrder == 0 || lastOrder < order, let composite = composite(result[base], scalar) {
        result[base] = composite
        continue
      }
      if order == 0 { base = result.count }
      lastOrder = order
      result.append(scalar)
    }
    return result
  }

  // MARK: Single scalars and pairs

  /// Whether the tables of the reference know `scalar`.
  private static func isKnown(_ scalar: Unicode.Scalar) -> Bool {
    guard let age = scalar.properties.age else { return false }
    return age.major <= 9
  }

  private static func order(of scalar: Unicode.Scalar) -> UInt8 {
    guard scalar.value >= 0x300 else { return 0 }
    let order = scalar.properties.canonicalCombiningClass.rawValue
    return order != 0 && isKnown(scalar) ? order : 0
  }

  private mutating func parts(of scalar: Unicode.Scalar) -> [Unicode.Scalar] {
    guard scalar.value >= 0xC0 else { return [scalar] }
    if let parts = Hangul.parts(of: scalar) { return parts }
    if let parts = decompositions[scalar] { return parts }
    let parts = Self.isKnown(scalar) ? Self.foundationParts(of: scalar) : [scalar]
    decompositions[scalar] = parts
    return parts
  }

  private static func foundationParts(of scalar: Unicode.Scalar) -> [Unicode.Scalar] {
    Array(String(scalar).decomposedStringWithCanonicalMapping.unicodeScalars)
  }

  private static func composite(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Unicode.Scalar? {
    if let syllable = Hangul.composite(first, second) { return syllable }
    return composites[key(first, second)]
  }

  private static func key(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> UInt64 {
    UInt64(first.value) << 32 | UInt64(second.value)
  }

  /// Where the scalars are that pairs become, Korean syllables apart.
  private static let compositeBlocks: [ClosedRange<UInt32>] = [0xC0...0x22FF, 0x3040...0x30FF, 0x11080...0x115FF]

  /// What pairs become, found by taking every composite apart.
  private static let composites: [UInt64: Unicode.Scalar] = {
    var known: [(composite: Unicode.Scalar, parts: [Unicode.Scalar])] = []
    for scalar in compositeBlocks.joined().compactMap({ Unicode.Scalar($0) }) where isKnown(scalar) {
      guard !scalar.properties.isFullCompositionExclusion else { continue }
      let parts = foundationParts(of: scalar)
      if parts.count > 1 { known.append((scalar, parts)) }
    }
    var pairs: [UInt64: Unicode.Scalar] = [:]
    var wholes: [[Unicode.Scalar]: Unicode.Scalar] = [:]
    for (composite, parts) in known.sorted(by: { $0.parts.count < $1.parts.count }) {
      wholes[parts] = composite
      let first = parts.count == 2 ? parts.first : wholes[parts.dropLast()]
      if let first, let last = parts.last { pairs[key(first, last)] = composite }
    }
    return pairs
  }()
}

/// The arithmetic of Korean syllables (Unicode Standard, section 3.12).
private enum Hangul {
  private static let leads: ClosedRange<UInt32> = 0x1100...0x1112
  private static let vowels: ClosedRange<UInt32> = 0x1161...0x1175
  private static let trails: ClosedRange<UInt32> = 0x11A8...0x11C2
  private static let syllables: ClosedRange<UInt32> = 0xAC00...0xD7A3
  /// Syllables of one lead and vowel: none or one of 27 trails.
  private static let trailCount: UInt32 = 28
  private static let vowelCount: UInt32 = 21

  /// The two or three letters of a syllable; nil for any other scalar.
  static func parts(of scalar: Unicode.Scalar) -> [Unicode.Scalar]? {
    guard syllables.contains(scalar.value) else { return nil }
    let index = scalar.value - syllables.lowerBound
    let trail = index % trailCount
    var letters = [
      leads.lowerBound + index / (vowelCount * trailCount),
      vowels.lowerBound + index / trailCount % vowelCount,
    ]
    if trail > 0 { letters.append(trails.lowerBound - 1 + trail) }
    return letters.compactMap { Unicode.Scalar($0) }
  }

  /// The syllable of a lead and a vowel, or of a syllable without trail and a trail.
  static func composite(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Unicode.Scalar? {
    if leads.contains(first.value), vowels.contains(second.value) {
      let lead = first.value - leads.lowerBound
      let vowel = second.value - vowels.lowerBound
      return Unicode.Scalar(syllables.lowerBound + (lead * vowelCount + vowel) * trailCount)
    }
    guard syllables.contains(first.value), (first.value - syllables.lowerBound) % trailCount == 0,
      trails.contains(second.value)
    else { return nil }
    return Unicode.Scalar(first.value + second.value - trails.lowerBound + 1)
  }
}
