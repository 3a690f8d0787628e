"""Runs of a plain denoising loop with the tricks of the bundled plugins in plain torch, step by step.

The loop knows the models, the schedulers and the guiders of the reference, and nothing of Lua. Each trick is written as
its paper has it, or is the reference's own guider where there is one.
"""

import math

import diffusers
import numpy
import torch
from diffusers.guiders.adaptive_projected_guidance import MomentumBuffer, normalized_guidance
from diffusers.guiders.classifier_free_zero_star_guidance import cfg_zero_star_scale
from diffusers.guiders.guider_utils import rescale_noise_cfg

from .guide_running import both_halves, described, new_scheduler, opened
from .guide_traces import DDIM, EULER_A, NEGATIVE, OTHER, PROMPT, loaded
from .running import generators
from .traces import NUDGE, relative
from .writing import REFERENCE, save_fixture, save_json_rows

EULER, PNDM, HEUN = "EulerDiscreteScheduler", "PNDMScheduler", "HeunDiscreteScheduler"
DPM, DDPM = "DPMSolverMultistepScheduler", "DDPMScheduler"
REST = (1, 2, 3)


class Step:
    """What a trick sees of a step: the place in the run, the latents and the two predictions."""

    def __init__(self, run, index):
        self.run, self.index, self.count = run, index, len(run.times)
        self.latents, self.scale = run.latents, run.case["call"]["guidance_scale"]
        self.cond = self.uncond = None

    def shares(self):
        """What clean latents and noise are multiplied by in the latents that the step starts from."""
        scheduler = self.run.scheduler
        if hasattr(scheduler, "sigmas"):
            sigma = float(self.run.sigmas[self.index])
            if isinstance(scheduler, diffusers.DPMSolverMultistepScheduler):
                return 1 / math.sqrt(sigma**2 + 1), sigma / math.sqrt(sigma**2 + 1)
            return 1.0, sigma
        alpha = float(scheduler.alphas_cumprod[int(self.run.times[self.index])])
        return math.sqrt(alpha), math.sqrt(1 - alpha)

    @property
    def sigma(self):
        signal, spread = self.shares()
        return spread / signal

    def clean(self, prediction):
        """The clean latents that a prediction points to."""
        signal, spread = self.shares()
        if self.run.scheduler.config.prediction_type == "epsilon":
            return (self.latents - spread * prediction) / signal
        size = math.hypot(signal, spread)
        return self.latents * (signal / size**2) - prediction * (spread / size)

    def noise(self, prediction):
        """The noise that a prediction points to."""
        signal, spread = self.shares()
        return (self.latents - signal * self.clean(prediction)) / spread

    def pointing_to(self, clean):
        """The prediction that points to clean latents."""
        signal, spread = self.shares()
        if self.run.scheduler.config.prediction_type == "epsilon":
            return (self.latents - signal * clean) / spread
        size = math.hypot(signal, spread)
        return (self.latents * (signal / size**2) - clean) * (size / spread)


class Trick:
    """Changes a run at one of four places; does nothing unless a subclass says so."""

    def begin(self, step):
        """Before the model: may change `step.scale` and the weights of the nets and adapters."""

    def guide(self, step, pred):
        """The combination of the two predictions that is so far `pred`."""
        return pred

    def move(self, step, pred, latents):
        """The latents after the step, which the scheduler made `latents`; None where the scheduler's own hold."""
        return None

    def end(self, step, latents, clean):
        """Whether the run ends, and the latents that it ends with."""
        return False, latents


def even(values, at):
    """The value at a place, 0 to 1, on lines between values spread evenly."""
    return float(numpy.interp(at * (len(values) - 1), range(len(values)), values))


def curve(shape, first, last, values, at):
    if shape == "list":
        return even(values, at)
    if shape == "cosine":
        return last + (first - last) * 0.5 * (1 + math.cos(math.pi * at))
    return first + at * (last - first)


