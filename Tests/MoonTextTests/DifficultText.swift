import Testing

/// A text on which Unicode tables differ, or are applied wrongly, with the reference's ids (transformers 5.24.0, the
/// published vocabulary and the configuration of SD 1.x), without the ones around them.
///
/// The reference composes with the tables of Unicode 9, tells letters and numbers by those of Unicode 16, and
/// lower-cases with those of Unicode 17.
struct DifficultText: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let text: String
  let ids: [Int32]

  init(_ label: String, _ text: String, _ ids: [Int32]) {
    testDescription = label
    self.text = text
    self.ids = ids
  }

  static let all = [
    DifficultText("two-step composition of Kannada", "\u{CC6}\u{CC2}\u{CD5} \u{CCA}\u{CD5}", [20745, 489, 20745, 489]),
    DifficultText(
      "a Korean syllable and a trailing consonant", "\u{BF1C}\u{11A8} \u{D670}\u{11A8}",
      [167, 120, 250, 157, 228, 357, 31882, 365]),
    DifficultText(
      "a Korean lead with a vowel that composes with nothing", "\u{110E}\u{1176} \u{1113}\u{1161}",
      [157, 226, 236, 157, 227, 370, 157, 226, 241, 157, 227, 350]),
    DifficultText("old Korean letters", "\u{1112}\u{119E}\u{11AB}", [157, 226, 240, 157, 228, 252, 157, 228, 360]),
    DifficultText(
      "Tibetan vowels that come apart", "\u{F75}\u{307} \u{F81}\u{6DF} \u{F73}\u{59E}",
      [39219, 109, 39219, 112, 16384, 39219, 109, 156, 122, 222, 151, 509, 39219, 109, 39219, 110, 146, 508]),
    DifficultText(
      "a Deseret letter that is no Cyrillic one", "\u{10418}\u{306} \u{1041E}\u{308}",
      [172, 238, 239, 478, 136, 484, 172, 238, 239, 484, 136, 486]),
    DifficultText(
      "a pair beyond the first plane", "\u{11099}\u{110BA} \u{11131}\u{11127}",
      [172, 239, 224, 504, 172, 239, 226, 362]),
    DifficultText(
      "marks of Unicode 10 are not sorted", "a\u{1DF6}\u{301}\u{323} a\u{1DF9}\u{301}",
      [320, 157, 115, 114, 136, 96, 136, 479, 320, 157, 115, 117, 136, 479]),
    DifficultText(
      "marks of Unicode 14 end a sequence", "e\u{1AC1}\u{301} e\u{301}\u{1AC1}\u{323}",
      [324, 157, 104, 223, 136, 479, 4166, 157, 104, 223, 136, 352]),
    DifficultText(
      "compositions of Unicode 13 stay apart", "\u{11935}\u{11930} \u{11938}",
      [172, 239, 97, 113, 172, 239, 97, 364, 172, 239, 97, 372]),
    DifficultText(
      "compositions of Unicode 16 stay apart", "\u{105D2}\u{307} \u{105C9}",
      [172, 238, 245, 496, 16384, 172, 238, 245, 487]),
    DifficultText(
      "letters of Unicode 16 are letters", "a\u{10D50}b \u{A7CB}c \u{1C89}d",
      [64, 172, 238, 113, 108, 321, 133, 97, 322, 157, 110, 232, 323]),
    DifficultText(
      "letters of Unicode 17 are not", "a\u{88F}b a\u{10940}b \u{C5C}\u{CDC}",
      [320, 156, 95, 493, 321, 320, 172, 238, 98, 478, 321, 23550, 250, 20745, 506]),
    DifficultText(
      "numbers of Unicode 17 are not", "\u{11DE0}1 \u{16FF4}1", [172, 239, 115, 510, 272, 172, 244, 123, 368, 272]),
    DifficultText(
      "capitals of Unicode 17 are lower-cased", "\u{A7CE}a \u{A7D2} \u{16EA0}b",
      [166, 253, 493, 320, 166, 253, 497, 172, 244, 118, 375, 321]),
    DifficultText(
      "marks in falling order", "a\u{345}\u{301}\u{323}\u{327}\u{334}",
      [157, 118, 350, 136, 112, 136, 100, 136, 223, 137, 483]),
    DifficultText(
      "marks of one class keep their order", "a\u{301}\u{300} a\u{300}\u{301}", [22229, 136, 478, 21259, 136, 479]),
    DifficultText(
      "a blocked mark", "a\u{305}\u{301} a\u{323}\u{305}\u{301}",
      [320, 136, 227, 136, 479, 157, 118, 350, 136, 227, 136, 479]),
    DifficultText(
      "a grapheme joiner between marks", "a\u{34F}\u{301} e\u{301}\u{34F}\u{323}",
      [320, 137, 237, 136, 479, 4166, 137, 237, 136, 352]),
    DifficultText(
      "marks that come apart", "\u{344} a\u{344} \u{340}\u{341}\u{343} \u{374}\u{37E}",
      [136, 230, 136, 479, 47276, 136, 479, 136, 222, 136, 223, 136, 497, 134, 373, 282]),
    DifficultText(
      "sharp s, dotted capital I, final sigma", "STRASSE\u{1E9E} \u{130}I\u{307} \u{39F}\u{3A3} \u{3A3}\u{3A3}.",
      [1894, 9030, 127, 509, 328, 16384, 328, 16384, 138, 123, 139, 481, 139, 225, 139, 481, 269]),
    DifficultText(
      "lower case that is not composed again", "\u{130}\u{323} \u{1E9E}\u{301} J\u{30C}",
      [157, 119, 489, 16384, 127, 509, 136, 479, 329, 136, 490]),
    DifficultText(
      "kelvin sign after an apostrophe", "it'\u{212A} it'\u{17F} IT'LL it'\u{FF33}",
      [585, 262, 330, 585, 262, 129, 379, 585, 1342, 585, 262, 171, 121, 497]),
    DifficultText(
      "a special token behind a mark", "!<|startoftext|>! a<|startoftext|>'s", [256, 49406, 256, 320, 49406, 568]),
    DifficultText(
      "a special token in full-width bars", "<\u{FF5C}endoftext\u{FF5C}>",
      [27, 171, 121, 506, 40786, 4160, 171, 121, 250, 285]),
    DifficultText(
      "a decomposed letter at a special token", "e<|endoftext|>\u{301} \u{301}<|endoftext|>e",
      [324, 49407, 136, 479, 136, 479, 49407, 324]),
    DifficultText(
      "white space that is not a space", "a\u{1C}b\u{1F}c\u{200B}d\u{180E}e\u{2060}f\u{85}g\u{205F}h",
      [320, 472, 321, 475, 322, 9844, 323, 157, 254, 492, 324, 13503, 325, 326, 327]),
  ]
}
