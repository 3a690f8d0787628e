/// The texts that `plugin new` writes; `NAME` is the plugin's id, `PATH` what runs it.
enum PluginTemplate {
  /// The first lines; `tests` says where the tests are.
  private static func opening(tests: String) -> String {
    """
    --@moonstep 1
    -- NAME: lowers the guidance weight from step to step. A start for a plugin of your own.
    --
    --   moonstep plugin check PATH                      every hook on small runs of each kind, no model needed
    --   moonstep plugin test PATH                       the tests \(tests)
    --   moonstep plugin dry-run PATH:final=2 --steps 25 what each step costs
    --   moonstep --model MODEL --prompt "a red apple" --callback PATH:final=2 --watch
    """
  }

  /// The local variable of a run.
  private static let state = """
    -- What lies outside of the table is run once, when the file is loaded. Each run has a sandbox of its own, so this
    -- variable starts anew with every run.
    local first
    """

  /// Fields that say what the plugin fits and wants.
  private static let scope = """
      -- pipelines = { "sd", "sdxl" },       -- those that it fits; both without this line
      tensor_inputs = {},                    -- what `kwargs` holds: names such as "latents"; all without this line
    """

  /// The option of both.
  private static let finalOption = """
        final = { type = "number", default = 1.0, min = 0, max = 30, help = "weight at the last step" },
    """

  /// The hooks of both, up to the weight of a step.
  private static let begin = """
      -- Before the first step. error("...", 0) says that the plugin does not fit this run.
      on_run_begin = function(pipe)
        first = pipe.guidance_scale
      end,

      -- Before each step, counted from 0: what is set here counts for the step.
      on_step_begin = function(pipe, step, t)
        local share = step / math.max(pipe.num_timesteps - 1, 1)
    """

  /// A plugin in one file.
  static let file = """
    \(opening(tests: "at the end of this file"))

    \(state)

    ---@type moonstep.Plugin
    return {
      id = "NAME", version = "0.1.0", api = 1,
      summary = "Lowers the guidance weight linearly over the run.",
    \(scope)
      options = {
    \(finalOption)
      },

    \(begin)
        pipe.guidance_scale = first + (pipe.options.final - first) * share
      end,

      -- Other hooks, all optional:
      -- on_guidance = function(pipe, step, t, noise) return noise.uncond + 5 * (noise.cond - noise.uncond) end,
      -- on_step_end = function(pipe, step, t, kwargs) return kwargs end,
      -- on_run_end = function(pipe) end,

      -- Run by `moonstep plugin test`, on small runs without a model.
      tests = {
        ["starts at the weight of the run and ends at the option's"] = function(t)
          local run = t:run { options = { final = 2 }, steps = 5, guidance_scale = 6, scheduler = "ddim" }
          t:expect_close(run.guidance, { 6, 5, 4, 3, 2 })
        end,
        ["runs without the other half once the weight is 1 or less"] = function(t)
          local run = t:run { options = { final = 0 }, steps = 5, guidance_scale = 4, scheduler = "ddim" }
          t:expect_equal(run.rows, { 2, 2, 2, 1, 1 })
        end,
        ["refuses a weight outside of its range"] = function(t)
          t:expect_error(function() t:run { options = { final = 31 } } end, "more than 30")
        end,
      },
    }

    """

  /// The main file of a plugin in a folder.
  static let folder = """
    \(opening(tests: "in test.lua"))

    -- A plugin in a folder may require its own files, and nothing else.
    local curve = require("curve")

    \(state)

    ---@type moonstep.Plugin
    return {
      id = "NAME", version = "0.1.0", api = 1,
      summary = "Lowers the guidance weight over the run.",
    \(scope)
      options = {
    \(finalOption)
        shape = { type = "choice", choices = { "linear", "cosine" }, default = "linear", help = "how it falls" },
      },

    \(begin)
        pipe.guidance_scale = first + (pipe.options.final - first) * curve[pipe.options.shape](share)
      end,
    }

    """

  /// The module of a plugin in a folder.
  static let module = """
    -- Curves from 0 to 1.
    return {
      linear = function(share) return share end,
      cosine = function(share) return (1 - math.cos(share * math.pi)) / 2 end,
    }

    """

  /// The tests of a plugin in a folder.
  static let folderTests = """
    -- Run by `moonstep plugin test`, on small runs without a model.
    local curve = require("curve")

    return {
      ["every curve goes from 0 to 1"] = function(t)
        for name, shape in pairs(curve) do
          t:expect_close({ shape(0), shape(1) }, { 0, 1 }, 1e-9, name)
        end
      end,
      ["starts at the weight of the run and ends at the option's"] = function(t)
        local run = t:run { options = { final = 2 }, steps = 5, guidance_scale = 6, scheduler = "ddim" }
        t:expect_close(run.guidance, { 6, 5, 4, 3, 2 })
      end,
      ["falls slowly at first along a cosine"] = function(t)
        local run = t:run {
          options = { final = 2, shape = "cosine" }, steps = 5, guidance_scale = 6, scheduler = "ddim",
        }
        t:expect(run.guidance[2] > 5, "the second weight is " .. run.guidance[2])
      end,
    }

    """

  /// The page of a plugin in a folder.
  static let readme = """
    # NAME

    Lowers the guidance weight over the run.

    ```sh
    moonstep --model MODEL --prompt "a red apple" --callback PATH:final=2
    ```

    """
}
