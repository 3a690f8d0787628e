public import Foundation
internal import MoonTensor

/// What is loaded with a model, beside the model itself.
public struct ModelOptions: Sendable {
  /// A LoRA and its weight.
  public struct Adapter: Sendable {
    /// A `.safetensors` file, or a folder in PEFT's layout.
    public var url: URL
    /// What its change is multiplied by.
    public var weight: Double

    /// A LoRA at a weight.
    ///
    /// - Parameters:
    ///   - url: The file or folder.
    ///   - weight: What its change is multiplied by.
    public init(_ url: URL, weight: Double = 1) {
      self.url = url
      self.weight = weight
    }
  }

  /// Which weights to prefer where there are several, for example `fp16`.
  public var variant: String?
  /// Another autoencoder: a diffusers folder or a `.safetensors` file.
  public var autoencoder: URL?
  /// ControlNets, each a diffusers folder or a `.safetensors` file.
  public var controlNets: [URL] = []
  /// IP-Adapters, each a `.safetensors` file.
  public var imageAdapters: [URL] = []
  /// The image encoder of the IP-Adapters, a diffusers folder; by default `image_encoder` in the model's folder, else
  /// beside the first IP-Adapter.
  public var imageEncoder: URL?
  /// LoRAs, merged into the weights; loaded without them, the model is as it was.
  public var adapters: [Adapter] = []
  /// Textual inversion files; the token of each is what the file says, or its name.
  public var embeddings: [URL] = []

  /// How much memory the networks of the loop may spend on weights in the form that they compute with.
  public var weightsCache = WeightsCacheLimit.automatic

  /// Whether to take less memory where that costs time: guidance runs its halves one after the other, and weights are
  /// not kept between steps unless `weightsCache` says how many. The halves also take turns where the machine's free
  /// memory is short.
  public var lowMemory = false

  /// Nothing but the model.
  public init() {}
}

/// How much memory networks may spend on keeping their weights between steps in the form that they compute with: as
/// float32, packed or transformed. Results are the same with any limit.
public enum WeightsCacheLimit: Sendable, Equatable {
  /// What is worth it: a small model whole, as float32; of a larger one, weights that are kept packed in the file's own
  /// precision, in place of the file's pages, so that the program takes no more for it, up to a third of the machine's
  /// free memory. Nothing with `lowMemory`.
  case automatic
  /// Weights are prepared anew in each step.
  case off
  /// At most so many bytes.
  case bytes(Int)

  /// Bytes of a UNet's files up to which a model is small, and what its weights may take as float32, transformed ones
  /// among them.
  private static let small = 64 << 20, smallLimit = 256 << 20

  /// A cache with this limit for networks of which the UNet's files take `byteCount` bytes.
  func cache(lowMemory: Bool, byteCount: Int) -> WeightCache {
    switch self {
    case .automatic where !lowMemory:
      WeightCache(
        limit: byteCount <= Self.small ? Self.smallLimit : 0,
        exchangeLimit: (SystemMemory.availableByteCount ?? 0) / 3)
    case .automatic, .off: WeightCache(limit: 0)
    case .bytes(let count): WeightCache(limit: max(0, count))
    }
  }
}
