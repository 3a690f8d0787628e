internal import Foundation
internal import MoonHost
internal import MoonImage
internal import MoonPipelines
internal import MoonTensor
internal import Testing

/// Refuses one allocation of a plugin after the other, until all of them were refused once.
package struct RefusalSweep: Sendable, CustomTestStringConvertible {
  /// What is refused.
  package enum Memory: Sendable {
    /// Blocks of Lua, so many in a row: Lua asks twice for each, with a collection between.
    case lua(Int)
    /// Tensors and what is charged like them, so many in a row: the host asks twice too.
    case tensors(Int)
  }

  /// What a sweep came to.
  package struct Report: Sendable {
    /// How often the plugin asks for memory in a run without refusals.
    package var requests = 0
    /// How many runs there were.
    package var runs = 0
    /// How many of them ended because of the refusal.
    package var refusals = 0
    /// What broke a promise.
    package var findings: [String] = []
  }

  /// What is refused to which plugin.
  package let name: String
  package var testDescription: String { name }
  private let source: [UInt8]
  private let options: String
  private let memory: Memory
  /// Whether the plugin puts everything back that it changes, so that a run which drops it makes the usual picture.
  private let putsBack: Bool

  /// The sweeps over the plugin that uses everything, and over each honest one.
  package static func all() -> [RefusalSweep] {
    let everything = Array(Self.everything.utf8)
    let kinds: [(String, Memory)] = [
      ("Lua, twice", .lua(2)), ("Lua, once", .lua(1)), ("tensors, twice", .tensors(2)), ("tensors, once", .tensors(1)),
    ]
    let own = kinds.map { RefusalSweep("everything: \($0.0)", everything, memory: $0.1, putsBack: true) }
    return own
      + HostileFile.all.filter(\.isHonest).flatMap { file in
        [
          RefusalSweep("\(file.name): Lua, twice", file.source, options: file.options, memory: .lua(2)),
          RefusalSweep("\(file.name): tensors, twice", file.source, options: file.options, memory: .tensors(2)),
        ]
      }
  }

  private init(_ name: String, _ source: [UInt8], options: String = "", memory: Memory, putsBack: Bool = false) {
    self.name = name
    self.source = source
    self.options = options
    self.memory = memory
    self.putsBack = putsBack
  }

  /// Whether Lua or the host gets its memory at the second time of asking, so that the plugin never notices.
  private var isUnnoticed: Bool {
    switch memory {
    case .lua(let count), .tensors(let count): count < 2
    }
  }

  /// Refuses every `stride`-th allocation, the first included; fewer where that makes more than `most` runs.
  package func run(stride: Int, most: Int = .max) async throws -> Report {
    let reference = try await PluginTrial().run().result.get()
    var undisturbed = try PluginTrial()
    try undisturbed.add(source, name: "everything.lua", options: options)
    var report = Report()
    report.requests = asked(try await undisturbed.run()) ?? 0
    let stride = max(stride, report.requests / most, 1)
    var place = 0
    while true {
      var trial = try PluginTrial()
      try trial.add(source, name: "everything.lua", options: options)
      trial.policy = place % 2 == 0 ? .disable : .abort
      (trial.limits.hookSeconds, trial.limits.runSeconds) = (60, 600)
      switch memory {
      case .lua(let count): trial.limits.refusals.lua = place..<place + count
      case .tensors(let count): trial.limits.refusals.tensors = place..<place + count
      }
      let outcome = try await trial.run()
      report.runs += 1
      report.findings += try findings(outcome, trial, reference).map { "\(name), after \(place): \($0)" }
      if outcome.message != nil { report.refusals += 1 }
      if let asked = asked(outcome), asked <= place { return report }
      place += stride
    }
  }

  /// How often the plugin asked for memory; nil where it did not even load.
  private func asked(_ outcome: PluginTrial.Outcome) -> Int? {
    switch memory {
    case .lua: outcome.usage.first?.luaAllocations
    case .tensors: outcome.usage.first?.tensorAllocations
    }
  }

  private func findings(
    _ outcome: PluginTrial.Outcome, _ trial: PluginTrial, _ reference: GenerationResult
  ) throws -> [String] {
    var findings = trial.findings(outcome)
    if let message = outcome.message {
      if isUnnoticed { findings.append("noticed: \(message)") }
      if outcome.endings != [.memory] { findings.append("ended otherwise: \(message)") }
    }
    if putsBack, let result = try? outcome.result.get() {
      if try result.latents.floats() != reference.latents.floats() { findings.append("the picture is another") }
    }
    let pictures = FileManager.default.enumerator(atPath: trial.imageFolder.path)?.compactMap { $0 as? String } ?? []
    for name in pictures where name.hasSuffix(".png") {
      let isWhole = (try? PNG.read(trial.imageFolder.appending(path: name))) != nil
      if !isWhole { findings.append("\(name) is no whole picture") }
    }
    return findings
  }

  /// Uses everything that plugins are offered, and leaves the run as it was.
  private static let everything = """
    local kept
    local Counter = {}
    Counter.__index = Counter
    function Counter.new() return setmetatable({ n = 0 }, Counter) end
    function Counter:up() self.n = self.n + 1 return self.n end
    local counter = Counter.new()
    return {
      id = "everything", version = "1", api = 1, tags = { "a", "b" }, pipelines = { "sd" },
      options = { ramp = { type = "numbers", default = { 1, 2, 3 } }, word = { type = "choice", choices = { "a", "b" }, default = "a" } },
      on_run_begin = function(pipe)
        kept = moon.randn({ 2, 3 }):keep()
        local other = pipe:encode("a boat", "fog")
        other.prompt_embeds = other.prompt_embeds * 0.5
        local own = pipe:encode("a red apple on a blue table", "blurry, dark")
        pipe:set_prompt(other)
        pipe.guidance_scale = 99
        pipe:set_prompt(own)
        pipe.guidance_scale = 7.5
        for name, value in pairs(pipe.options) do print(name, value) end
      end,
      on_step_begin = function(pipe, step, t)
        local before = pipe.guidance_scale
        pipe.guidance_scale, pipe.guidance_rescale, pipe.interrupt = 1, 0.7, true
        assert(#pipe.timesteps == pipe.num_timesteps and #pipe.sigmas == pipe.num_timesteps + 1)
        if step > 0 then
          moon.save_image(pipe:preview(0), "preview.png")
          moon.save_image(pipe.x0:select(0, 0):narrow(0, 0, 3):clamp(0, 255):to_image(), "x0_" .. step .. ".png")
        end
        local ok, text = pcall(function() pipe.guidance_scale = 0 / 0 end)
        assert(not ok and text:find("finite"))
        assert(not pcall(function() return pipe.guidnce end))
        pipe.guidance_scale, pipe.guidance_rescale, pipe.interrupt = before, 0, false
      end,
      on_guidance = function(pipe, step, t, noise)
        local own = noise.uncond + pipe.guidance_scale * (noise.cond - noise.uncond)
        noise.pred:add_(own):mul_(0.5)
      end,
      on_step_end = function(pipe, step, t, kwargs)
        local x = kwargs.latents
        local a, b = x:chunk(2, 1)
        local parts = { moon.cat({ a, b }, 1), moon.stack { a, b }, x:split({ 1, 3 }, 1) }
        local sum = (a + b * 2 - 1) / 3 ^ 0.5
        local y = moon.einsum("bchw,bchw->b", x, x) + x:matmul(x:transpose(-1, -2)):sum() + sum:norm()
        y = moon.where(x:gt(0), x, -x):mean({ 2, 3 }, true) + y:reshape { 1, 1, 1, 1 }
        local f = x:reshape({ 4, 4, 4 }):fft2():ifft2():permute({ 0, 3, 1, 2 }):select(1, 0)
        local pictures = f:unsqueeze(0):resize(8, 8, "bilinear"):blur(1.5):quantile(0.5, 1)
        local list = y:totable()
        assert(#list == 1 and #x == 1 and x.shape[2] == 4 and tostring(x):find("tensor"))
        kept:copy_(moon.arange(6):reshape { 2, 3 })
        assert(kept:get(1, 2) == 5 and pictures.ndim == 3 and #parts == 4)
        local wrapped = coroutine.wrap(function(v) local w = coroutine.yield(v:exp()) error({ w }) end)
        wrapped(a)
        assert(not pcall(wrapped, b))
        assert(select(2, xpcall(error, function(e) return e .. "!" end, "x")) == "x!")
        assert(load("local v = ... return v * 2")(counter:up()) == 2 * (step + 1))
        print(("x"):rep(300), string.format("%5.1f %q %s", 1.5, "a\\nb", x), table.concat({ 1, 2, 3 }, ","))
        assert(("key = value"):gsub("(%w+) = (%w+)", "%2 = %1") == "value = key")
        local sorted = { 3, 1, 2 }
        table.sort(sorted, function(l, r) return l > r end)
        x:fill_(7)
        kwargs.latents = moon.randn(x.shape)
        local decoded = pipe:decode(x)
        moon.save_image(decoded:select(0, 0), "decoded_" .. step .. ".png")
      end,
      on_run_end = function(pipe) print(pipe.progress, kept:numel(), pipe.scheduler) end,
    }
    """
}
