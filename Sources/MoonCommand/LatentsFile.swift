package import Foundation
package import MoonTensor
internal import MoonWeights

/// Latents in a safetensors file.
package enum LatentsFile {
  /// The noise that a run starts from, as float32.
  ///
  /// - Parameter url: A file with a tensor `latents`, or with one tensor of any name.
  /// - Returns: The tensor, whatever its shape.
  /// - Throws: One sentence that names the file.
  package static func read(_ url: URL) throws -> Tensor {
    let file = try SafetensorsFile(contentsOf: url)
    let keys = file.keys
    guard let key = keys.contains("latents") ? "latents" : keys.count == 1 ? keys.first : nil else {
      throw CommandFailure(.badFile, "--latents: \(file.name) has no tensor 'latents'")
    }
    return try file.tensor(key).converted(to: .float32)
  }

  /// Writes what a run ended with.
  ///
  /// - Parameters:
  ///   - latents: The final latents, before the autoencoder's scaling.
  ///   - image: The decoder's output, `[batch, 3, height, width]`.
  ///   - url: The file to make or to replace; it appears whole or not at all.
  /// - Throws: One sentence that names the file.
  package static func write(latents: Tensor, image: Tensor, to url: URL) throws {
    try SafetensorsFile.write(
      [
        (key: "latents", tensor: try latents.converted(to: .float32)),
        (key: "image", tensor: try image.converted(to: .float32)),
      ], to: url)
  }
}
