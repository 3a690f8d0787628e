---@meta moonstep
-- Annotations of the plugin API for editors that read LuaCATS (lua-language-server). Nothing here runs.
-- Tables count from 1; dimensions and indices of tensors count from 0 and may be negative, as in PyTorch.
error("plugins/meta/moonstep.lua describes the plugin API to editors; it is no plugin")

---The callback of the diffusers guide; a plugin file may return it instead of a table, and it is then called after each step.
---@alias moonstep.Callback fun(pipe: moonstep.Pipe, step: integer, t: number, kwargs: moonstep.Kwargs): moonstep.Kwargs?

---@alias moonstep.OptionType
---| "number"
---| "integer"
---| "boolean"
---| "string"
---| "choice"  # one of `choices`
---| "numbers" # a list of numbers

---What a plugin declares of one option.
---@class moonstep.Option
---@field type moonstep.OptionType
---@field default? number|integer|boolean|string|number[] value when none is given; without it the option is nil
---@field required? boolean whether a run without a value is refused
---@field example? number|integer|boolean|string|number[] a value that shows what the option takes; `plugin check` tries it
---@field min? number least value, for numbers
---@field max? number greatest value, for numbers
---@field choices? string[] what a `choice` can be
---@field help? string one sentence for the user

---What a plugin file returns.
---@class moonstep.Plugin
---@field id string a small letter, then small letters, digits and `_`; the name of the file
---@field version string for example "1.0.0"
---@field api integer version of the API that the plugin is written for: 1
---@field license? string
---@field summary? string what the plugin does, in one sentence
---@field author? string
---@field homepage? string
---@field tags? string[]
---@field pipelines? ("sd"|"sdxl")[] pipelines that the plugin fits; both without it
---@field tensor_inputs? string[] names of the tensors in `kwargs`; every name on offer without it
---@field options? table<string, moonstep.Option>
---@field on_run_begin? fun(pipe: moonstep.Pipe) before the first step; prompts may be encoded here
---@field on_step_begin? moonstep.Callback before the model sees the latents; what it returns counts for this step
---@field on_guidance? fun(pipe: moonstep.Pipe, step: integer, t: number, noise: moonstep.Noise): moonstep.Tensor? while guidance is on: another combination of the two predictions, nil keeps it
---@field on_step_end? moonstep.Callback after the scheduler's step
---@field on_run_end? fun(pipe: moonstep.Pipe) after the last step, also of a run that was interrupted
---@field tests? table<string, fun(t: moonstep.Test)> by name; run by `moonstep plugin test` alone. A folder's test.lua returns such a table

---What a test is given. Tests see no model: runs are made with a stand-in for one, or with a trace that was recorded.
---@class moonstep.Test
---@field run fun(self: moonstep.Test, settings?: moonstep.TestSettings): moonstep.TestRun runs the plugin, loaded afresh; an error of the plugin is raised
---@field expect fun(self: moonstep.Test, condition: any, message?: string): any fails unless the condition holds
---@field expect_equal fun(self: moonstep.Test, found: any, wanted: any, message?: string): any fails unless both are equal; tables and tensors are compared by what they hold
---@field expect_close fun(self: moonstep.Test, found: any, wanted: any, tolerance?: number, message?: string): any numbers, lists or tensors; without a tolerance 1e-5
---@field expect_error fun(self: moonstep.Test, body: fun(), text?: string): string fails unless the function raises an error, with the text in it; returns its message

---What `t:run` is told; without a setting the run has its default.
---@class moonstep.TestSettings
---@field options? table<string, any> the plugin's options
---@field plugin? boolean false for the same run without the plugin
---@field pipeline? "sd"|"sdxl" the first that the plugin fits
---@field task? "text-to-image"|"image-to-image"|"inpainting"
---@field inpainting_model? boolean whether the model was trained for inpainting
---@field steps? integer 10 without it
---@field guidance_scale? number 7.5, with SDXL 5
---@field guidance_rescale? number
---@field scheduler? string as of --scheduler; PNDM, with SDXL Euler
---@field scheduler_options? table<string, any> as of --scheduler-option
---@field seed? integer
---@field num_images? integer 1 to 16
---@field strength? number how much of a picture is made anew
---@field eta? number
---@field prompt? string
---@field negative_prompt? string
---@field controlnets? integer how many
---@field controlnet_scale? number weight of each
---@field ip_adapters? integer how many
---@field ip_adapter_scale? number weight of each

