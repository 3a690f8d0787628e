package import Foundation
package import MoonPipelines
internal import MoonTestSupport

/// The smallest model with everything that a run needs.
package enum TinyModel {
  /// The loaded pipeline; loading it costs more than a run.
  package static let pipeline = Result { try StableDiffusionPipeline(contentsOf: folder) }
  /// Where its files are.
  package static let folder = Fixture.folder.appending(path: "models/tiny_sd")

  /// A short run with guidance.
  package static func request(steps: Int = 3) -> GenerationRequest {
    var request = GenerationRequest(prompt: "a red apple on a blue table", seed: 11)
    request.negativePrompts = ["blurry, dark"]
    request.inferenceSteps = steps
    request.scheduler = "ddim"
    (request.width, request.height) = (16, 16)
    return request
  }
}
