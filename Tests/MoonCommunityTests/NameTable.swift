import Foundation
import MoonCommunity
import MoonTensor
import MoonTestSupport
import MoonWeights
import Testing

/// The original names of the tensors of tiny models, and where the reference's conversion puts them.
struct NameTable: Sendable {
  /// One tensor of a file in the original layout; three names where it is cut.
  struct Row: Sendable {
    let original: String
    let names: [String]
  }

  /// One network of a model.
  struct Part: Sendable {
    let model: String
    let part: String
    let prefix: String
    let rows: [Row]
  }

  /// Every network of `community/names.json`.
  static let parts = Result { try read() }

  /// The networks of one model.
  static func parts(of model: String) throws -> [Part] { try parts.get().filter { $0.model == model } }

  private static func read() throws -> [Part] {
    let file = try ConfigFile(contentsOf: Fixture.folder.appending(path: "community/names.json"))
    guard case .array(let groups)? = file.value("parts") else { return [] }
    return try groups.map { group in
      guard case .object(let object) = group, case .array(let rows)? = object["rows"] else { throw Malformed() }
      let section = ConfigFile(object, name: "names.json")
      let prefix = try section.string("prefix")
      return Part(
        model: try section.string("model"), part: try section.string("part"), prefix: prefix,
        rows: try rows.flatMap { try read($0, prefix: prefix) })
    }
  }

  private static func read(_ row: JSONValue, prefix: String) throws -> [Row] {
    guard case .array(let cells) = row, cells.count == 3, case .string(let tensors) = cells[0],
      case .string(let original) = cells[1]
    else { throw Malformed() }
    switch cells[2] {
    case .array(let names):
      return [
        Row(
          original: prefix + original, names: names.compactMap { if case .string(let name) = $0 { name } else { nil } })
      ]
    case .string(let name) where tensors.isEmpty: return [Row(original: prefix + original, names: [name])]
    case .string(let name):
      return tensors.map { tensor in
        let end = tensor == "w" ? ".weight" : ".bias"
        return Row(original: prefix + original + end, names: [name + end])
      }
    default: throw Malformed()
    }
  }

  private struct Malformed: Error {}
}

/// Files in the original layout, written from the names.
enum OriginalFile {
  /// A file with a small tensor of its own number for every name; shapes are only as large as telling files apart takes.
  static func markers(
    _ parts: [NameTable.Part], shapes: [String: [Int]] = [:], extra: [(key: String, tensor: Tensor)] = [],
    metadata: [String: String] = [:], leavingOut: (String) -> Bool = { _ in false }, to url: URL
  ) throws -> [String: Float] {
    var numbers: [String: Float] = [:]
    var tensors = extra
    for row in parts.flatMap(\.rows) where !leavingOut(row.original) {
      let number = Float(numbers.count + 1)
      numbers[row.original] = number
      let shape = shapes[row.original] ?? defaultShape(row)
      var values = [Float](repeating: number, count: shape.reduce(1, *))
      // The three parts of a fused tensor are told apart.
      if row.names.count == 3 { for index in values.indices { values[index] += Float(index * 3 / values.count) / 4 } }
      tensors.append((row.original, try Tensor(values, shape: shape)))
    }
    try SafetensorsFile.write(tensors, metadata: metadata, to: url)
    return numbers
  }

  private static func defaultShape(_ row: NameTable.Row) -> [Int] {
    if row.names.count == 3 { return row.original.hasSuffix("bias") ? [3] : [3, 1] }
    if row.original.hasSuffix("diffusion_model.input_blocks.0.0.weight") { return [1, 4, 1, 1] }
    if row.original.contains(".mid.attn_1."), row.original.hasSuffix(".weight") { return [1, 1, 1, 1] }
    return row.original.hasSuffix("text_projection") ? [1, 1] : [1]
  }

  /// The tiny model in `folder` as one file, in its own element types.
  ///
  /// SD 2.x gets a last layer of the text encoder that is not used, and a projection, as the published files have them.
  static func pack(_ model: String, folder: URL, extra: [(key: String, tensor: Tensor)] = [], to url: URL) throws {
    var tensors = extra
    for part in try NameTable.parts(of: model) {
      let map = try WeightMap.open(
        component: folder.appending(path: part.part),
        baseName: part.part == "text_encoder" ? "model" : "diffusion_pytorch_model")
      for row in part.rows {
        let pieces = try row.names.map { try tensor($0, in: map) }
        let whole = pieces.count == 1 ? pieces[0] : try Tensor.concatenated(pieces, along: 0)
        tensors.append((row.original, isPixelMatrix(row) ? try whole.reshaped(to: whole.shape + [1, 1]) : whole))
      }
      if model == "sd2", part.part == "text_encoder" {
        let last = part.prefix + "transformer.resblocks.2."
        for row in part.rows where row.original.hasPrefix(last) {
          if let tensor = tensors.first(where: { $0.key == row.original })?.tensor {
            tensors.append((part.prefix + "transformer.resblocks.3." + row.original.dropFirst(last.count), tensor))
          }
        }
        tensors.append((part.prefix + "text_projection", try Tensor.zeros([24, 24])))
      }
    }
    try SafetensorsFile.write(tensors, to: url)
  }

  private static func isPixelMatrix(_ row: NameTable.Row) -> Bool {
    row.original.contains(".mid.attn_1.") && row.original.hasSuffix(".weight") && !row.original.contains(".norm.")
  }

  /// A tensor by its present name, also where a folder has the former one.
  static func tensor(_ name: String, in map: WeightMap) throws -> Tensor {
    let former = [".to_q.": ".query.", ".to_k.": ".key.", ".to_v.": ".value.", ".to_out.0.": ".proj_attn."]
    var key = name
    if !map.contains(key), let (new, old) = former.first(where: { name.contains($0.key) }) {
      key = name.replacing(new, with: old)
    }
    return try map.take(key, shape: try #require(map.shape(of: key)))
  }
}
