package import Foundation
internal import MoonTensor

/// Which file holds the weights of one component of a diffusers model folder.
package struct WeightFiles: Sendable, Equatable {
  /// The `.safetensors` file, or the index of several.
  package let url: URL
  /// Whether `url` is an index.
  package let isIndex: Bool
  /// The variant that was found; `nil` for the files without one.
  package let variant: String?

  /// Finds the weights in `folder`, in the order of the reference.
  ///
  /// With a variant (`fp16`), its files are looked for first: `NAME.fp16.safetensors` and the index
  /// `NAME.safetensors.index.fp16.json` (formerly `NAME.safetensors.fp16.index.json`). A component without them is read
  /// from the files without variant, as diffusers does when other components of the model have the variant; who loads a
  /// whole model looks at `variant`, warns of a mixture, and fails when no component at all has the variant.
  /// Where an index and a whole file both exist, the index wins for `diffusion_pytorch_model`, the whole file for
  /// `model` (transformers).
  ///
  /// - Parameters:
  ///   - folder: The component's folder, `unet` for example.
  ///   - baseName: `diffusion_pytorch_model` or, for the parts from transformers, `model`.
  ///   - variant: The wanted variant: letters, digits, `_` and `-`.
  /// - Returns: The file to read.
  /// - Throws: `WeightsError.noWeights`, with a hint when only pickled weights or other variants are there.
  package static func find(
    in folder: URL, baseName: String, variant: String? = nil
  ) throws(WeightsError) -> WeightFiles {
    let shownFolder = folder.shownPath
    if let variant, !isPlain(variant) {
      throw .noWeights(folder: shownFolder, reason: "\(WeightsError.quoted(variant)) is not the name of a variant")
    }
    guard let contents = try? FileManager.default.contentsOfDirectory(atPath: folder.path) else {
      throw .noWeights(folder: shownFolder, reason: "the folder does not exist")
    }
    let names = Set(contents)
    for wanted in variant == nil ? [nil] : [variant, nil] {
      for (name, isIndex) in candidates(baseName: baseName, variant: wanted) where names.contains(name) {
        return WeightFiles(url: folder.appending(path: name), isIndex: isIndex, variant: wanted)
      }
    }
    throw .noWeights(folder: shownFolder, reason: hint(names: contents.sorted(), baseName: baseName))
  }

  /// Letters, digits, `_` and `-`: nothing that leads out of the folder.
  private static func isPlain(_ variant: String) -> Bool {
    !variant.isEmpty
      && variant.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
          true
        default: false
        }
      }
  }

  private static func candidates(baseName: String, variant: String?) -> [(name: String, isIndex: Bool)] {
    let whole = (variant.map { "\(baseName).\($0).safetensors" } ?? "\(baseName).safetensors", false)
    let index = "\(baseName).safetensors.index"
    var indices = [(variant.map { "\(index).\($0).json" } ?? "\(index).json", true)]
    if let variant { indices.append(("\(baseName).safetensors.\(variant).index.json", true)) }
    return baseName == "model" ? [whole] + indices : indices + [whole]
  }

  /// What the folder holds instead of the wanted files.
  private static func hint(names: [String], baseName: String) -> String {
    let pickled = names.filter { name in [".bin", ".ckpt", ".pt", ".pth", ".msgpack"].contains { name.hasSuffix($0) } }
    if let first = pickled.first {
      return "only \(first.shown) is there, so convert the model in Python with "
        + "DiffusionPipeline.from_pretrained(\"model\").save_pretrained(\"converted\", safe_serialization=True)"
    }
    let variants = names.compactMap { name -> String? in
      guard name.hasPrefix(baseName + "."), name.hasSuffix(".safetensors") else { return nil }
      let middle = name.dropFirst(baseName.count + 1).dropLast(".safetensors".count)
      return middle.isEmpty ? nil : String(middle.prefix { $0 != "-" })
    }
    if let first = variants.first {
      return "\(baseName).safetensors is missing, but there is the variant \(WeightsError.quoted(first))"
    }
    return "\(baseName).safetensors is missing"
  }
}
