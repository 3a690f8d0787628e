internal import MoonImage

/// A kind of run that a stand-in can stand for.
package struct RehearsalKind: Sendable, Equatable {
  /// `sd` or `sdxl`.
  package var pipeline: String
  /// What the pictures are made from.
  package var task: RunTask
  /// ControlNets of the run.
  package var controlNets: Int
  /// IP-Adapters of the run.
  package var imageAdapters: Int
  /// Whether the model was trained for inpainting, and takes the masked picture.
  package var isInpaintingModel = false

  /// A kind of run.
  package init(_ pipeline: String, _ task: RunTask = .textToImage, controlNets: Int = 0, imageAdapters: Int = 0) {
    self.pipeline = pipeline
    self.task = task
    self.controlNets = controlNets
    self.imageAdapters = imageAdapters
  }

  /// Whether the model is of the SDXL family.
  var isXL: Bool { pipeline == "sdxl" }

  /// Every kind of run of a pipeline that a plugin may meet, each part of the pipeline once.
  package static func all(of pipeline: String) -> [RehearsalKind] {
    var inpainting = RehearsalKind(pipeline, .inpainting)
    inpainting.isInpaintingModel = true
    return [
      RehearsalKind(pipeline), RehearsalKind(pipeline, .imageToImage), RehearsalKind(pipeline, .inpainting),
      inpainting, RehearsalKind(pipeline, controlNets: 1), RehearsalKind(pipeline, imageAdapters: 1),
      RehearsalKind(pipeline, .imageToImage, controlNets: 2, imageAdapters: 2),
    ]
  }

  /// `sd text-to-image, ControlNet`.
  package var description: String {
    var parts = ["\(pipeline) \(task.rawValue)\(isInpaintingModel ? " model" : "")"]
    if controlNets > 0 { parts.append(controlNets == 1 ? "ControlNet" : "\(controlNets) ControlNets") }
    if imageAdapters > 0 { parts.append(imageAdapters == 1 ? "IP-Adapter" : "\(imageAdapters) IP-Adapters") }
    return parts.joined(separator: ", ")
  }

  /// A request of this kind.
  func request() throws -> GenerationRequest {
    var request = GenerationRequest(prompt: "a red apple on a blue table", seed: 0)
    request.negativePrompts = ["blurry"]
    request.inferenceSteps = 25
    request.guidanceScale = isXL ? 5 : 7.5
    // Nobody looks at the picture: what it stands for is made up.
    let picture = try RGBImage(width: 1, height: 1, pixels: [0, 0, 0])
    if task != .textToImage { request.images = [picture] }
    if task == .inpainting { request.masks = [picture] }
    request.controls = [ControlInput](repeating: ControlInput(picture), count: max(controlNets, 0))
    request.imagePrompts = [ImagePrompt](repeating: ImagePrompt([picture]), count: max(imageAdapters, 0))
    return request
  }
}
