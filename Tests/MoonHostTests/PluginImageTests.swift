import Foundation
import MoonHost
import MoonImage
import MoonTestSupport
import MoonTrialSupport
import Testing

@Suite("Pictures of plugins") struct PluginImageTests {
  private func names(_ trial: PluginTrial, _ folder: String = "x") -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: trial.imageFolder.appending(path: folder).path)) ?? [])
      .sorted()
  }

  @Test("are saved under plain names, from tensors and from images") func saving() async throws {
    let trial = try PluginTrial(
      """
      return function(pipe, step)
        local image = moon.full({ 1, 2, 3 }, 300):to_image()
        print(image.width, image.height)
        moon.save_image(image, "grey_" .. step .. ".png")
        moon.save_image(moon.tensor{ {{0, 127.6}}, {{-5, 255}}, {{1.5, 2.5}} }, "_colour-1.png")
      end
      """)
    #expect(try await trial.log() == ["3\t2", "3\t2", "3\t2"])
    #expect(names(trial) == ["_colour-1.png", "grey_0.png", "grey_1.png", "grey_2.png"])
    let folder = trial.imageFolder.appending(path: "x")
    #expect(try PNG.read(folder.appending(path: "grey_0.png")).pixels == [UInt8](repeating: 255, count: 18))
    #expect(try PNG.read(folder.appending(path: "_colour-1.png")).pixels == [0, 0, 2, 128, 255, 2])
  }

  @Test("die with their hook") func life() async throws {
    let log = try await PluginTrial(
      "local i\nreturn function() if i then print(pcall(moon.save_image, i, 'x.png')) end i = moon.zeros{1, 2, 2}:to_image() end"
    ).log()
    #expect(
      log
        == [String](
          repeating: "false\tx.lua:2: this image is no longer valid: it lived until its hook returned", count: 2))
  }

  @Test("are limited in number and bytes") func quota() async throws {
    var trial = try PluginTrial("return function(p, s) moon.save_image(moon.zeros{1, 9, 9}, 'a' .. s .. '.png') end")
    trial.limits.images = 2
    #expect(
      try await trial.message()
        == "plugins/x.lua:1: on_step_end, step 2/3: save_image: the limit of pictures in a run is reached")
    #expect(names(trial) == ["a0.png", "a1.png"])
    trial.limits.images = 10
    trial.limits.imageBytes = 100
    #expect(
      try await trial.message()
        == "plugins/x.lua:1: on_step_end, step 1/3: save_image: the limit of picture bytes in a run is reached")
  }

  @Test("of the same plugin twice lie in two folders") func twice() async throws {
    var trial = try PluginTrial("return function(p, s) moon.save_image(moon.zeros{1, 9, 9}, 'a.png') end")
    trial.specifications += trial.specifications
    _ = try await trial.run().result.get()
    #expect(names(trial) == ["a.png"])
    #expect(names(trial, "x-2") == ["a.png"])
  }

  @Test("never go through a link", arguments: ["out_plugins", "out_plugins/x", "out_plugins/x/a.png"])
  func links(path: String) async throws {
    let trial = try PluginTrial("return function() moon.save_image(moon.zeros{1, 9, 9}, 'a.png') end")
    let target = try TemporaryFolder()
    let victim = try target.write("untouched", to: "a.png")
    let link = try trial.folder.file(path)
    let destination = path.hasSuffix(".png") ? victim.path : target.url.path
    try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: destination)
    let message = try await trial.message()
    #expect(try String(contentsOf: victim, encoding: .utf8) == "untouched")
    #expect(try target.contents == ["a.png"])
    if path.hasSuffix(".png") {
      // A link of the picture's own name is replaced.
      #expect(message == nil)
      #expect(try PNG.read(link).width == 9)
    } else {
      #expect(message?.contains("save_image: cannot open the folder for 'a.png'") == true, "\(message ?? "")")
    }
  }

  @Test("cannot be saved where the run has no folder for them")
  func noFolder() async throws {
    let trial = try PluginTrial("return function() moon.save_image(moon.zeros{1, 9, 9}, 'a.png') end")
    let run = GenerationRun(plugins: trial.specifications)
    let error = await #expect(throws: PluginFailure.self) {
      try await run.generate(with: TinyModel.pipeline.get(), trial.request)
    }
    #expect(
      error?.description.hasSuffix("on_step_end, step 0/3: this run has no folder for a plugin's pictures") == true)
  }

  @Test("that are big stop at the deadline") func big() async throws {
    for call in ["to_image()", "to_image()) moon.save_image(x:to_image(), 'a.png'", "resize(4000, 4000)"] {
      var trial = try PluginTrial(
        "return function() local x = moon.rand({ 3, 64, 64 }):mul_(255):resize(4000, 4000) while true do print(x:\(call)) end end"
      )
      trial.limits.hookSeconds = 1
      trial.limits.logBytes = 1 << 10
      let outcome = try await trial.run()
      #expect(outcome.message?.contains("time limit: one call may take 1 second") == true, "\(outcome.message ?? "")")
      #expect(names(trial) == [])
    }
  }
}