---What a run came to. Lists have an entry for each step that ran, as it was after all hooks of the step.
---@class moonstep.TestRun
---@field steps integer steps of the schedule
---@field completed integer steps that ran
---@field interrupted boolean whether the run ended early
---@field batch integer pictures
---@field pipeline "sd"|"sdxl"
---@field task string
---@field scheduler string class name of the scheduler in diffusers
---@field timesteps number[]
---@field sigmas number[] noise level before the step
---@field guidance number[] guidance in effect: 1 where it was off
---@field guidance_scale number[] the weight that was set
---@field rows integer[] pictures that went through the model: two each while guidance is on
---@field total_rows integer
---@field latents moonstep.Tensor[]
---@field final moonstep.Tensor the latents at the end
---@field controlnet_scale (number|number[])[]
---@field ip_adapter_scale (number|number[])[]
---@field log string[] lines that the plugin printed
---@field warnings string[]
---@field images string[] names of the pictures that it saved, sorted

---The tensors named in `tensor_inputs`. What is returned counts: change fields and return the table, or nil for no change.
---@class moonstep.Kwargs
---@field latents? moonstep.Tensor `[batch, channels, height, width]`; at the noise level after the step, in on_step_begin at that before
---@field prompt_embeds? moonstep.Tensor rows of what is not wanted, then of what is, while guidance is on; else the latter alone. Both forms are taken back
---@field negative_prompt_embeds? moonstep.Tensor rows of what is not wanted
---@field add_text_embeds? moonstep.Tensor SDXL: pooled embeddings, rows as in prompt_embeds
---@field negative_pooled_prompt_embeds? moonstep.Tensor SDXL: pooled embeddings of what is not wanted
---@field add_time_ids? moonstep.Tensor SDXL: sizes and crops, rows as in prompt_embeds
---@field add_neg_time_ids? moonstep.Tensor SDXL: sizes and crops of what is not wanted
---@field mask? moonstep.Tensor inpainting: 1 where the picture is made anew; one row a picture, or both halves
---@field masked_image_latents? moonstep.Tensor inpainting models: the latents of what stays, likewise
---@field image? moonstep.Tensor|moonstep.Tensor[] ControlNet from text alone: what the nets follow, likewise; a list with several nets
---@field control_image? moonstep.Tensor|moonstep.Tensor[] the same in runs that start from a picture
---@field image_embeds? moonstep.Tensor|moonstep.Tensor[] IP-Adapter: encoded pictures, rows as in prompt_embeds; a list with several adapters

---The model's predictions of a guided step.
---@class moonstep.Noise
---@field cond moonstep.Tensor the prediction for the prompt; writing into it changes the plugin's copy alone
---@field uncond moonstep.Tensor the prediction for the negative prompt; likewise
---@field pred moonstep.Tensor the combination so far; likewise
---@field x moonstep.Tensor the latents that the step starts from; likewise
---@field sigma number their noise level

---A prompt that was encoded; it lasts for the run. Tensors may be written, to blend prompts.
---@class moonstep.Prompt
---@field prompt_embeds moonstep.Tensor `[batch, positions, width]`, may be written
---@field negative_prompt_embeds? moonstep.Tensor the same for what is not wanted, may be written; nil where none was given
---@field pooled_prompt_embeds? moonstep.Tensor SDXL: `[batch, width]`, may be written
---@field negative_pooled_prompt_embeds? moonstep.Tensor SDXL: the same for what is not wanted, may be written

