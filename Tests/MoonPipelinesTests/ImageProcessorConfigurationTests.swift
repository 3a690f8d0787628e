import Foundation
import MoonImage
import MoonPipelines
import MoonWeights
import Testing

@Suite("Configuration of the image processor") struct ImageProcessorConfigurationTests {
  private func processor(_ json: String) throws -> CLIPImageProcessor {
    try CLIPImageProcessor(configuration: ConfigFile(Array(json.utf8), name: "preprocessor_config.json"))
  }

  @Test("has the reference's values where the file says nothing")
  func standard() throws {
    #expect(try processor("{}") == CLIPImageProcessor())
  }

  @Test("reads sizes in all their forms, what is left out, and how pixels are made")
  func values() throws {
    let all = try processor(
      #"{"size": {"height": 36, "width": 50}, "crop_size": 32, "resample": 2, "rescale_factor": 0.5, "image_mean": [1, 2, 3]}"#
    )
    #expect(all.size == .exact(width: 50, height: 36) && all.filter == .bilinear)
    #expect(all.cropSize.map { [$0.width, $0.height] } == [32, 32])
    #expect(all.rescaleFactor == 0.5 && all.mean == [1, 2, 3])
    #expect(try processor(#"{"size": 40}"#).size == .shortestEdge(40))
    #expect(try processor(#"{"size": {"shortest_edge": 40}}"#).size == .shortestEdge(40))
    let none = try processor(
      #"{"do_resize": false, "do_center_crop": false, "do_rescale": false, "do_normalize": false, "size": 40}"#)
    #expect(none.size == nil && none.cropSize == nil && none.rescaleFactor == nil && none.mean == nil)
  }

  @Test("refuses ways of resizing that are not computed here")
  func filter() throws {
    let error = #expect(throws: PipelineError.self) { try processor(#"{"resample": 0}"#) }
    #expect(
      error?.description.hasSuffix("resample is 0, wanted 1 (Lanczos), 2 (bilinear) or 3 (bicubic)") == true)
  }
}
