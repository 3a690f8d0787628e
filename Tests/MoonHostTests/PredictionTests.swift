import Foundation
import MoonHost
import MoonPipelines
import MoonTensor
import MoonTestSupport
import MoonTrialSupport
import Testing

/// Predictions and the clean latents that they point to, as plugins turn one into the other.
@Suite("Predictions and clean latents") struct PredictionTests {
  /// Compares what the plugin makes of the prediction with what the scheduler made of it, in units of the largest value.
  private static let source = """
    local clean, back
    local function off(found, wanted) return ((found - wanted):abs():max() / wanted:abs():max()):item() end
    return {
      id = "x", version = "1.0.0", api = 1, tensor_inputs = {},
      on_guidance = function(pipe, step, t, noise)
        clean = pipe:to_x0(noise.pred):keep()
        back = off(pipe:from_x0(clean), noise.pred)
      end,
      on_step_end = function(pipe) print(pipe.prediction_type, off(clean, pipe.x0), back) end,
    }
    """

  @Test(
    "agree with the scheduler, for noise and velocity, however it scales latents",
    arguments: ["tiny_sd", "tiny_sd2"],
    [
      "ddim", "ddpm", "euler", "euler-a", "heun", "lms", "dpm++2m", "dpm++2m-sde", "DPMSolverSinglestepScheduler",
      "unipc", "DEISMultistepScheduler", "KDPM2DiscreteScheduler", "KDPM2AncestralDiscreteScheduler", "pndm",
    ])
  func agree(model: String, scheduler: String) async throws {
    let folder = try TemporaryFolder()
    let plugin = try folder.write(Self.source, to: "x.lua").path
    var request = TinyModel.request(steps: 5)
    (request.scheduler, request.imagesPerPrompt) = (scheduler, 2)
    let lines = LogLines()
    let run = GenerationRun(plugins: [plugin], log: { lines.append($0) })
    let pipeline = try StableDiffusionPipeline(contentsOf: Fixture.folder.appending(path: "models/\(model)"))
    _ = try await run.generate(with: pipeline, request, threads: 1)
    #expect(lines.lines.count >= 5)
    for (step, line) in lines.lines.enumerated() {
      let words = line.split(separator: "\t").map(String.init)
      #expect(words[0] == (model == "tiny_sd" ? "epsilon" : "v_prediction"))
      let (off, back) = (try #require(Double(words[1])), try #require(Double(words[2])))
      // Latents at high noise levels are some ten times their clean part, which costs a digit of float32.
      #expect(off < 1e-5, "step \(step): \(line)")
      // At low ones the noise is the hundredth part of the latents, which costs two.
      #expect(back < 1e-4, "step \(step): \(line)")
    }
  }

  @Test(
    "are refused where the latents are not there, or do not fit",
    arguments: [
      (
        "on_step_end = function(pipe) pipe:to_x0(pipe.x0) end",
        "on_step_end, step 0/3: bad argument #1 to 'to_x0' "
          + "(the latents that a prediction belongs to are there in on_step_begin and on_guidance)"
      ),
      (
        "on_run_begin = function(pipe) pipe:from_x0(pipe.noise) end",
        "on_run_begin: bad argument #1 to 'from_x0' "
          + "(the latents that a prediction belongs to are there in on_step_begin and on_guidance)"
      ),
      (
        "on_guidance = function(pipe) pipe:to_x0(moon.zeros{1}) end",
        "on_guidance, step 0/3: "
          + "bad argument #1 to 'to_x0' ('prediction' has shape [1], wanted [1, 4, 4, 4])"
      ),
      (
        "on_guidance = function(pipe) pipe:from_x0(1) end",
        "on_guidance, step 0/3: bad argument #1 to 'from_x0' (tensor expected, got number)"
      ),
      ("on_step_begin = function(pipe) pipe.eta = 1 end", "on_step_begin, step 0/3: pipe.eta cannot be written"),
      (
        "on_step_begin = function(pipe) pipe.prediction_type = '' end",
        "on_step_begin, step 0/3: pipe.prediction_type cannot be written"
      ),
    ])
  func refusals(hook: String, wanted: String) async throws {
    let found = try await PluginTrial("return { id = 'x', version = '1', api = 1, tensor_inputs = {}, \(hook) }")
      .message()
    #expect(found == "plugins/x.lua:1: \(wanted)")
  }

  @Test("can be made before the model is asked, and cost the plugin its memory") func early() async throws {
    let hook = "on_step_begin = function(pipe) print(pipe.eta, tostring(pipe:to_x0(pipe.noise))) end"
    var trial = try PluginTrial("return { id = 'x', version = '1', api = 1, tensor_inputs = {}, \(hook) }")
    trial.request.eta = 0.5
    #expect(try await trial.log() == [String](repeating: "0.5\ttensor [1, 4, 4, 4]", count: 3))
    trial.limits.tensorMemory = 300
    let message = try await trial.message()
    #expect(
      message == "plugins/x.lua:1: on_step_begin, step 0/3: memory limit: a plugin's tensors may use 300 bytes")
  }
}
