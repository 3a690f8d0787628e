import ArgumentParser
import MoonCommand
import MoonHost
import MoonPipelines
import Testing

@Suite("Options") struct OptionsTests {
  /// What the parser says of arguments that it refuses; `nil` where it takes them.
  private func complaint<Options: ParsableArguments>(_: Options.Type, _ arguments: [String]) -> String? {
    do {
      _ = try Options.parse(arguments)
      return nil
    } catch {
      #expect(Options.exitCode(for: error).rawValue == CommandStatus.usage.rawValue)
      return Options.message(for: error)
    }
  }

  @Test("have the reference's names and defaults")
  func defaults() throws {
    let picture = try PictureOptions.parse(["--model", "m", "--prompt", "a"])
    #expect(picture.prompt == ["a"] && picture.negativePrompt == [] && picture.numImages == 1)
    #expect(picture.width == nil && picture.height == nil && picture.seed == nil && picture.latents == nil)
    let sampling = try SamplingOptions.parse([])
    #expect(sampling.steps == 50 && sampling.guidanceScale == 7.5 && sampling.guidanceRescale == 0)
    #expect(sampling.eta == 0 && sampling.clipSkip == 0 && sampling.scheduler == nil && sampling.settings == [])
    let output = try OutputOptions.parse([])
    #expect(output.output == "out.png" && !output.json && !output.quiet)
    let recording = try RecordingOptions.parse([])
    #expect(recording.saveLatents == nil && recording.recordTrace == nil)
    let plugins = try PluginOptions.parse([])
    let (limits, promised) = (plugins.limits, PluginLimits())
    #expect(plugins.plugins == [] && plugins.policy == .abort)
    #expect(limits.luaMemory == promised.luaMemory && limits.tensorMemory == promised.tensorMemory)
    #expect(limits.hookSeconds == promised.hookSeconds && limits.runSeconds == promised.runSeconds)
    #expect(limits.instructions == promised.instructions && limits.logBytes == promised.logBytes)
    #expect(limits.images == promised.images && limits.imageBytes == promised.imageBytes)
  }