class Schedule(Trick):
    def __init__(self, shape="linear", first=None, last=1.0, values=None, drop_at=0.5):
        self.shape, self.first, self.last, self.values, self.drop_at = shape, first, last, values, drop_at

    def begin(self, step):
        first = step.scale if self.first is None else self.first
        if self.shape == "drop":
            step.scale = first if step.index < int(step.count * self.drop_at) else self.last
        else:
            step.scale = curve(self.shape, first, self.last, self.values, step.index / (step.count - 1))


class Interval(Trick):
    def __init__(self, low=None, high=None, start=None, stop=None):
        self.sigmas, self.shares = (low, high), (start, stop)

    def begin(self, step):
        if self.sigmas[0] is not None:
            inside = self.sigmas[0] < step.sigma <= self.sigmas[1]
        else:
            inside = int(step.count * self.shares[0]) <= step.index < int(step.count * self.shares[1])
        if not inside:
            step.scale = 1.0


class Skipping(Trick):
    def __init__(self, every=2, start=0.2, boost=1.0):
        self.every, self.start, self.boost = every, start, boost

    def begin(self, step):
        past = step.index - int(step.count * self.start)
        if past < 0:
            return
        if (past + 1) % self.every:
            step.scale = 1.0
        else:
            step.scale += (step.scale - 1) * self.boost * (self.every - 1)


class Adaptive(Trick):
    def __init__(self, threshold=0.991, start=0.25):
        self.threshold, self.start, self.off = threshold, start, False

    def begin(self, step):
        if self.off and step.index >= step.count * self.start:
            step.scale = 1.0

    def guide(self, step, pred):
        cosines = torch.nn.functional.cosine_similarity(step.cond.flatten(1), step.uncond.flatten(1))
        self.off = bool((cosines > self.threshold).all())
        return pred


class Rescale(Trick):
    def __init__(self, share=0.7):
        self.share = share

    def guide(self, step, pred):
        return rescale_noise_cfg(pred, step.cond, self.share)


class ZeroStar(Trick):
    def __init__(self, zero_init_steps=0, optimized_scale=True):
        self.zero, self.optimized = zero_init_steps, optimized_scale

    def guide(self, step, pred):
        if step.index < self.zero:
            return torch.zeros_like(pred)
        if not self.optimized:
            return pred
        alpha = cfg_zero_star_scale(step.cond.flatten(1), step.uncond.flatten(1)).view(-1, 1, 1, 1)
        uncond = step.uncond * alpha
        return uncond + step.scale * (step.cond - uncond)


class Projected(Trick):
    """The reference's own formula, in the paper's form: from the wanted prediction on, by the weight less one."""

    def __init__(self, eta=0.0, norm_threshold=15.0, momentum=-0.5, space="x0"):
        self.eta, self.threshold, self.in_x0 = eta, norm_threshold, space == "x0"
        self.buffer = MomentumBuffer(momentum) if momentum else None

    def guide(self, step, pred):
        cond, uncond = step.cond, step.uncond
        if self.in_x0:
            cond, uncond = step.clean(cond), step.clean(uncond)
        made = normalized_guidance(cond, uncond, step.scale - 1, self.buffer, self.eta, self.threshold,
                                   use_original_formulation=True)  # fmt: skip
        return step.pointing_to(made) if self.in_x0 else made


class Threshold(Trick):
    def __init__(self, form="mimic", space="x0", mimic_scale=7.0, separate_channels=True, percentile=0.995, range=1.0,
                 share=1.0):  # fmt: skip
        self.form, self.in_x0, self.mimic, self.apart = form, space == "x0", mimic_scale, separate_channels
        self.percentile, self.range, self.share = percentile, range, share

    def guide(self, step, pred):
        see = step.clean if self.in_x0 else (lambda value: value)
        guided = see(pred)
        wanted = see(step.uncond + self.mimic * (step.cond - step.uncond))
        rows = []
        for row, model in zip(guided, wanted):
            if self.form == "clip":
                bound = max(torch.quantile(row.abs().flatten(), self.percentile).item(), self.range)
                rows.append(row.clip(-bound, bound) / bound * self.range)
            elif self.apart:
                rows.append(torch.stack([self.resized(one, other) for one, other in zip(row, model)]))
            else:
                rows.append(self.resized(row, model))
        made = torch.stack(rows)
        made = self.share * made + (1 - self.share) * guided
        return step.pointing_to(made) if self.in_x0 else made

    def resized(self, values, model):
        centred = values - values.mean()
        size = (model - model.mean()).abs().max()
        bound = torch.maximum(size, torch.quantile(centred.abs().flatten(), self.percentile))
        return centred.clamp(-bound, bound) / bound * size + values.mean()


