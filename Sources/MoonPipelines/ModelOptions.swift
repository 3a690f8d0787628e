public import Foundation

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

  /// Nothing but the model.
  public init() {}
}
