import Foundation
import MoonPipelines
import MoonSchedulers
import MoonTensor
import MoonTestSupport
import MoonWeights
import Testing

/// Model folders with one thing wrong in them end in one sentence that names it.
@Suite("Model folders") struct ModelFolderTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A copy of a model of the fixtures that can be changed.
  private func copy(_ model: String = "tiny_sd") throws -> URL {
    let copy = folder.url.appending(path: "model")
    try FileManager.default.copyItem(at: Fixture.folder.appending(path: "models/\(model)"), to: copy)
    return copy
  }

  /// What loading `url` says, without the folder's place.
  private func refusal(_ url: URL, variant: String? = nil) -> String? {
    folder.message { try StableDiffusionPipeline(contentsOf: url, variant: variant) }
  }

  private func replace(_ old: String, with new: String, in file: String) throws {
    let url = folder.url.appending(path: "model").appending(path: file)
    let text = try String(contentsOf: url, encoding: .utf8)
    try #require(text.contains(old))
    try folder.write(text.replacing(old, with: new), to: "model/\(file)")
  }

  @Test("that are none are refused")
  func noModel() throws {
    #expect(refusal(folder.url.appending(path: "nothing")) == "nothing: no such file or folder")
    let empty = try folder.file("empty/file").deletingLastPathComponent()
    #expect(refusal(empty) == "empty: no model_index.json in it, so it is no diffusers folder")
  }

  @Test(
    "of other kinds are refused",
    arguments: [
      (
        "\"StableDiffusionPipeline\"", "\"FluxPipeline\"",
        "model/model_index.json: the pipeline FluxPipeline is not supported; StableDiffusionPipeline and "
          + "StableDiffusionXLPipeline are, with their forms for images, inpainting and ControlNet"
      ),
      (
        "\"CLIPTextModel\"", "\"T5EncoderModel\"",
        "model/model_index.json: the text encoder T5EncoderModel is not supported; CLIPTextModel is"
      ),
      (
        "\"diffusers\",\n    \"AutoencoderKL\"", "null,\n    null", "model/model_index.json: the pipeline has no vae"
      ),
      (
        "[\n    \"diffusers\",\n    \"UNet2DConditionModel\"\n  ]", "7",
        "model/model_index.json: \"unet\" is not a library and a class"
      ),
    ])
  func otherKinds(old: String, new: String, text: String) throws {
    let model = try copy()
    try replace(old, with: new, in: "model_index.json")
    #expect(refusal(model) == text)
  }

  @Test(
    "with a missing part are refused",
    arguments: [
      ("text_encoder", "model/text_encoder/config.json cannot be read: No such file or directory"),
      ("unet", "model/unet/config.json cannot be read: No such file or directory"),
      ("vae/config.json", "model/vae/config.json cannot be read: No such file or directory"),
      (
        "vae/diffusion_pytorch_model.safetensors",
        "model/vae has no weights in the safetensors format: diffusion_pytorch_model.safetensors is missing"
      ),
      (
        "text_encoder/model.safetensors",
        "model/text_encoder has no weights in the safetensors format: model.safetensors is missing"
      ),
      ("scheduler", "model/scheduler/scheduler_config.json cannot be read: No such file or directory"),
    ])
  func missingParts(part: String, text: String) throws {
    let model = try copy()
    try FileManager.default.removeItem(at: model.appending(path: part))
    #expect(refusal(model) == text)
  }

  @Test("with truncated weights are refused", arguments: ["text_encoder/model", "unet/diffusion_pytorch_model"])
  func truncated(name: String) throws {
    let model = try copy()
    let file = "model/\(name).safetensors"
    let bytes = try Data(contentsOf: folder.url.appending(path: file))
    for count in [0, 7, 100, bytes.count / 2, bytes.count - 1] {
      try folder.write(Array(bytes.prefix(count)), to: file)
      let text = try #require(refusal(model), "\(count) bytes")
      let start = count == 0 ? " cannot be read: it is empty" : " is not a valid safetensors file: "
      #expect(text.hasPrefix(file + start) && !text.contains("\n"), "\(text)")
    }
  }

  @Test(
    "whose parts do not fit together are refused",
    arguments: [
      ("unet", "model: the text encoder is 32 wide, the UNet attends to 24"),
      ("text_encoder", "model: the text encoder is 24 wide, the UNet attends to 32"),
    ])
  func misfits(part: String, text: String) throws {
    let model = try copy()
    let place = model.appending(path: part)
    try FileManager.default.removeItem(at: place)
    try FileManager.default.copyItem(at: Model.tinySD2.folder.appending(path: part), to: place)
    #expect(refusal(model) == text)
  }

  @Test("whose tokenizer makes more ids than the text encoder takes are refused")
  func tokenizerMisfit() throws {
    let model = try copy()
    try replace("\"model_max_length\": 77", with: "\"model_max_length\": 78", in: "tokenizer/tokenizer_config.json")
    #expect(refusal(model) == "model: the tokenizer makes 78 ids, the text encoder takes 77")
  }

  @Test("whose tokenizers make different numbers of ids are refused")
  func tokenizerLengths() throws {
    let model = try copy("tiny_sdxl")
    try replace("\"model_max_length\": 77", with: "\"model_max_length\": 20", in: "tokenizer/tokenizer_config.json")
    #expect(
      refusal(model) == "model: the tokenizers make 20 and 77 ids (\"model_max_length\"), wanted as many of both")
  }

  @Test("are taken whole with a variant that a network beside them has")
  func variantElsewhere() throws {
    let model = try copy()
    let control = folder.url.appending(path: "control")
    try FileManager.default.copyItem(at: Fixture.folder.appending(path: "models/tiny_controlnet_a"), to: control)
    let name = "diffusion_pytorch_model"
    try FileManager.default.moveItem(
      at: control.appending(path: "\(name).safetensors"), to: control.appending(path: "\(name).fp16.safetensors"))
    var options = ModelOptions()
    (options.variant, options.controlNets) = ("fp16", [control])
    _ = try StableDiffusionPipeline(contentsOf: model, options: options)
    options.controlNets = []
    #expect(
      folder.message { try StableDiffusionPipeline(contentsOf: model, options: options) }
        == "model: no part has weights of the variant 'fp16'")
  }

  @Test("whose tokenizer knows more tokens than the text encoder are refused")
  func vocabularyMisfit() throws {
    let model = try copy()
    let large = Fixture.folder.appending(path: "tokenizer")
    for name in ["vocab.json", "merges.txt"] {
      let place = model.appending(path: "tokenizer/\(name)")
      try FileManager.default.removeItem(at: place)
      try FileManager.default.copyItem(at: large.appending(path: name), to: place)
    }
    #expect(refusal(model) == "model: the tokenizer knows 49408 tokens, the text encoder 874")
  }

  @Test("whose scheduler is not known here are refused, unless another one is asked for")
  func scheduler() throws {
    let model = try copy()
    try replace("PNDMScheduler", with: "FlowMatchEulerDiscreteScheduler", in: "model_index.json")
    let pipeline = try StableDiffusionPipeline(contentsOf: model)
    let text = folder.message { try pipeline.run(smallRequest(scheduler: nil)) }
    #expect(
      text?.hasPrefix(
        "model/scheduler/scheduler_config.json: _class_name is \"FlowMatchEulerDiscreteScheduler\", wanted one of ")
        == true, "\(text ?? "nothing")")
    #expect(folder.message { try pipeline.run(smallRequest(scheduler: .ddim)) } == nil)
  }

  @Test("have the scheduler that model_index.json names, as in the reference")
  func schedulerClass() throws {
    let model = try copy()
    try replace("PNDMScheduler", with: "EulerDiscreteScheduler", in: "model_index.json")
    let run = try RecordedRun(smallRequest(scheduler: nil), of: StableDiffusionPipeline(contentsOf: model))
    #expect(run.result.report.scheduler == "EulerDiscreteScheduler")
    let euler = try RecordedRun(smallRequest(scheduler: .euler))
    expectExact(run.result.latents, euler.result.latents)
  }

  @Test("with the wrong values of old scheduler files are repaired, with a warning")
  func repaired() throws {
    let model = try copy()
    try replace("\"steps_offset\": 1", with: "\"steps_offset\": 0", in: "scheduler/scheduler_config.json")
    let pipeline = try StableDiffusionPipeline(contentsOf: model)
    let run = try RecordedRun(smallRequest(scheduler: nil), of: pipeline)
    #expect(
      run.result.report.warnings.map { $0.replacing(folder.url.path + "/", with: "") } == [
        "model/scheduler/scheduler_config.json: steps_offset is taken as 1, as Stable Diffusion needs it"
      ])
    expectExact(run.result.latents, try RecordedRun(smallRequest(scheduler: nil)).result.latents)
  }

  @Test("with a variant are the same model, and say which part lacks it")
  func variant() throws {
    let model = try copy("tiny_sd2_variant")
    let request = smallRequest()
    let pipeline = try StableDiffusionPipeline(contentsOf: model, variant: "fp16")
    let run = try RecordedRun(request, of: pipeline)
    let plain = try RecordedRun(request, of: Model.tinySD2.pipeline())
    // The same numbers in other files, widened as they are used; one of them stored in bfloat16 here, float16 there.
    expectClose(run.result.latents, plain.result.latents, rtol: 1e-5)
    #expect(
      run.result.report.warnings.map { $0.replacing(folder.url.path + "/", with: "") } == [
        "model/text_encoder has no weights of the variant 'fp16'; those without a variant are taken"
      ])
  }

  @Test("without the variant are refused")
  func missingVariant() throws {
    #expect(refusal(try copy(), variant: "fp16") == "model: no part has weights of the variant 'fp16'")
    #expect(
      refusal(folder.url.appending(path: "model"), variant: "../x")
        == "model/text_encoder has no weights in the safetensors format: \"../x\" is not the name of a variant")
    try FileManager.default.removeItem(at: folder.url.appending(path: "model"))
    #expect(
      refusal(try copy("tiny_sd2_variant"))
        == "model/unet has no weights in the safetensors format: diffusion_pytorch_model.safetensors is missing, "
        + "but there is the variant \"fp16\"")
  }
}
