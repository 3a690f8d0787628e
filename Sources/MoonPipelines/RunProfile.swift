package import MoonTensor

/// Where the time of a run goes, part by part.
package struct RunProfile: Sendable {
  /// Text encoders and, for a picture to start from, the encoder.
  package let preparation = OperationProfile()
  /// The networks of the loop.
  package let steps = OperationProfile()
  /// The decoder.
  package let decoding = OperationProfile()

  /// A profile of nothing yet.
  package init() {}
}