---The run.
---@class moonstep.Pipe
---@field num_timesteps integer steps of the run; some schedulers run more than were asked for
---@field num_inference_steps integer steps that were asked for
---@field timesteps number[] training time of each step
---@field sigmas number[] noise level of each step, and that after the last
---@field sigma number noise level of this step
---@field sigma_next number noise level after this step
---@field signal number what clean latents are multiplied by at this step: latents are `signal * (clean + sigma * noise)`
---@field signal_next number the same after this step
---@field progress number share of the steps up to this one, 0 to 1
---@field height integer pixels
---@field width integer pixels
---@field batch integer pictures in the run
---@field seed integer the first seed; one above 2^63 - 1 is negative
---@field pipeline "sd"|"sdxl"
---@field scheduler string class name of the scheduler in diffusers
---@field prediction_type "epsilon"|"v_prediction"|"sample"|"flow_prediction" what the model predicts
---@field eta number DDIM: share of fresh noise in each step
---@field options table<string, any> values of the declared options
---@field x0? moonstep.Tensor the clean latents that the last prediction points to; nil before the first step has ended
---@field noise moonstep.Tensor the normal noise that the run started from
---@field image_latents? moonstep.Tensor the latents of the given picture; nil where none was given
---@field controlnet_scale? number|number[] weight of the ControlNets, a list where there are several, may be written; nil where there is none
---@field ip_adapter_scale? number|number[] weight of the IP-Adapters, likewise, may be written; nil where there is none
---@field guidance_scale number weight of the prompt, may be written; guidance is on while it is above 1
---@field guidance_rescale number share of the rescaled guidance, may be written
---@field interrupt boolean whether the run ends after this step, may be written
---@field _num_timesteps integer `num_timesteps`, by its name in diffusers
---@field _guidance_scale number `guidance_scale`, by its name in diffusers
---@field _guidance_rescale number `guidance_rescale`, by its name in diffusers
---@field _interrupt boolean `interrupt`, by its name in diffusers
local Pipe = {}

---Encodes a prompt for every picture of the batch; at most 64 in a run, of at most 10,000 bytes each.
---@param prompt string
---@param negative? string what is not wanted; that of the run without it
---@return moonstep.Prompt
function Pipe:encode(prompt, negative) end

---Sets the weight of the IP-Adapters: a number for all, or a list with one for each.
---@param scale number|number[]
function Pipe:set_ip_adapter_scale(scale) end

---Takes an encoded prompt in place of the present one, from the next use of the model on.
---@param prompt moonstep.Prompt
function Pipe:set_prompt(prompt) end

---Decodes latents of the run's own shape by the whole autoencoder; at most 4 times a step.
---@param latents moonstep.Tensor
---@return moonstep.Tensor # `[batch, 3, height, width]` in 0 to 255
function Pipe:decode(latents) end

---A small picture of `x0`, one pixel a latent; at most 16 in a step.
---@param image? integer which picture of the batch, 0 without it
---@return moonstep.Tensor # `[3, height, width]` in 0 to 255
function Pipe:preview(image) end

---The clean latents that a prediction of the step that runs points to, whatever the model predicts and however the
---scheduler scales latents; in `on_step_begin` and `on_guidance`.
---@param prediction moonstep.Tensor
---@return moonstep.Tensor
function Pipe:to_x0(prediction) end

---The prediction that points to clean latents: the inverse of `to_x0`.
---@param x0 moonstep.Tensor
---@return moonstep.Tensor
function Pipe:from_x0(x0) end

---Plans the steps to come anew, for schedulers that take a list (Euler).
---@param sigmas number[] falling noise levels: that of the latents now, then one for each step to come, then the end
function Pipe:set_sigmas(sigmas) end

---Goes on with an earlier step after this one; the latents are raised to its noise level with noise from the plugin's
---own stream (restart sampling). A run takes at most 4 times its steps.
---@param step integer a step that has run, or this one
function Pipe:jump_back(step) end

---A picture made by `to_image`; it lives until its hook returns.
---@class moonstep.Image
---@field width integer
---@field height integer

---Numbers of float32 in up to 8 dimensions. A tensor lives until its hook returns, unless it is kept.
---`#t` is the size of the first dimension.
---@class moonstep.Tensor
---@field shape integer[]
---@field ndim integer
---@operator add(moonstep.Tensor|number): moonstep.Tensor
---@operator sub(moonstep.Tensor|number): moonstep.Tensor
---@operator mul(moonstep.Tensor|number): moonstep.Tensor
---@operator div(moonstep.Tensor|number): moonstep.Tensor
---@operator pow(moonstep.Tensor|number): moonstep.Tensor
---@operator unm: moonstep.Tensor
---@operator len: integer
local Tensor = {}

---Keeps the tensor for the run; it then counts towards the plugin's memory.
---@return moonstep.Tensor the same one
function Tensor:keep() end

---The size of a dimension, or all sizes.
---@param dim? integer
---@return integer|integer[]
function Tensor:size(dim) end

---How many numbers it holds.
---@return integer
function Tensor:numel() end

---The only number of a tensor that has one.
---@return number
function Tensor:item() end

---The number at an index for each dimension.
---@param ... integer
---@return number
function Tensor:get(...) end