class PlusPlus(Trick):
    """The paper's algorithms: the step goes to the guided clean latents, the noise put back is the unguided one."""

    def __init__(self, scale=0.6):
        self.scale = scale

    def guide(self, step, pred):
        return step.uncond + self.scale * (step.cond - step.uncond)

    def move(self, step, pred, latents):
        return latents + self.weight(step) * (step.noise(step.uncond) - step.noise(pred))

    def weight(self, step):
        """What a step of the scheduler multiplies the predicted noise by, as it puts it back."""
        scheduler, time = step.run.scheduler, step.run.times[step.index]
        name = type(scheduler).__name__
        if name in (EULER, EULER_A):
            start, stop = (float(step.run.sigmas[step.index + more]) for more in (0, 1))
            fresh = stop * math.sqrt(start**2 - stop**2) / start if name == EULER_A else 0.0
            return math.sqrt(stop**2 - fresh**2)
        alphas = scheduler.alphas_cumprod
        if name == DDPM:
            previous = int(scheduler.previous_timestep(time))
            later, now = float(alphas[previous]) if previous >= 0 else 1.0, float(alphas[time])
            return math.sqrt(now / later) * (1 - later) / (1 - now) * math.sqrt(1 - now)
        previous = int(time) - scheduler.config.num_train_timesteps // scheduler.num_inference_steps
        later = float(alphas[previous] if previous >= 0 else scheduler.final_alpha_cumprod)
        fresh = step.run.case["call"].get("eta", 0.0) ** 2 * float(scheduler._get_variance(int(time), previous))
        return math.sqrt(1 - later - fresh)


class Weights(Trick):
    """Factors of the weights of ControlNets or IP-Adapters."""

    def __init__(self, kind, shape="linear", start=0.0, stop=1.0, first=1.0, last=0.0, values=None):
        self.kind, self.shape, self.start, self.stop = kind, shape, start, stop
        self.first, self.last, self.values = first, last, values

    def begin(self, step):
        begin, end = int(step.count * self.start), int(step.count * self.stop)
        factor = 0.0
        if begin <= step.index < end:
            at = (step.index - begin) / (end - 1 - begin) if end - 1 > begin else 0.0
            factor = curve(self.shape, self.first, self.last, self.values, at)
        setattr(step.run, self.kind, [factor * scale for scale in step.run.own[self.kind]])


class Stop(Trick):
    def __init__(self, threshold=0.3, patience=2, start=0.25, finish=True):
        self.threshold, self.patience, self.start, self.finish = threshold, patience, start, finish
        self.before, self.still = None, 0

    def end(self, step, latents, clean):
        moved = math.inf
        if self.before is not None:
            moved = max(float((one - other).norm() / one.norm()) for one, other in zip(clean, self.before))
        done = step.index + 1
        self.still = self.still + 1 if moved * (step.count - done) < self.threshold else 0
        self.before = clean
        stops = self.still >= self.patience and done >= step.count * self.start and done < step.count
        return stops, clean if stops and self.finish else latents


