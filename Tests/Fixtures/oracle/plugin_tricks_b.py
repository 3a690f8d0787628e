"""Plain denoising loops with the tricks that bundled plugins do: prompts, noise, latents, and a strip of previews."""

import json
import math
import re

import diffusers
import numpy
import torch

from .running import plain_config
from .traces import relative
from .writing import REFERENCE, ROOT, save_fixture, save_json, save_json_rows

PROMPT, OTHER, NEGATIVE = "a red apple on a blue table", "Night sky over the sea, 2 moons!", "blurry, dark"
DDIM, EULER, HEUN = "DDIMScheduler", "EulerDiscreteScheduler", "HeunDiscreteScheduler"
MULTISTEP = "DPMSolverMultistepScheduler"
WORD = (1 << 64) - 1


def stream(seed, plugin):
    """The random stream of a plugin: FNV-1a of its id, added to the run's seed and mixed as in SplitMix64."""
    hashed = 0xCBF29CE484222325
    for byte in plugin.encode():
        hashed = ((hashed ^ byte) * 0x100000001B3) & WORD
    mixed = (seed + hashed) & WORD
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & WORD
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & WORD
    return torch.Generator("cpu").manual_seed(mixed ^ (mixed >> 31))


# The loop


class Loop:
    """One run: text embeddings, latents, and a trick whose `before` and `after` may change them."""

    def __init__(self, pipeline, entry, trick=None):
        call = entry["call"]
        self.pipeline, self.entry, self.trick = pipeline, entry, trick
        self.prompts, self.negatives = call["prompt"], call["negative_prompt"]
        self.images, self.asked = call["num_images_per_prompt"], call["num_inference_steps"]
        self.rows, self.scale = len(self.prompts) * self.images, call["guidance_scale"]
        self.size = (call["height"], call["width"])
        self.is_xl = hasattr(pipeline, "text_encoder_2")
        self.options, self.stream = entry["callback"]["options"], stream(entry["seed"], entry["callback"]["name"])
        self.scheduler, self.records, self.jump = None, [], None

    def encode(self, prompts, negatives):
        """Wanted and unwanted embeddings, and the pooled ones of SDXL; a text for all or one for each prompt."""
        def each(texts):
            return texts if isinstance(texts, list) else [texts] * len(self.prompts)

        made = self.pipeline.encode_prompt(
            prompt=each(prompts), device="cpu", num_images_per_prompt=self.images, do_classifier_free_guidance=True,
            negative_prompt=each(negatives),
        )  # fmt: skip
        return {"prompt": made[0], "negative": made[1], **({"pooled": made[2], "negative_pooled": made[3]} if self.is_xl else {})}

    def start_scheduler(self):
        self.scheduler = getattr(diffusers, self.entry["scheduler"]).from_config(self.pipeline.scheduler.config)
        self.scheduler.set_timesteps(self.asked)
        self.steps = len(self.scheduler.timesteps)

    def level(self, step):
        """What clean latents and noise are multiplied by at the start of a step; N is the end of the run."""
        if self.entry["scheduler"] == DDIM:
            if step < self.steps:
                alpha = self.scheduler.alphas_cumprod[self.scheduler.timesteps[step]]
            else:
                alpha = self.scheduler.final_alpha_cumprod
            return float(alpha) ** 0.5, float(1 - alpha) ** 0.5
        sigma = float(self.scheduler.sigmas[step])
        scale = 1.0 if self.entry["scheduler"] in (EULER, HEUN) else 1 / math.sqrt(1 + sigma * sigma)
        return scale, scale * sigma

    def predict(self, time):
        options = {}
        guides = self.scale > 1
        context = torch.cat([self.text["negative"], self.text["prompt"]]) if guides else self.text["prompt"]
        if self.is_xl:
            pooled = torch.cat([self.text["negative_pooled"], self.text["pooled"]]) if guides else self.text["pooled"]
            numbers = torch.tensor([[*self.size, 0, 0, *self.size]] * len(pooled), dtype=torch.float32)
            options["added_cond_kwargs"] = {"text_embeds": pooled, "time_ids": numbers}
        latents = torch.cat([self.latents] * 2) if guides else self.latents
        latents = self.scheduler.scale_model_input(latents, time)
        noise = self.pipeline.unet(latents, time, encoder_hidden_states=context, **options).sample
        if guides:
            unwanted, wanted = noise.chunk(2)
            noise = unwanted + self.scale * (wanted - unwanted)
        return noise

    def run(self):
        self.start_scheduler()
        factor = self.pipeline.vae_scale_factor
        source = torch.Generator("cpu").manual_seed(self.entry["seed"])
        shape = (self.rows, 4, self.size[0] // factor, self.size[1] // factor)
        self.latents = torch.randn(shape, generator=source) * self.scheduler.init_noise_sigma
        self.text = self.encode(self.prompts, self.negatives)
        if self.trick:
            self.trick.begin(self)
        step = 0
        while step < self.steps:
            time = self.scheduler.timesteps[step]
            if self.trick:
                self.trick.before(self, step, time)
            made = self.scheduler.step(self.predict(time), time, self.latents, return_dict=True)
            self.latents, self.clean = made.prev_sample, made.get("pred_original_sample")
            if self.trick:
                self.trick.after(self, step, time)
            self.records.append(self.latents.clone())
            step = step + 1 if self.jump is None else self.go_back(step)
        return self.latents

    def go_back(self, step):
        """To the noise level of an earlier step: scaled to its signal, and topped up with the noise that is missing."""
        target, noise = self.jump
        self.jump = None
        (signal, left), (wanted_signal, wanted) = self.level(step + 1), self.level(target)
        ratio = wanted_signal / signal
        self.latents = ratio * self.latents + math.sqrt(wanted**2 - (ratio * left) ** 2) * noise
        self.start_scheduler()
        self.scheduler._step_index = target  # what has an index of its own would look for the time in its list
        return target


class Trick:
    def begin(self, run):
        pass

    def before(self, run, step, time):
        pass

    def after(self, run, step, time):
        pass


# Prompts


def edited(text, step, steps):
    """The text of a step, by replacing innermost brackets until none is left."""

    def replaced(match):
        inner = match[1]
        if "|" in inner:
            choices = inner.split("|")
            return choices[step % len(choices)]
        *parts, when = inner.split(":")
        before, after = parts if len(parts) == 2 else ("", parts[0])
        when = float(when)
        return before if step < int(when * steps + 1e-9 if when < 1 else when) else after

    while "[" in text:
        text = re.sub(r"\[([^\[\]]*)\]", replaced, text)
    return text


class PromptSchedule(Trick):
    def before(self, run, step, time):
        unwanted = run.options.get("negative_prompt")
        made = run.encode(
            edited(run.options["prompt"], step, run.steps),
            run.negatives if unwanted is None else edited(unwanted, step, run.steps),
        )
        run.text = made


def slerp(first, second, weight):
    """Row by row along the last dimension, in double precision."""
    result = numpy.empty(first.shape)
    for place in numpy.ndindex(*first.shape[:-1]):
        a, b = first[place].double().numpy(), second[place].double().numpy()
        cosine = a @ b / (numpy.linalg.norm(a) * numpy.linalg.norm(b))
        if abs(cosine) > 0.9995:
            result[place] = a + weight * (b - a)
        else:
            angle = math.acos(cosine)
            result[place] = (math.sin((1 - weight) * angle) * a + math.sin(weight * angle) * b) / math.sin(angle)
    return torch.from_numpy(result).float()


class PromptBlend(Trick):
    def begin(self, run):
        self.ends = [run.text if "from" not in run.options else run.encode(run.options["from"], NEGATIVE),
                     run.encode(run.options["to"], NEGATIVE)]  # fmt: skip

    def before(self, run, step, time):
        start, stop = run.options.get("start", 0), run.options.get("stop", 1)
        weight = min(max((step / (run.steps - 1) - start) / (stop - start), 0), 1)
        if run.options.get("curve") == "cosine":
            weight = (1 - math.cos(math.pi * weight)) / 2
        weight *= run.options.get("amount", 1)
        for name in ("prompt", "pooled"):
            if name in run.text:
                first, second = (end[name] for end in self.ends)
                blended = torch.lerp(first, second, weight)
                run.text = {**run.text, name: blended if run.options.get("mode") == "lerp" else slerp(first, second, weight)}


class ConditionAnnealing(Trick):
    def begin(self, run):
        self.clean = run.text

    def before(self, run, step, time):
        low, high = run.options.get("tau1", 0.6), run.options.get("tau2", 0.9)
        moment = float(time) / 1000
        share = 1.0 if moment <= low else 0.0 if moment >= high else (high - moment) / (high - low)
        run.text = dict(self.clean)
        if share == 1:
            return
        names = ["prompt", "pooled", "negative", "negative_pooled"][: 4 if run.options.get("negative") else 2]
        psi = run.options.get("psi", 1)
        for name in names:
            if name in self.clean:
                value = self.clean[name]
                noise = torch.randn(value.shape, generator=run.stream)
                noised = share**0.5 * value + run.options.get("noise_scale", 0.25) * (1 - share) ** 0.5 * noise
                rows = []
                for one, other in zip(noised, value):
                    scaled = (one - one.mean()) / one.std() * other.std() + other.mean()
                    rows.append(psi * scaled + (1 - psi) * one)
                run.text[name] = torch.stack(rows)


# Noise and latents


def within(run, step, start, stop):
    start, stop = run.options.get("start", start), run.options.get("stop", stop)
    return int(start * run.steps + 1e-9) <= step < int(stop * run.steps + 1e-9)


class NoiseInjection(Trick):
    def after(self, run, step, time):
        options = run.options
        first = int(options.get("start", 0) * run.steps + 1e-9)
        chosen = within(run, step, 0, 0.6) and (step - first) % options.get("every", 1) == 0
        if step in options["steps"] if "steps" in options else chosen:
            noise = torch.randn(run.latents.shape, generator=run.stream)
            run.latents = run.latents + options.get("strength", 0.2) * run.level(step + 1)[1] * noise


class Restart(Trick):
    def begin(self, run):
        sigmas = [noise / signal for signal, noise in map(run.level, range(run.steps + 1))]
        self.high = min(index for index, sigma in enumerate(sigmas) if sigma <= run.options["sigma_max"])
        self.low = min(index for index, sigma in enumerate(sigmas) if sigma <= run.options["sigma_min"])
        self.left = run.options.get("repeats", 1)
        if run.entry["scheduler"] == HEUN:  # its steps come in pairs, and the level between two is that of both
            self.high, self.low = (index + index % 2 for index in (self.high, self.low))
        assert self.low - self.high > 1

    def after(self, run, step, time):
        if self.left and step + 1 == self.low:
            self.left -= 1
            run.jump = (self.high, torch.randn(run.latents.shape, generator=run.stream))


class OffsetNoise(Trick):
    def before(self, run, step, time):
        if step == 0:
            shift = torch.tensor(run.options.get("offsets", [0.0] * 4)).reshape(1, 4, 1, 1)
            strength = run.options.get("strength", 0.1)
            if strength > 0:
                shift = shift + strength * torch.randn(run.rows, 4, 1, 1, generator=run.stream)
            run.latents = run.latents + run.level(0)[1] * shift


class Centering(Trick):
    def after(self, run, step, time):
        if not within(run, step, 0, 0.5):
            return
        centred = run.clean.clone()
        for channel in run.options.get("channels", range(4)):
            mean = centred[:, int(channel)].mean(dim=(1, 2), keepdim=True)
            centred[:, int(channel)] -= run.options.get("channel_shift", 1) * mean
        centred -= run.options.get("full_shift", 0) * centred.mean(dim=(1, 2, 3), keepdim=True)
        run.latents = run.latents + run.level(step + 1)[0] * (centred - run.clean)


def blurred(value, sigma):
    """A Gaussian over the last two dimensions; the edges mirror."""
    reach = math.ceil(3 * sigma)
    weights = torch.exp(-(torch.arange(-reach, reach + 1, dtype=torch.float64) ** 2) / (2 * sigma**2))
    weights = (weights / weights.sum()).float()
    planes = torch.nn.functional.pad(value.flatten(0, 1)[:, None], (reach,) * 4, mode="reflect")
    planes = torch.nn.functional.conv2d(planes, weights.reshape(1, 1, 1, -1))
    return torch.nn.functional.conv2d(planes, weights.reshape(1, 1, -1, 1)).reshape(value.shape)


class DetailBoost(Trick):
    def after(self, run, step, time):
        if not within(run, step, 0.2, 0.8):
            return
        if run.options.get("method") == "fft":
            height, width = (torch.fft.fftfreq(size) * 2 for size in run.clean.shape[2:])
            high = (height[:, None] ** 2 + width**2).sqrt() > run.options.get("cutoff", 0.5)
            fine = torch.fft.ifft2(torch.fft.fft2(run.clean) * high).real
        else:
            fine = run.clean - blurred(run.clean, run.options.get("radius", 1))
        run.latents = run.latents + run.level(step + 1)[0] * run.options.get("strength", 0.1) * fine


# The strip


def latent_colours(vae):
    """Weights from latents, and one constant, to each colour: least squares over a soft random picture."""
    factor = 2 ** (len(vae.config.block_out_channels) - 1)
    colours = torch.rand(1, 3, 8, 8, generator=torch.Generator("cpu").manual_seed(0)) * 2 - 1

    def enlarged(side):
        return torch.nn.functional.interpolate(colours, size=(side, side), mode="bilinear", align_corners=False)

    latents = vae.encode(enlarged(24 * factor)).latent_dist.mean * vae.config.scaling_factor
    values = latents[0].flatten(1).double().numpy()
    values = numpy.concatenate([values, numpy.ones((1, values.shape[1]))])
    matrix = values @ values.T
    matrix[numpy.arange(4), numpy.arange(4)] += 1e-3 * values.shape[1]
    return numpy.linalg.solve(matrix, values @ enlarged(24)[0].flatten(1).double().numpy().T).T


class Strip(Trick):
    def begin(self, run):
        self.colours, self.columns = latent_colours(run.pipeline.vae), []

    def after(self, run, step, time):
        count = run.options.get("count", 0) or run.steps
        last = [run.steps * (number + 1) / count for number in range(count)]
        if step + 1 in {math.ceil(value) for value in last}:
            if run.options.get("decode"):
                pictures = run.pipeline.vae.decode(run.clean / run.pipeline.vae.config.scaling_factor).sample.numpy()
            else:
                weights, constant = self.colours[:, :4], self.colours[:, 4]
                pictures = numpy.einsum("rc,bchw->brhw", weights, run.clean.numpy()) + constant.reshape(3, 1, 1)
            levels = ((pictures + 1) * 127.5).clip(0, 255)
            self.columns.append(numpy.concatenate(list(levels), axis=1))

    def strip(self, run):
        scale, gap = run.options.get("scale", 4), run.options.get("gap", 0)
        parts = []
        for column in self.columns:
            column = column.repeat(scale, 1).repeat(scale, 2)
            parts += [numpy.full((3, column.shape[1], gap), 255.0), column]
        return torch.from_numpy(numpy.concatenate(parts[1:], axis=2)).float()


TRICKS = {"prompt_schedule": PromptSchedule, "prompt_blend": PromptBlend, "cads": ConditionAnnealing,
          "noise_injection": NoiseInjection, "restart_sampling": Restart, "offset_noise": OffsetNoise,
          "latent_centering": Centering, "detail_boost": DetailBoost, "preview_strip": Strip}  # fmt: skip

SIZES = {"tiny_sd": (24, 32), "tiny_sd2": (16, 12), "tiny_sdxl": (12, 16)}
PAIR = {"prompt": [PROMPT, OTHER], "negative_prompt": [NEGATIVE, ""]}
THREE = {"num_images_per_prompt": 3}


def case(plugin, kind, options, model="tiny_sd", scheduler=DDIM, **call):
    height, width = SIZES[model]
    base = {"prompt": [PROMPT], "negative_prompt": [NEGATIVE], "num_images_per_prompt": 1, "num_inference_steps": 5,
            "guidance_scale": 7.5, "height": height, "width": width}  # fmt: skip
    return {"name": f"{plugin}/{kind}", "model": model, "scheduler": scheduler, "seed": call.pop("seed", 77),
            "callback": {"name": plugin, "options": options}, "call": {**base, **call}}  # fmt: skip


def cases():
    mixed = "a [red:green:0.4] [apple|[pear:car:4]] on a [blue :3]table[ in the rain::2]"
    yield case("prompt_schedule", "sd", {"prompt": mixed})
    yield case("prompt_schedule", "sd2", {"prompt": mixed, "negative_prompt": "[dark|blurry]"},
               "tiny_sd2", **PAIR)  # fmt: skip
    yield case("prompt_schedule", "sdxl", {"prompt": mixed, "negative_prompt": "[dark:grey:2]"}, "tiny_sdxl", EULER,
               num_images_per_prompt=2)  # fmt: skip
    yield case("prompt_schedule", "unguided", {"prompt": mixed}, "tiny_sdxl", EULER, guidance_scale=1.0)
    yield case("prompt_blend", "sd", {"to": OTHER})
    yield case("prompt_blend", "sd2", {"to": OTHER, "from": "a table", "mode": "lerp", "start": 0.2, "stop": 0.8,
                                       "curve": "cosine"}, "tiny_sd2", **PAIR)  # fmt: skip
    yield case("prompt_blend", "sdxl", {"to": OTHER, "amount": 0.7}, "tiny_sdxl", EULER, num_images_per_prompt=2)
    yield case("prompt_blend", "unguided", {"to": OTHER, "curve": "cosine"}, guidance_scale=1.0)
    yield case("cads", "sd", {"noise_scale": 0.4})
    yield case("cads", "sd2", {"tau1": 0.3, "tau2": 0.8, "psi": 0.6, "negative": True}, "tiny_sd2", **PAIR)
    yield case("cads", "sdxl", {"tau1": 0.4, "tau2": 0.7, "psi": 0.0}, "tiny_sdxl", EULER, num_images_per_prompt=2)
    yield case("cads", "xl_negative", {"negative": True, "noise_scale": 2, "psi": 0}, "tiny_sdxl", EULER)
    yield case("noise_injection", "sd", {"strength": 0.3}, **THREE)
    yield case("noise_injection", "sd2", {"steps": [0, 3, 4]}, "tiny_sd2", **PAIR)
    yield case("noise_injection", "sdxl", {"start": 0.2, "stop": 1, "every": 2}, "tiny_sdxl", EULER)
    yield case("restart_sampling", "sd", {"sigma_min": 1, "sigma_max": 5, "repeats": 2}, num_images_per_prompt=2)
    yield case("restart_sampling", "sd2", {"sigma_min": 0.5, "sigma_max": 4, "repeats": 1}, "tiny_sd2")
    yield case("restart_sampling", "sdxl", {"sigma_min": 0.0, "sigma_max": 5, "repeats": 1}, "tiny_sdxl", EULER)
    yield case("restart_sampling", "multistep", {"sigma_min": 0.5, "sigma_max": 4}, scheduler=MULTISTEP)
    yield case("restart_sampling", "heun", {"sigma_min": 0.5, "sigma_max": 4}, scheduler=HEUN)
    yield case("offset_noise", "sd", {"strength": 0.4}, **THREE)
    yield case("offset_noise", "sd2", {"strength": 0, "offsets": [0.5, 0, -0.3, 0.1]}, "tiny_sd2")
    yield case("offset_noise", "sdxl", {"offsets": [0.5, 0, -0.3, 0.1]}, "tiny_sdxl", EULER, **PAIR)
    yield case("latent_centering", "sd", {}, **THREE)
    yield case("latent_centering", "sd2", {"channel_shift": 0.5, "channels": [1, 2], "full_shift": 0.7, "stop": 1},
               "tiny_sd2")  # fmt: skip
    yield case("latent_centering", "sdxl", {"start": 0.2, "stop": 0.8}, "tiny_sdxl", EULER, **PAIR)
    yield case("detail_boost", "sd", {"strength": 0.3}, **THREE)
    yield case("detail_boost", "sd2", {"method": "fft", "strength": 0.5, "start": 0, "stop": 1}, "tiny_sd2")
    yield case("detail_boost", "sdxl", {"method": "fft", "cutoff": 0.8, "strength": -0.5}, "tiny_sdxl", EULER, **PAIR)
    yield case("preview_strip", "sd", {"scale": 2})
    yield case("preview_strip", "sd2", {"count": 3, "scale": 1, "decode": True}, "tiny_sd2")
    yield case("preview_strip", "sdxl", {"count": 2, "scale": 1, "gap": 3}, "tiny_sdxl", EULER, num_images_per_prompt=2)


def prompt_texts():
    """Texts and what each step makes of them: by the function above, and written by hand where it does not reach."""
    steps = 6
    for text in ("plain", "[a:b:0.5]", "[a:b:3]", "[b:2]x", "[a::4]", "[a|b]", "[a|b|]c", "[[a|b]:[c:d:5]:0.34]",
                 "x [a [b:c:1]:d [e|f]:0.75] y", "[a:b:0]", "[a:b:1]", "[a:b:6]", "[a:b:99]", "[a:b:.5]", "[a:b: 2 ]",
                 "[::3]", "[a|[b|c]]"):  # fmt: skip
        yield {"prompt": text, "texts": [edited(text, step, steps) for step in range(steps)]}
    yield {"prompt": "(a:1.2) [(b:1.1):c:2]", "texts": ["(a:1.2) (b:1.1)"] * 2 + ["(a:1.2) c"] * 4}
    yield {"prompt": "\\[a|b\\] [c\\|d:\\:e:3]", "texts": ["[a|b] c|d"] * 3 + ["[a|b] :e"] * 3}
    yield {"prompt": "[a] and [[b|c]]", "texts": ["[a] and [b]", "[a] and [c]"] * 3}
    yield {"prompt": "a: b | c", "texts": ["a: b | c"] * 6}
    yield {"prompt": "[a:b:0.17]", "texts": ["a"] + ["b"] * 5}
    yield {"prompt": "\u00e9[\u00fc:\u00f6:1]\\", "texts": ["\u00e9\u00fc\\"] + ["\u00e9\u00f6\\"] * 5}


def make():
    rows, tensors, pipelines = [], {}, {}
    for entry in cases():
        model = entry["model"]
        if model not in pipelines:
            kind = "StableDiffusionXLPipeline" if model == "tiny_sdxl" else "StableDiffusionPipeline"
            pipelines[model] = getattr(diffusers, kind).from_pretrained(
                ROOT / "models" / model, dtype=torch.float32, local_files_only=True
            )
            pipelines[model].set_progress_bar_config(disable=True)
        pipeline = pipelines[model]
        trick = TRICKS[entry["callback"]["name"]]()
        run = Loop(pipeline, entry, trick)
        final = run.run()
        change = relative(final, Loop(pipeline, entry).run())
        print(f"{entry['name']}: changes the run by {change:.3f}")
        name = entry["name"]
        if isinstance(trick, Strip):
            tensors[f"{name}/strip"] = trick.strip(run)
            assert change == 0
        elif change < 0.03:
            raise SystemExit("too little to test with")
        tensors[f"{name}/latents"] = torch.stack(run.records)
        run.start_scheduler()
        entry["callback"]["text"] = json.dumps(entry["callback"]["options"])
        rows.append({**entry, "seed": str(entry["seed"]), "file": "plugin_tricks_b.safetensors",
                     "scheduler_config": plain_config(run.scheduler)})  # fmt: skip
    save_fixture("traces/plugin_tricks_b.safetensors", tensors, seed="see plugin_tricks_b.json")
    save_json_rows("traces/plugin_tricks_b.json", {"reference": REFERENCE}, "traces", rows)
    texts = list(prompt_texts())
    save_json("traces/prompt_texts.json", texts)
    print(len(rows), "traces,", len(texts), "texts,", len(json.dumps(rows)), "bytes of index")
