/// Numbers that belong to texts, the same in every process.
package enum TextHash {
  /// FNV-1a, 64 bits, over the text in UTF-8.
  package static func fnv1a(_ text: String) -> UInt64 {
    text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}
