import Foundation
import MoonText
import Testing

@Suite("Canonical composition") struct CanonicalCompositionTests {
  /// Every scalar that Unicode 9 has.
  private static let scalars = (0...0x10FFFF as ClosedRange<UInt32>).compactMap(Unicode.Scalar.init).filter {
    ($0.properties.age?.major ?? 99) <= 9
  }

  @Test("keeps every composed scalar and restores it from its parts")
  func roundTrip() {
    var composites = 0
    for scalar in Self.scalars where scalar.value >= 0xC0 {
      let parts = Array(String(scalar).decomposedStringWithCanonicalMapping.unicodeScalars)
      guard parts != [scalar], !scalar.properties.isFullCompositionExclusion else { continue }
      composites += 1
      #expect(CanonicalComposition.composed([scalar]) == [scalar])
      #expect(CanonicalComposition.composed(parts) == [scalar])
    }
    // 11,172 Korean syllables and the 940 primary composites of Unicode 9.
    #expect(composites == 11_172 + 940)
  }

  @Test("gives back the parts of a scalar that is excluded from composition")
  func exclusions() {
    var exclusions = 0
    for scalar in Self.scalars where scalar.properties.isFullCompositionExclusion {
      exclusions += 1
      let composed = CanonicalComposition.composed([scalar])
      #expect(composed != [scalar])
      #expect(CanonicalComposition.composed(composed) == composed)
    }
    #expect(exclusions == 1_120)
  }

  @Test("does not depend on the order of marks of different classes")
  func markOrder() {
    let marks: [Unicode.Scalar] = ["\u{334}", "\u{327}", "\u{323}", "\u{301}", "\u{345}"]
    for base in ["a", "\u{E5}", "\u{3B1}", "\u{1EA1}"] as [Unicode.Scalar] {
      let wanted = CanonicalComposition.composed([base] + marks)
      for shift in 1..<marks.count {
        let turned = Array(marks[shift...] + marks[..<shift])
        #expect(CanonicalComposition.composed([base] + turned) == wanted)
      }
    }
  }
}
