internal import MoonNets

/// An IP-Adapter with the image encoder that it reads.
struct LoadedAdapter: Sendable {
  let encoder: ImagePromptEncoder
  let projection: any ImageTokenProjection
  let layers: IPAdapterLayers
}