---Writes a number at an index for each dimension.
---@param value number
---@param ... integer
---@return moonstep.Tensor the same one
function Tensor:set(value, ...) end

---All numbers, as lists in lists; a number where there is no dimension.
---@return any
function Tensor:totable() end

---Sets every element.
---@param value number
---@return moonstep.Tensor the same one
function Tensor:fill_(value) end

---Copies numbers from another tensor, broadcast.
---@param other moonstep.Tensor|number
---@return moonstep.Tensor the same one
function Tensor:copy_(other) end

---Adds in place.
---@param other moonstep.Tensor|number
---@return moonstep.Tensor the same one
function Tensor:add_(other) end

---Multiplies in place.
---@param other moonstep.Tensor|number
---@return moonstep.Tensor the same one
function Tensor:mul_(other) end

---1 where less, else 0.
---@param other moonstep.Tensor|number
---@return moonstep.Tensor
function Tensor:lt(other) end

---1 where less or equal, else 0.
---@param other moonstep.Tensor|number
---@return moonstep.Tensor
function Tensor:le(other) end

---1 where greater, else 0.
---@param other moonstep.Tensor|number
---@return moonstep.Tensor
function Tensor:gt(other) end

---1 where greater or equal, else 0.
---@param other moonstep.Tensor|number
---@return moonstep.Tensor
function Tensor:ge(other) end

---1 where equal, else 0.
---@param other moonstep.Tensor|number
---@return moonstep.Tensor
function Tensor:eq(other) end

---1 where not equal, else 0; NaN is equal to nothing.
---@param other moonstep.Tensor|number
---@return moonstep.Tensor
function Tensor:ne(other) end

---The larger of two elements; NaN where either is.
---@param other moonstep.Tensor|number
---@return moonstep.Tensor
function Tensor:maximum(other) end

---The smaller of two elements; NaN where either is.
---@param other moonstep.Tensor|number
---@return moonstep.Tensor
function Tensor:minimum(other) end

---Its own elements where the condition is not 0, those of the other elsewhere.
---@param condition moonstep.Tensor
---@param other moonstep.Tensor|number
---@return moonstep.Tensor
function Tensor:where(condition, other) end

---Magnitudes.
---@return moonstep.Tensor
function Tensor:abs() end

---Square roots; NaN below 0.
---@return moonstep.Tensor
function Tensor:sqrt() end

---Powers of e.
---@return moonstep.Tensor
function Tensor:exp() end

---Natural logarithms; minus infinity at 0, NaN below.
---@return moonstep.Tensor
function Tensor:log() end

---Sines of radians.
---@return moonstep.Tensor
function Tensor:sin() end

---Cosines of radians.
---@return moonstep.Tensor
function Tensor:cos() end

---Arc cosines in radians, 0 to pi; NaN outside -1 to 1.
---@return moonstep.Tensor
function Tensor:acos() end

---Hyperbolic tangents.
---@return moonstep.Tensor
function Tensor:tanh() end

---1 above 0, -1 below 0, else 0, for NaN too.
---@return moonstep.Tensor
function Tensor:sign() end

---The next whole numbers below.
---@return moonstep.Tensor
function Tensor:floor() end

---The next whole numbers above.
---@return moonstep.Tensor
function Tensor:ceil() end

---The nearest whole numbers; halves go to the even one.
---@return moonstep.Tensor
function Tensor:round() end

---Moves elements into a range; one bound may be nil.
---@param min? number
---@param max? number
---@return moonstep.Tensor
function Tensor:clamp(min, max) end

---From this tensor towards another: `t + weight * (other - t)`.
---@param other moonstep.Tensor
---@param weight moonstep.Tensor|number
---@return moonstep.Tensor
function Tensor:lerp(other, weight) end

---Sum; 0 of no elements.
---@param dim? integer|integer[] all dimensions without it
---@param keepdim? boolean
---@return moonstep.Tensor
function Tensor:sum(dim, keepdim) end

---Mean; NaN of no elements.
---@param dim? integer|integer[] all dimensions without it
---@param keepdim? boolean
---@return moonstep.Tensor
function Tensor:mean(dim, keepdim) end

---Variance: the mean squared distance from the mean, with Bessel's correction.
---@param dim? integer|integer[] all dimensions without it
---@param keepdim? boolean
---@param correction? number taken from the number of elements: 1 without it, 0 for the variance of a population
---@return moonstep.Tensor
function Tensor:var(dim, keepdim, correction) end

