import Foundation
import MoonPipelines
import MoonTensor
import MoonTestSupport
import MoonWeights
import Testing

/// Files that pretend to be traces end in one sentence.
@Suite("Hostile traces") struct HostileTraceTests {
  private let folder: TemporaryFolder
  private let url: URL

  init() throws {
    folder = try TemporaryFolder()
    url = try folder.file("t.safetensors")
    var request = smallRequest(steps: 2)
    request.recordsTrace = true
    try #require(try Model.tinySD.pipeline().run(request).trace).write(to: url)
  }

  /// Reads and replays a file; what is wrong with it.
  private func fault(_ file: URL) -> String? {
    folder.message { try Rehearsal(RunTrace(contentsOf: file)).run() }
  }

  /// The trace with its description or its tensors changed.
  private func changed(
    _ description: (String) -> String = { $0 }, format: String? = "moonstep-trace", version: String? = "1",
    tensors: (inout [(key: String, tensor: Tensor)]) throws -> Void = { _ in }
  ) throws -> String? {
    let file = try SafetensorsFile(contentsOf: url)
    var list = try file.keys.map { (key: $0, tensor: try file.tensor($0)) }
    try tensors(&list)
    var metadata = file.metadata
    metadata["format"] = format
    metadata["version"] = version
    metadata["run"] = metadata["run"].map(description)
    let target = try folder.file("changed.safetensors")
    try SafetensorsFile.write(list, metadata: metadata, to: target)
    return fault(target)
  }

  @Test("that are whole are none") func whole() throws {
    #expect(fault(url) == nil)
    #expect(try changed() == nil)
  }

  @Test("that are cut anywhere are refused in one line") func truncated() throws {
    let bytes = [UInt8](try Data(contentsOf: url))
    for end in stride(from: 0, to: bytes.count, by: max(bytes.count / 97, 1)) {
      let file = try folder.write(Array(bytes[..<end]), to: "cut.safetensors")
      let message = try #require(fault(file), "cut at \(end)")
      #expect(message.hasPrefix("cut.safetensors ") && !message.contains("\n"), "\(message)")
    }
  }

  @Test("of other formats and versions are refused")
  func formats() throws {
    let none = "changed.safetensors: it is no trace of a run: --record-trace makes one"
    #expect(try changed(format: nil) == none)
    #expect(try changed(format: "pickle") == none)
    #expect(
      try changed(version: "2")
        == "changed.safetensors: it has version 2 of the trace format, versions up to 1 are read")
    #expect(try changed(version: nil)?.contains("has version  of") == true)
    #expect(try changed({ _ in "[" })?.contains("is not valid JSON") == true)
  }

  @Test(
    "with a description that is wrong are refused",
    arguments: [
      ("\"pipeline\":\"sd\"", "\"pipeline\":\"flux\"", "should be \"sd\" or \"sdxl\""),
      ("\"pipeline\":\"sd\"", "\"pipeline\":\"sdxl\"", "its embeddings are not those of the pipeline sdxl"),
      ("\"factor\":4", "\"factor\":0", "should be an integer in 1...64"),
      ("\"window\":[0,2]", "\"window\":[0,3]", "are not all in the schedule"),
      ("\"window\":[0,2]", "\"window\":[2,2]", "two that rise"),
      ("\"window\":[0,2]", "\"window\":[0,99999999999999999999]", "should be a list of integers"),
      ("\"num_inference_steps\":2", "\"num_inference_steps\":4000000", "should be an integer in 1...4000"),
      ("\"num_images_per_prompt\":1", "\"num_images_per_prompt\":2", "as many as the latents have rows"),
      ("\"seeds\":[\"5\"]", "\"seeds\":[\"-5\"]", "whole numbers of 64 bits"),
      ("\"rng\":\"cpu\"", "\"rng\":\"tpu\"", "\"cpu\" or \"cuda\""),
      ("\"guidance_scale\":7.5", "\"guidance_scale\":1e300", "a number that float32 can hold"),
      ("\"num_train_timesteps\":1000", "\"num_train_timesteps\":0", "num_train_timesteps"),
      ("\"beta_start\":", "\"beta_begin\":", "beta_begin"),
      ("\"ip_adapter_scales\":[]", "\"ip_adapter_scales\":[1]", "0 finite ones"),
      ("\"steps\":[", "\"steps\":[7,", "a list of objects"), ("\"steps\":[", "\"stepz\":[", "\"steps\""),
    ])
  func descriptions(old: String, new: String, wanted: String) throws {
    let message = try changed { text in
      #expect(text.contains(old), "\(text)")
      return text.replacing(old, with: new)
    }
    #expect(message?.contains(wanted) == true, "\(message ?? "no error")")
    #expect(message?.contains("\n") == false)
  }

  @Test("with tensors that are missing, of another shape or not finite are refused")
  func tensors() throws {
    for key in ["latents", "noise", "cond.prompt_embeds", "step.0000.noise.cond", "step.0001.latents.next"] {
      #expect(
        try changed(tensors: { $0.removeAll { $0.key == key } })
          == "changed.safetensors has no tensor \"\(key)\"")
      let nan = try changed(tensors: { list in
        for index in list.indices where list[index].key == key {
          list[index].tensor = try .full(list[index].tensor.shape, value: .nan)
        }
      })
      #expect(nan == "changed.safetensors: \"\(key)\" is NaN or infinite (element 0)")
      let wide = try changed(tensors: { list in
        for index in list.indices where list[index].key == key { list[index].tensor = try .zeros([3, 1, 2, 2, 2]) }
      })
      #expect(wide?.contains("shape") == true && wide?.contains("\n") == false, "\(wide ?? "no error")")
    }
  }
}
