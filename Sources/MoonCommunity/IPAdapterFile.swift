package import Foundation
package import MoonWeights

/// An IP-Adapter in one file.
package enum IPAdapterFile {
  /// Maps the file at `url`.
  ///
  /// - Returns: Its tensors, under `image_proj.` and `ip_adapter.`.
  /// - Throws: `CommunityError`, for a pickle and a file of another kind too.
  package static func weights(contentsOf url: URL) throws(CommunityError) -> WeightMap {
    let file = try CommunityFile.open(url)
    try SafetensorsKind.require(file, wanted: "an IP-Adapter") { $0 == .ipAdapter }
    for prefix in ["image_proj.", "ip_adapter."] where !file.keys.contains(where: { $0.hasPrefix(prefix) }) {
      throw .unusable(file: file.name, reason: "has no tensors under \(prefix), which an IP-Adapter has")
    }
    return WeightMap(file)
  }
}