---Standard deviation, the root of the variance, with Bessel's correction.
---@param dim? integer|integer[] all dimensions without it
---@param keepdim? boolean
---@param correction? number taken from the number of elements: 1 without it, 0 for the deviation of a population
---@return moonstep.Tensor
function Tensor:std(dim, keepdim, correction) end

---Least element; NaN where there is one. An error where there are no elements.
---@param dim? integer|integer[] all dimensions without it
---@param keepdim? boolean
---@return moonstep.Tensor
function Tensor:min(dim, keepdim) end

---Greatest element; NaN where there is one. An error where there are no elements.
---@param dim? integer|integer[] all dimensions without it
---@param keepdim? boolean
---@return moonstep.Tensor
function Tensor:max(dim, keepdim) end

---Vector norm, without an order the root of the sum of squares.
---@param dim? integer|integer[] all dimensions without it
---@param keepdim? boolean
---@param order? number 2 without it; 1 for the sum of magnitudes, `math.huge` for the greatest, 0 for how many are not 0
---@return moonstep.Tensor
function Tensor:norm(dim, keepdim, order) end

---Sum of the products of two vectors.
---@param other moonstep.Tensor
---@return moonstep.Tensor
function Tensor:dot(other) end

---The value below which a share of the numbers lies, between neighbours by linear interpolation. A list of shares gives
---one more dimension in front.
---@param q number|number[] 0 to 1
---@param dim? integer all dimensions without it
---@param keepdim? boolean
---@return moonstep.Tensor
function Tensor:quantile(q, dim, keepdim) end

---Equal parts along a dimension, as several values: `local uncond, cond = t:chunk(2)`.
---@param count integer
---@param dim? integer 0 without it
---@return moonstep.Tensor ...
function Tensor:chunk(count, dim) end

---Parts of a size, or of several sizes, along a dimension, as several values.
---@param size integer|integer[]
---@param dim? integer 0 without it
---@return moonstep.Tensor ...
function Tensor:split(size, dim) end

---A stretch of a dimension.
---@param dim integer
---@param start integer
---@param length integer
---@return moonstep.Tensor
function Tensor:narrow(dim, start, length) end

---A stretch of a dimension as `start:stop:step` in Python.
---@param dim integer
---@param start? integer
---@param stop? integer
---@param step? integer
---@return moonstep.Tensor
function Tensor:slice(dim, start, stop, step) end

---One index of a dimension, which goes.
---@param dim integer
---@param index integer
---@return moonstep.Tensor
function Tensor:select(dim, index) end

---A copy with one index of a dimension replaced.
---@param source moonstep.Tensor of the shape of `select(dim, index)`
---@param dim integer
---@param index integer
---@return moonstep.Tensor
function Tensor:select_scatter(source, dim, index) end

---A copy with a stretch of a dimension replaced.
---@param source moonstep.Tensor of the shape of `slice(dim, start, stop, step)`
---@param dim? integer 0 without it
---@param start? integer
---@param stop? integer
---@param step? integer
---@return moonstep.Tensor
function Tensor:slice_scatter(source, dim, start, stop, step) end

---Moved along dimensions; what leaves at one end comes back at the other.
---@param shifts integer|integer[] how far, towards higher indices
---@param dims? integer|integer[] one for each shift; without them all numbers are moved as one row
---@return moonstep.Tensor
function Tensor:roll(shifts, dims) end

---Dimensions from end to beginning; they may also be given one by one: `t:flip(-2, -1)`.
---@param dims integer[]
---@return moonstep.Tensor
function Tensor:flip(dims) end

---The same numbers in another shape; one size may be -1.
---@param shape integer[]
---@return moonstep.Tensor
function Tensor:reshape(shape) end

---Dimensions in another order.
---@param dims integer[]
---@return moonstep.Tensor
function Tensor:permute(dims) end

---Two dimensions exchanged.
---@param first integer
---@param second integer
---@return moonstep.Tensor
function Tensor:transpose(first, second) end

---Without dimensions of size 1.
---@param dim? integer only this one
---@return moonstep.Tensor
function Tensor:squeeze(dim) end

---With a dimension of size 1 more.
---@param dim integer
---@return moonstep.Tensor
function Tensor:unsqueeze(dim) end

---Dimensions of size 1 repeated; -1 keeps a size.
---@param shape integer[]
---@return moonstep.Tensor
function Tensor:expand(shape) end

