internal import Foundation
package import MoonCommunity
internal import MoonNets
internal import MoonText

/// A checkpoint in one file with what it lacks: tokenizers, from beside the file or built in.
package struct CheckpointModel: Sendable {
  /// The file.
  package let checkpoint: Checkpoint
  private let url: URL

  init(_ url: URL) throws {
    self.url = url
    checkpoint = try Checkpoint(contentsOf: url)
  }

  var isXL: Bool { [.sdxl, .sdxlRefiner].contains(checkpoint.kind.family) }

  /// A note for names that belong to no network.
  var warnings: [String] {
    let ignored = checkpoint.ignoredKeys
    guard let first = ignored.first else { return [] }
    let others = ignored.count == 1 ? "" : " and \(ignored.count - 1) more"
    return ["\(checkpoint.name): \"\(first)\"\(others) belong to no network and are not read"]
  }

  /// The part of the checkpoint that a folder of this name would hold.
  func part(_ name: String) throws -> Checkpoint.Part {
    guard let part = Checkpoint.Part(rawValue: name) else {
      throw PipelineError.badModel(path: checkpoint.name, detail: "a checkpoint has no \(name)")
    }
    return part
  }

  /// The text encoders that are there, the tokenizers that read for them, and what these fill a text up with.
  private var encoders: [(part: Checkpoint.Part, tokenizer: String, padding: CLIPTokenizer.Padding)] {
    switch checkpoint.kind.family {
    case .sd1: [(.textEncoder, "tokenizer", .endOfText)]
    case .sd2: [(.textEncoder, "tokenizer", .exclamationMark)]
    case .sdxl: [(.textEncoder, "tokenizer", .endOfText), (.textEncoder2, "tokenizer_2", .exclamationMark)]
    case .sdxlRefiner: [(.textEncoder2, "tokenizer_2", .exclamationMark)]
    }
  }

  func tokenizers() throws -> [(name: String, tokenizer: CLIPTokenizer)] {
    try encoders.map { ($0.tokenizer, try CLIPTokenizer.beside(url, name: $0.tokenizer, padding: $0.padding)) }
  }

  func textConfigurations() throws -> [(name: String, configuration: CLIPTextConfiguration)] {
    try encoders.map { encoder in
      let file = try checkpoint.configuration(encoder.part)
      return (encoder.part.rawValue, try CLIPTextConfiguration(file, projects: encoder.part == .textEncoder2))
    }
  }
}
