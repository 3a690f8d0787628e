/// Why a tokenizer could not be loaded, or a text not be encoded.
public enum TokenizerError: Error, Equatable, Sendable {
  /// The folder holds neither `tokenizer.json` nor both `vocab.json` and `merges.txt`.
  case noVocabulary(folder: String)
  /// A file is no regular file, or could not be read.
  case unreadableFile(file: String, reason: String)
  /// A file is larger than any tokenizer needs.
  case fileTooLarge(file: String, found: Int, limit: Int)
  /// A file is not UTF-8 or not JSON; `byte` counts from 0.
  case malformedFile(file: String, byte: Int, problem: String)
  /// A key that the tokenizer needs is not there.
  case missingKey(file: String, key: String)
  /// A key holds something other than what it must hold.
  case wrongValue(file: String, key: String, found: String, wanted: String)
  /// The ids of a vocabulary do not count from 0 without gaps.
  case wrongIdentifier(file: String, token: String, found: String, count: Int)
  /// Two tokens of a vocabulary have the same id.
  case repeatedIdentifier(file: String, token: String, other: String, identifier: Int)
  /// A vocabulary lacks the token of a byte, and the unknown token that would stand for it.
  case missingSymbol(file: String, token: String, unknown: String)
  /// A merge is not two tokens; `place` is its line or its index.
  case malformedMerge(file: String, place: String, found: String)
  /// A merge names a token that the vocabulary does not have.
  case unknownMergeToken(file: String, place: String, token: String)
  /// An added token has another id than the vocabulary gives it.
  case misplacedAddedToken(file: String, token: String, found: Int, wanted: Int)
  /// The length that the caller gives for texts is not 2 to 65,536.
  case unusableLength(found: Int)
  /// A token that is to be added cannot be.
  case unusableToken(token: String, reason: String)
  /// A text is longer than `limit` bytes.
  case textTooLong(found: Int, limit: Int)
  /// A text is not UTF-8; `byte` counts from 0.
  case invalidUTF8(byte: Int)
}

extension TokenizerError: CustomStringConvertible {
  /// One sentence that names the file and the key.
  public var description: String {
    switch self {
    case .noVocabulary(let folder):
      "\(folder): holds neither tokenizer.json nor both vocab.json and merges.txt."
    case .unreadableFile(let file, let reason):
      "\(file): cannot be read, \(reason)."
    case .fileTooLarge(let file, let found, let limit):
      "\(file): has \(found) bytes, more than the \(limit) that a tokenizer file may have."
    case .malformedFile(let file, let byte, let problem):
      "\(file): \(problem) at byte \(byte)."
    case .missingKey(let file, let key):
      "\(file): the key \(key) is missing."
    case .wrongValue(let file, let key, let found, let wanted):
      "\(file): \(key) is \(found), but must be \(wanted)."
    case .wrongIdentifier(let file, let token, let found, let count):
      "\(file): the id of token \(token) is \(found), but the \(count) ids must be 0 to \(count - 1), each once."
    case .repeatedIdentifier(let file, let token, let other, let identifier):
      "\(file): the tokens \(other) and \(token) have the same id \(identifier)."
    case .missingSymbol(let file, let token, let unknown):
      "\(file): the vocabulary has neither the token \(token) nor the unknown token \(unknown)."
    case .malformedMerge(let file, let place, let found):
      "\(file): \(place) must be two tokens with one space between them, but is \(found)."
    case .unknownMergeToken(let file, let place, let token):
      "\(file): \(place) needs the token \(token), which the vocabulary does not have."
    case .misplacedAddedToken(let file, let token, let found, let wanted):
      "\(file): the added token \(token) has the id \(found), but the vocabulary gives it \(wanted)."
    case .unusableLength(let found):
      "An encoded text cannot have \(found) ids, only 2 to 65536."
    case .unusableToken(let token, let reason):
      "The token \(token) cannot be added: \(reason)."
    case .textTooLong(let found, let limit):
      "The text has \(found) bytes, more than the \(limit) that are encoded."
    case .invalidUTF8(let byte):
      "The text is not valid UTF-8 at byte \(byte)."
    }
  }
}

/// `bytes` as a message may show them: quoted, cut, invalid UTF-8 and control characters escaped.
func quoted(_ bytes: some Collection<UInt8>) -> String {
  let shown = String(decoding: bytes.prefix(60), as: UTF8.self)
  var text = "\""
  for scalar in shown.unicodeScalars {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator:
      text += "\\u{\(String(scalar.value, radix: 16))}"
    default:
      text.unicodeScalars.append(scalar)
    }
  }
  return text + (bytes.count > 60 ? "...\"" : "\"")
}