  @Test("take negative numbers, and repeat in the order given")
  func parsing() throws {
    let picture = try PictureOptions.parse([
      "--model", "m", "--prompt", "a", "--prompt", "", "--seed", "-1", "--num-images", "2",
    ])
    #expect(picture.prompt == ["a", ""] && picture.seed?.seeds == [.max] && picture.batchSize == 4)
    let sampling = try SamplingOptions.parse([
      "--steps", "4", "--guidance-scale", "-1.5", "--scheduler-option", "a=b", "--karras", "--scheduler-option", "c=",
    ])
    #expect(sampling.steps == 4 && sampling.guidanceScale == -1.5)
    #expect(
      sampling.settings == [
        SchedulerSetting(key: "use_karras_sigmas", value: "true"), SchedulerSetting(key: "a", value: "b"),
        SchedulerSetting(key: "c", value: ""),
      ])
    #expect(try SamplingOptions.parse(["--num-inference-steps", "4"]).steps == 4)
    let plugins = try PluginOptions.parse(["--callback", "a", "--plugin", "b:c=1,2", "--on-plugin-error", "disable"])
    #expect(plugins.plugins == ["a", "b:c=1,2"] && plugins.policy == .disable)
    #expect(try PluginOptions.parse(["--plugin-memory", "8"]).limits.luaMemory == 8 << 20)
  }

  @Test("of the picture are refused in one sentence that names them")
  func badPicture() {
    let cases: [([String], String)] = [
      (["--num-images", "0"], "--num-images: 0 is outside 1..1024"),
      (["--width", "0"], "--width: 0 is outside 1..16384"),
      (["--height", "20000"], "--height: 20000 is outside 1..16384"),
      (
        ["--negative-prompt", "b", "--negative-prompt", "c"],
        "--negative-prompt: 2 are given for 1 prompts; give one, or one a prompt"
      ),
      (["--seed", "1,2"], "--seed: 2 seeds are given, but the run makes 1 picture; give one seed, or one a picture"),
      (
        ["--seed", "x"],
        "The value 'x' is invalid for '--seed <n[,n...]>': wanted a whole number of 64 bits, or several with commas between them"
      ),
    ]
    for (arguments, wanted) in cases {
      #expect(complaint(PictureOptions.self, ["--model", "m", "--prompt", "a"] + arguments) == wanted)
    }
    #expect(complaint(PictureOptions.self, ["--prompt", "a"]) == "Missing expected argument '--model <path>'")
    #expect(throws: ValidationError.self) { try PictureOptions.parse(["--model", "m"]).checkPrompt() }
  }

  @Test("of the memory take words and MiB")
  func memory() throws {
    for (text, limit) in [
      ("auto", WeightsCacheLimit.automatic), ("off", .off), ("0", .bytes(0)), ("3", .bytes(3 << 20)),
    ] {
      let options = try MemoryOptions.parse(["--weights-cache", text, "--low-memory"])
      var model = ModelOptions()
      options.fill(&model)
      #expect(model.weightsCache == limit && model.lowMemory)
    }
    for text in ["all", "-1", "1.5", "99999999999999999999"] {
      let said = complaint(MemoryOptions.self, ["--weights-cache=\(text)"])
      #expect(
        said
          == "The value '\(text)' is invalid for '--weights-cache <auto|off|mib>': wanted auto, off, or a whole number of MiB from 0 to 1048576"
      )
    }
  }

  @Test("of the sampling are refused in one sentence that names them")
  func badSampling() {
    let cases: [([String], String)] = [
      (["--steps", "0"], "--steps: 0 is outside 1..1000000"),
      (["--guidance-scale", "nan"], "--guidance-scale: nan is not a finite number that float32 can hold"),
      (["--eta", "1e39"], "--eta: 1e+39 is not a finite number that float32 can hold"),
      (["--eta", "-0.5"], "--eta: -0.5 is outside 0..1"),
      (["--guidance-rescale", "2"], "--guidance-rescale: 2.0 is outside 0..1"),
      (["--clip-skip", "5000"], "--clip-skip: 5000 is outside 0..1000"),
      (["--threads", "0"], "--threads: 0 is outside 1..1024"),
    ]
    for (arguments, wanted) in cases { #expect(complaint(SamplingOptions.self, arguments) == wanted) }
    let unknown = complaint(SamplingOptions.self, ["--scheduler", "eulr"])
    #expect(unknown?.hasPrefix("--scheduler: there is no scheduler 'eulr'") == true)
    let field = complaint(SamplingOptions.self, ["--scheduler", "euler", "--scheduler-option", "timestep_spacin=x"])
    #expect(field?.hasPrefix("--scheduler-option: EulerDiscreteScheduler has no field 'timestep_spacin'") == true)
    let value = complaint(SamplingOptions.self, ["--scheduler", "euler", "--scheduler-option", "timestep_spacing=x"])
    #expect(value?.hasPrefix("--scheduler-option: timestep_spacing is ") == true)
  }

  @Test("of plugins and output are refused in one sentence that names them")
  func badRest() {
    #expect(
      complaint(PluginOptions.self, ["--plugin-hook-seconds", "0"])
        == "--plugin-hook-seconds: 0.0 is not above 0 and at most 86400")
    #expect(
      complaint(PluginOptions.self, ["--plugin-run-seconds", "inf"])
        == "--plugin-run-seconds: inf is not above 0 and at most 86400")
    #expect(complaint(PluginOptions.self, ["--plugin-memory", "0"]) == "--plugin-memory: 0 is outside 1..65536")
    #expect(
      complaint(OutputOptions.self, ["--output", "a.jpg"])
        == "--output: 'a.jpg' does not end in a file name with .png")
    #expect(
      complaint(RecordingOptions.self, ["--save-latents", "a"]) == "--save-latents: 'a' does not end in .safetensors")
  }
}