class Loop:
    """One plain run; `case` says which, and its tricks are asked in their order."""

    def __init__(self, pipeline, case, nudge=0.0):
        self.pipeline, self.case, self.nudge = pipeline, case, nudge
        self.tricks = [make(**options) for make, options in case["tricks"]]
        name, fields = case["scheduler"]
        self.scheduler = pipeline.scheduler = new_scheduler(pipeline, name, fields) if name else pipeline.scheduler
        call = self.call = opened(case["call"])
        self.scheduler.set_timesteps(call["num_inference_steps"])
        self.times, self.sigmas = self.scheduler.timesteps, getattr(self.scheduler, "sigmas", None)
        self.both = both_halves(pipeline, call)
        self.rows = len(self.both["prompt_embeds"]) // 2
        self.own = {"controls": case.get("control_scales", []), "adapters": case.get("adapter_scales", [])}
        self.controls, self.adapters = self.own["controls"], self.own["adapters"]
        self.pictures, self.nets, self.images = [], [], None
        if self.controls:
            self.nets = list(getattr(pipeline.controlnet, "nets", [pipeline.controlnet]))
            given = call["image"] if isinstance(call["image"], list) else [call["image"]]
            process = pipeline.control_image_processor.preprocess
            self.pictures = [process(one, height=call["height"], width=call["width"]) for one in given]
        if self.adapters:
            self.images = pipeline.prepare_ip_adapter_image_embeds(
                call["ip_adapter_image"], None, "cpu", call.get("num_images_per_prompt", 1), True
            )
        self.kept, self.scales, self.calls = [], [], []

    def predicted(self, latents, index, guided):
        """The model's output for both halves, or for the wanted one."""
        time, rows = self.times[index], self.rows * (2 if guided else 1)
        text = {key: value[-rows:] for key, value in self.both.items()}
        seen = self.scheduler.scale_model_input(torch.cat([latents] * (2 if guided else 1)), time)
        added = {"text_embeds": text["add_text_embeds"], "time_ids": text["add_time_ids"]} if len(text) == 3 else {}
        options = {"encoder_hidden_states": text["prompt_embeds"], "return_dict": False}
        if added:
            options["added_cond_kwargs"] = added
        controls = [net(seen, time, controlnet_cond=picture.expand(rows, -1, -1, -1), conditioning_scale=scale, **options)
                    for net, picture, scale in zip(self.nets, self.pictures, self.controls)]  # fmt: skip
        if self.images is not None:
            options["added_cond_kwargs"] = {**added, "image_embeds": [image[-rows:] for image in self.images]}
            self.pipeline.set_ip_adapter_scale(list(self.adapters))
        if controls:
            options["down_block_additional_residuals"] = [sum(parts) for parts in zip(*(one[0] for one in controls))]
            options["mid_block_additional_residual"] = sum(one[1] for one in controls)
        self.calls.append(rows)
        return self.pipeline.unet(seen, time, **options)[0]

    def run(self):
        generator = generators(self.case["seed"])
        factor, call = self.pipeline.vae_scale_factor, self.call
        shape = (self.rows, 4, call["height"] // factor, call["width"] // factor)
        self.latents = torch.randn(shape, generator=generator) * self.scheduler.init_noise_sigma
        extra = {"eta": call["eta"]} if "eta" in call else {}
        if "generator" in self.scheduler.step.__code__.co_varnames:
            extra["generator"] = generator
        for index, time in enumerate(self.times):
            step = Step(self, index)
            for trick in self.tricks:
                trick.begin(step)
            guided = step.scale > 1
            made = self.predicted(self.latents, index, guided)
            pred = made
            if guided:
                step.uncond, step.cond = made.chunk(2)
                pred = step.uncond + step.scale * (step.cond - step.uncond)
                for trick in self.tricks:
                    pred = trick.guide(step, pred)
            clean = step.clean(pred)
            result = self.scheduler.step(pred, time, self.latents, **extra)
            told = getattr(result, "pred_original_sample", None)
            assert told is None or relative(clean, told) < 1e-4, (self.case["name"], index, relative(clean, told))
            latents = result.prev_sample
            for trick in self.tricks if guided else []:
                moved = trick.move(step, pred, latents)
                latents = latents if moved is None else moved
            if self.nudge and index == 0:
                noise = torch.randn(shape, generator=torch.Generator("cpu").manual_seed(1))
                latents = latents * (1 + self.nudge * noise)
            ends = False
            for trick in self.tricks:
                stops, latents = trick.end(step, latents, clean)
                ends = ends or stops
            self.scales.append(step.scale)
            self.kept.append(latents)
            self.latents = latents
            if ends:
                break
        return torch.stack(self.kept)


def case(file, name, model, plugins, tricks, pipeline=None, scheduler=None, **options):
    kinds = {"tiny_sdxl": "StableDiffusionXL", "tiny_sd": "StableDiffusion", "tiny_sd2": "StableDiffusion"}
    own = {key: options.pop(key) for key in ("controlnets", "adapters") if key in options}
    picked = scheduler if isinstance(scheduler, tuple) else (scheduler, {})
    wide, high = (16, 8) if model == "tiny_sd2" else (16, 16) if model == "tiny_sdxl" else (24, 16)
    call = {"prompt": PROMPT, "negative_prompt": NEGATIVE, "num_inference_steps": 4, "guidance_scale": 7.5,
            "height": high, "width": wide, **options}  # fmt: skip
    seed = call.pop("seed", 20240611)
    if "controlnets" in own:
        scales = call.get("controlnet_conditioning_scale", 1.0)
        own["control_scales"] = list(scales) if isinstance(scales, list) else [scales]
    if "adapters" in own:
        own["adapter_scales"] = own["adapters"]["scales"]
    tail = "ControlNetPipeline" if "controlnets" in own else "Pipeline"
    return {"file": file, "name": name, "model": model, "plugins": plugins, "tricks": tricks, "seed": seed,
            "pipeline": kinds[model] + tail, "scheduler": picked, "call": call, **own}  # fmt: skip


def text_of(options):
    """Options as the command line has them."""
    def one(value):
        if isinstance(value, bool):
            return str(value).lower()
        return ",".join(str(item) for item in value) if isinstance(value, list) else str(value)

    return ",".join(f"{key}={one(value)}" for key, value in options.items())


def single(plugin, make, renamed=None):
    """A function that makes cases of one plugin, its options spelt as those of the trick unless renamed."""
    def build(kind, model="tiny_sd", options=None, **more):
        options = options or {}
        names = renamed or {}
        given = {names.get(key, key): value for key, value in options.items() if names.get(key, key)}
        spec = f"{plugin}:{text_of(options)}" if options else plugin
        return case(plugin, f"{plugin}/{kind}", model, [spec], [(make, given)], **more)

    return build


MANY = {"prompt": [PROMPT, OTHER], "negative_prompt": [NEGATIVE, ""], "num_images_per_prompt": 1}


def guidance():
    schedule = single("guidance_schedule", Schedule)
    yield schedule("linear", options={"last": 2.0}, scheduler=DDIM, **MANY)
    yield schedule("crosses_one", "tiny_sdxl", {"first": 3.0, "last": 0.0}, num_inference_steps=5)
    yield schedule("cosine", options={"shape": "cosine", "last": 1.5}, scheduler=PNDM)
    yield schedule("list", "tiny_sd2", {"shape": "list", "values": [1.0, 9.0, 4.0]}, num_inference_steps=6)
    yield schedule("drop", options={"shape": "drop", "drop_at": 0.5, "last": 1.0}, scheduler=DPM)
    names = {"by": None, "sigma_low": "low", "sigma_high": "high"}
    interval = single("guidance_interval", Interval, names)
    levels = {"sigma_low": 0.5, "sigma_high": 5.0}
    yield interval("ddim", options=levels, scheduler=DDIM, num_inference_steps=6, guidance_scale=5.0, **MANY)
    yield interval("heun", options=levels, scheduler=HEUN, num_inference_steps=4)
    yield interval("euler_velocity", "tiny_sd2", levels, scheduler=EULER, num_inference_steps=6)
    yield interval("dpm", "tiny_sdxl", levels, scheduler=DPM, num_inference_steps=6)
    yield interval("progress", options={"by": "progress", "start": 0.25, "stop": 0.7}, num_inference_steps=6, scheduler=DDIM)
    skipping = single("guidance_skipping", Skipping)
    yield skipping("ddim", scheduler=DDIM, num_inference_steps=6, **MANY)
    yield skipping("thirds", "tiny_sdxl", {"every": 3, "start": 0.0, "boost": 0.4}, num_inference_steps=6)
    adaptive = single("adaptive_guidance", Adaptive)
    yield adaptive("ddim", options={"threshold": 0.9953, "start": 0.1}, scheduler=DDIM, num_inference_steps=6, **MANY)
    yield adaptive("xl", "tiny_sdxl", {"threshold": 0.99, "start": 0.5})
    rescale = single("guidance_rescale", Rescale)
    yield rescale("euler", "tiny_sdxl", {"share": 0.7}, **MANY)
    yield rescale("velocity", "tiny_sd2", {"share": 1.0})
    yield rescale("pndm", options={"share": 0.3})
    star = single("cfg_zero_star", ZeroStar)
    yield star("ddim", scheduler=DDIM, **MANY)
    yield star("zero_init", "tiny_sd2", {"zero_init_steps": 1}, scheduler=EULER)
    yield star("xl", "tiny_sdxl", {"zero_init_steps": 1, "optimized_scale": False})
    yield star("pndm", options={"zero_init_steps": 2})
    # The order of plugins: the interval goes back to the weight that the schedule gave.
    yield case("guidance_schedule", "guidance_schedule/with_others", "tiny_sd",
               ["guidance_schedule:last=2", "guidance_interval:by=progress,start=0.25,stop=0.8", "guidance_rescale"],
               [(Schedule, {"last": 2.0}), (Interval, {"start": 0.25, "stop": 0.8}), (Rescale, {})],
               scheduler=DDIM, num_inference_steps=5)  # fmt: skip


def projections():
    apg = single("adaptive_projected_guidance", Projected)
    near = {"norm_threshold": 4.0}
    yield apg("ddim", options=near, scheduler=DDIM, **MANY)
    yield apg("euler", "tiny_sdxl", {"eta": 0.3, **near})
    yield apg("velocity", "tiny_sd2", {"momentum": -0.75, **near})
    yield apg("euler_velocity", "tiny_sd2", {"momentum": 0.5, "norm_threshold": 0.0}, scheduler=EULER)
    yield apg("prediction", options={"space": "prediction", **near}, scheduler=DPM)
    yield apg("no_momentum", options={"momentum": 0.0, **near}, scheduler=EULER)
    limit = single("dynamic_thresholding", Threshold)
    low = {"mimic_scale": 3.0}
    yield limit("ddim", options=low, scheduler=DDIM, **MANY)
    yield limit("euler", "tiny_sdxl", {"mimic_scale": 1.5, "percentile": 0.9}, guidance_scale=30.0)
    yield limit("velocity", "tiny_sd2", {**low, "separate_channels": False, "share": 0.6})
    yield limit("euler_velocity", "tiny_sd2", low, scheduler=EULER)
    yield limit("prediction", options={"space": "prediction", **low}, scheduler=PNDM)
    yield limit("clip", options={"form": "clip", "percentile": 0.9}, scheduler=DDIM, **MANY)
    yield limit("clip_euler", "tiny_sdxl", {"form": "clip", "range": 2.0, "percentile": 0.95})
    plus = single("cfg_plus_plus", PlusPlus)
    yield plus("ddim", options={"scale": 0.6}, scheduler=DDIM, **MANY)
    yield plus("ddim_eta", options={"scale": 0.8}, scheduler=DDIM, eta=0.7, num_images_per_prompt=2)
    yield plus("ddim_velocity", "tiny_sd2", {"scale": 1.0})
    yield plus("ddpm", options={"scale": 0.5}, scheduler=DDPM)
    yield plus("euler", "tiny_sdxl", {"scale": 0.7}, **MANY)
    yield plus("euler_velocity", "tiny_sd2", {"scale": 0.4}, scheduler=EULER)
    yield plus("euler_a", options={"scale": 0.6}, scheduler=EULER_A)


def weights():
    nets = single("controlnet_scale_schedule", lambda **options: Weights("controls", **options))
    one, both = ["tiny_controlnet_a"], ["tiny_controlnet_a", "tiny_controlnet_b"]
    yield nets("linear", controlnets=one, image="control.png", scheduler=DDIM, **MANY)
    yield nets("two_cosine", options={"shape": "cosine", "first": 1.5, "last": 0.5}, controlnets=both, scheduler=EULER,
               image=["control.png", "control_b.png"], controlnet_conditioning_scale=[0.7, 0.4])  # fmt: skip
    yield nets("window", "tiny_sdxl", {"shape": "list", "values": [0.2, 1.5], "start": 0.2, "stop": 0.8},
               controlnets=["tiny_controlnet_xl"], image="control.png", num_inference_steps=5)  # fmt: skip
    images = single("ip_adapter_scale_schedule", lambda **options: Weights("adapters", **options))
    plain = {"adapters": {"files": ["tiny_ip_adapter"], "scales": [0.9]}, "ip_adapter_image": "reference.png"}
    two = {"adapters": {"files": ["tiny_ip_adapter", "tiny_ip_adapter_plus"], "scales": [0.7, 0.4]},
           "ip_adapter_image": ["reference.png", "reference_b.png"]}  # fmt: skip
    large = {"adapters": {"files": ["tiny_ip_adapter_xl"], "scales": [3.0]}, "ip_adapter_image": "reference.png"}
    yield images("linear", scheduler=DDIM, num_images_per_prompt=2, **plain)
    yield images("two_window", options={"first": 0.5, "last": 1.5, "start": 0.25, "stop": 0.9}, scheduler=EULER, **two)
    yield images("xl_cosine", "tiny_sdxl", {"shape": "cosine"}, **large)


def stops():
    early = single("early_stop", Stop)
    yield early("ddim", options={"threshold": 1.5}, scheduler=DDIM, num_inference_steps=12, **MANY)
    yield early("euler", "tiny_sdxl", {"threshold": 1.5, "patience": 1, "start": 0.7}, num_inference_steps=12)
    yield early("unfinished", "tiny_sd2", {"threshold": 1.5, "finish": False}, num_inference_steps=12)


def record(item):
    pipeline = loaded(item)
    run = Loop(pipeline, item)
    latents = run.run()
    assert torch.isfinite(latents).all(), item["name"]
    nudged = Loop(pipeline, item, NUDGE).run()
    plain = Loop(pipeline, {**item, "tricks": []}).run()
    change = float((latents[-1] - plain[-1]).norm() / plain[-1].norm())
    if change < 0.01 or len(nudged) != len(latents):
        raise SystemExit(f"{item['name']} changes the plain run by {change:.4f}: too little to test with")
    kept = {key: item[key] for key in ("controlnets", "adapters") if key in item}
    row = {"name": item["name"], "file": f"tricks_a_{item['file']}.safetensors", "model": item["model"],
           "scheduler_config": described(pipeline), "call": item["call"], "seed": str(item["seed"]), **kept,
           "plugins": item["plugins"], "num_timesteps": len(run.times), "guidance": run.scales, "rows": run.calls,
           "sensitivity": float(f"{relative(nudged[-1], latents[-1]):.1e}")}  # fmt: skip
    print(f"{item['name']} changes the plain run by {change:.2f}, sensitivity {row['sensitivity']}, {len(latents)} steps")
    return row, {f"{item['name']}/latents": latents}


def make():
    rows = []
    files = {}
    for item in (item for group in (guidance, projections, weights, stops) for item in group()):
        row, tensors = record(item)
        rows.append(row)
        files.setdefault(row["file"], {}).update(tensors)
    for file, tensors in files.items():
        save_fixture(f"traces/{file}", tensors, seed="see tricks_a.json")
    save_json_rows("traces/tricks_a.json", {"reference": REFERENCE}, "traces", rows)