---Each row of the first dimension a number of times, side by side.
---@param count integer
---@return moonstep.Tensor
function Tensor:repeat_rows(count) end

---Joined with others along a dimension.
---@param others moonstep.Tensor|moonstep.Tensor[]
---@param dim? integer 0 without it
---@return moonstep.Tensor
function Tensor:cat(others, dim) end

---Joined with others along a new dimension.
---@param others moonstep.Tensor|moonstep.Tensor[]
---@param dim? integer 0 without it
---@return moonstep.Tensor
function Tensor:stack(others, dim) end

---A copy with memory of its own.
---@return moonstep.Tensor
function Tensor:clone() end

---Product of matrices, in batches where there are more than two dimensions.
---@param other moonstep.Tensor
---@return moonstep.Tensor
function Tensor:matmul(other) end

---Sums of products in Einstein's notation; this tensor is the first.
---@param equation string for example "lhw,rl->rhw"
---@param ... moonstep.Tensor
---@return moonstep.Tensor
function Tensor:einsum(equation, ...) end

---The last two dimensions in another size.
---@param height integer
---@param width integer
---@param mode? "nearest"|"bilinear" nearest without it
---@return moonstep.Tensor
function Tensor:resize(height, width, mode) end

---The last two dimensions through a Gaussian filter of three sigma to each side, borders reflected.
---@param sigma number in elements
---@return moonstep.Tensor
function Tensor:blur(sigma) end

---Fourier transform of the last two dimensions; real and imaginary parts in a last dimension of size 2.
---@return moonstep.Tensor
function Tensor:fft2() end

---The inverse of `fft2`, of the same shape; the real part is index 0 of the last dimension.
---@return moonstep.Tensor
function Tensor:ifft2() end

---A picture from `[3 or 1, height, width]` in 0 to 255.
---@return moonstep.Image
function Tensor:to_image() end

---The one global that a plugin finds beside Lua's own safe functions.
---@class moonstep.Library
---@field version string version of moonstep
---@field api integer version of the API: 1
moon = {}

---A tensor from a number or from lists of numbers.
---@param values any
---@return moonstep.Tensor
function moon.tensor(values) end

---All 0. Sizes may also be given one by one: `moon.zeros(2, 3)`.
---@param shape integer[]
---@return moonstep.Tensor
function moon.zeros(shape) end

---All 1; shapes as for `zeros`.
---@param shape integer[]
---@return moonstep.Tensor
function moon.ones(shape) end

---One number throughout.
---@param shape integer[]
---@param value number
---@return moonstep.Tensor
function moon.full(shape, value) end

---`arange(stop)`, `arange(start, stop)` or `arange(start, stop, step)`, without the stop.
---@param start number
---@param stop? number
---@param step? number
---@return moonstep.Tensor
function moon.arange(start, stop, step) end

---Normal random numbers, from the plugin's own stream.
---@param shape integer[]
---@return moonstep.Tensor
function moon.randn(shape) end

---Random numbers in 0 to 1, from the plugin's own stream.
---@param shape integer[]
---@return moonstep.Tensor
function moon.rand(shape) end

---Joined along a dimension.
---@param tensors moonstep.Tensor[]
---@param dim? integer 0 without it
---@return moonstep.Tensor
function moon.cat(tensors, dim) end

---Joined along a new dimension.
---@param tensors moonstep.Tensor[]
---@param dim? integer 0 without it
---@return moonstep.Tensor
function moon.stack(tensors, dim) end

---Sums of products in Einstein's notation.
---@param equation string for example "lhw,rl->rhw"
---@param ... moonstep.Tensor
---@return moonstep.Tensor
function moon.einsum(equation, ...) end

---Elements of the one where the condition is not 0, of the other elsewhere.
---@param condition moonstep.Tensor
---@param yes moonstep.Tensor|number
---@param no moonstep.Tensor|number
---@return moonstep.Tensor
function moon.where(condition, yes, no) end

---Saves a picture beside the run's own, in a folder of the plugin.
---@param image moonstep.Image|moonstep.Tensor
---@param name string up to 64 letters, digits, `_` and `-`, then `.png`
function moon.save_image(image, name) end

---Writes one line to the run's log, as `print`.
---@param ... any
function moon.log(...) end

---Warns the user: on standard error at once, and among the `warnings` of the run's report. Each text counts once; after
---32 of them one note stands for the rest.
---@param ... any
function moon.warn(...) end
