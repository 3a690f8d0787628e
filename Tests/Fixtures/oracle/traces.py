"""Whole runs of the tiny models through the reference pipeline, step by step."""

import torch
from diffusers.callbacks import SDCFGCutoffCallback

from .models import load
from .running import SCHEDULERS, Trace, decoded, generators, plain_config, scheduler_for
from .writing import REFERENCE, save_fixture, save_json_rows

PROMPT = "a red apple on a blue table"
OTHER = "Night sky over the sea, 2 moons!"
NEGATIVE = "blurry, dark"
ALL = [name for name in SCHEDULERS if name != "ddim-zero-snr"]
DYNAMIC = [7.5, 7.5, 1.0, 0.0, 3.0, 3.0, -1.0, 1.5, 12.0, 12.0, 12.0]
NUDGE = 1e-6


class CutoffForEveryRow:
    """The official cut-off, but with all cond rows kept, as `chunk` gives them."""

    def __init__(self, ratio):
        self.ratio = ratio

    def __call__(self, pipeline, step, timestep, kwargs):
        if step == int(pipeline.num_timesteps * self.ratio):
            kwargs["prompt_embeds"] = kwargs["prompt_embeds"].chunk(2)[1]
            pipeline._guidance_scale = 0.0
        return kwargs


class DynamicGuidance:
    """Gives each step its own guidance scale, with and without CFG, and resizes the embeddings as the reference needs."""

    def __init__(self):
        self.both = None

    def __call__(self, pipeline, step, timestep, kwargs):
        if self.both is None:
            self.both = kwargs["prompt_embeds"]
        if step + 1 < pipeline.num_timesteps:
            pipeline._guidance_scale = DYNAMIC[step + 1]
            kwargs["prompt_embeds"] = self.both if DYNAMIC[step + 1] > 1 else self.both.chunk(2)[1]
        return kwargs


class LatentEdit:
    def __call__(self, pipeline, step, timestep, kwargs):
        if step == 3:
            kwargs["latents"] = kwargs["latents"] * 0.9
        return kwargs


class PromptSwitch:
    """From step 5 on the cond half is the other prompt."""

    def __init__(self, pipeline):
        embeds = pipeline.encode_prompt(OTHER, "cpu", 1, False)[0]
        self.other = embeds

    def __call__(self, pipeline, step, timestep, kwargs):
        if step == 4:
            kwargs["prompt_embeds"] = torch.cat([kwargs["prompt_embeds"].chunk(2)[0], self.other])
        return kwargs


class Interrupt:
    def __call__(self, pipeline, step, timestep, kwargs):
        if step == 4:
            pipeline._interrupt = True
        return kwargs


CALLBACKS = {
    "cutoff": lambda pipeline: SDCFGCutoffCallback(cutoff_step_ratio=0.4),
    "cutoff_index": lambda pipeline: SDCFGCutoffCallback(cutoff_step_ratio=None, cutoff_step_index=6),
    "cutoff_every_row": lambda pipeline: CutoffForEveryRow(0.4),
    "dynamic_guidance": lambda pipeline: DynamicGuidance(),
    "latent_edit": lambda pipeline: LatentEdit(),
    "prompt_switch": PromptSwitch,
    "interrupt": lambda pipeline: Interrupt(),
}
ABOUT = {
    "cutoff": "SDCFGCutoffCallback(cutoff_step_ratio=0.4)",
    "cutoff_index": "SDCFGCutoffCallback(cutoff_step_ratio=None, cutoff_step_index=6)",
    "cutoff_every_row": "the same at ratio 0.4, keeping all cond rows",
    "dynamic_guidance": f"step k runs with scale {DYNAMIC}[k]",
    "latent_edit": "latents * 0.9 at the end of step 3",
    "prompt_switch": f"at the end of step 4 the cond half becomes that of: {OTHER}",
    "interrupt": "interrupt at the end of step 4",
}


def request(model, scheduler, name, callback=None, image=False, **changes):
    size = 32 if model == "tiny_sd" else 16
    call = {
        "prompt": [PROMPT],
        "negative_prompt": [NEGATIVE],
        "num_images_per_prompt": 1,
        "num_inference_steps": 10,
        "guidance_scale": 7.5,
        "guidance_rescale": 0.0,
        "eta": 0.0,
        "height": size,
        "width": size,
    }
    seed = changes.pop("seed", 2628670641)
    given = changes.pop("given_latents", False)
    call.update(changes)
    return {"name": f"{model}/{scheduler}/{name}", "model": model, "scheduler": scheduler, "call": call, "seed": seed,
            "callback": callback, "image": image, "given_latents": given}  # fmt: skip


def tiny_sd():
    for scheduler in ALL:
        yield request("tiny_sd", scheduler, "guided", image=True)
        yield request("tiny_sd", scheduler, "unguided", guidance_scale=1.0)
        yield request("tiny_sd", scheduler, "cutoff", "cutoff")
    for scheduler in ("ddim", "pndm", "dpm++2m"):
        yield request("tiny_sd", scheduler, "rescaled", guidance_rescale=0.7)
        yield request("tiny_sd", scheduler, "dynamic_guidance", "dynamic_guidance")
        yield request("tiny_sd", scheduler, "interrupt", "interrupt")
    for scheduler in ("ddim", "euler", "dpm++2m", "pndm"):
        yield request("tiny_sd", scheduler, "latent_edit", "latent_edit")
    for scheduler, steps in (("pndm", 1), ("pndm", 2), ("dpm++3m", 3), ("euler", 1)):
        yield request("tiny_sd", scheduler, f"{steps}_steps", num_inference_steps=steps)
    yield request("tiny_sd", "ddim", "eta", eta=0.6, seed=9)
    yield request("tiny_sd", "ddim", "cutoff_index", "cutoff_index")
    yield request("tiny_sd", "ddim", "prompt_switch", "prompt_switch")
    yield request("tiny_sd", "euler", "no_negative", negative_prompt=None, seed=2**64 - 1)
    yield request("tiny_sd", "euler", "given_latents", given_latents=True)

    wide = {"height": 24, "width": 40}
    many = {**wide, "prompt": [PROMPT, OTHER], "negative_prompt": [NEGATIVE, ""], "num_images_per_prompt": 2}
    one = {**wide, "num_images_per_prompt": 3}
    yield request("tiny_sd", "euler", "batch", image=True, seed=3, **many)
    yield request("tiny_sd", "ddim", "batch_cutoff", "cutoff_every_row", seed=4, **one)
    yield request("tiny_sd", "dpm++2m", "batch_cutoff", "cutoff_every_row", seed=5, **many)
    yield request("tiny_sd", "euler-a", "batch_seeds", seed=[7, 3, 7], **one)
    yield request("tiny_sd", "ddim", "batch_eta_seeds", seed=[7, 3, 7], eta=0.5, **one)
    yield request("tiny_sd", "euler-a", "batch", seed=6, **one)


def tiny_sd2():
    for scheduler in ("ddim", "euler", "dpm++2m"):
        yield request("tiny_sd2", scheduler, "guided", image=True)
        yield request("tiny_sd2", scheduler, "cutoff", "cutoff")
    yield request("tiny_sd2", "pndm", "guided")
    yield request("tiny_sd2", "euler-a", "unguided", guidance_scale=1.0)
    yield request("tiny_sd2", "ddim-zero-snr", "rescaled", guidance_rescale=0.7)


def relative(one, other):
    """The largest difference in units of the largest value."""
    return float((one - other).abs().max() / other.abs().max())


def file_of(entry):
    return entry["model"] + ("_batch" if "/batch" in entry["name"] else "")


def call_of(entry, initial):
    call = {key: value for key, value in entry["call"].items() if value is not None}
    call["generator"] = generators(entry["seed"])
    if initial is not None:
        call["latents"] = initial
    return call


class Texts:
    """Text embeddings are kept once for each list of prompts, one row a prompt."""

    def __init__(self):
        self.names, self.tensors = {}, {}

    def name(self, entry, text):
        call = entry["call"]
        guided = call["guidance_scale"] > 1
        negative = (call["negative_prompt"] or [""]) if guided else None
        key = repr((call["prompt"], negative))
        images = call["num_images_per_prompt"]
        if key not in self.names:
            name = self.names[key] = f"text/{len(self.names)}"
            self.tensors[f"{name}/prompt_embeds"] = text[0][::images]
            if guided:
                self.tensors[f"{name}/negative_prompt_embeds"] = text[1][::images]
        return self.names[key]


def record(pipeline, entry, texts):
    pipeline.scheduler = scheduler_for(pipeline, entry["scheduler"])
    size = entry["call"]["height"] // pipeline.vae_scale_factor, entry["call"]["width"] // pipeline.vae_scale_factor
    initial = None
    if entry["given_latents"]:
        initial = torch.randn((1, 4, *size), generator=torch.Generator("cpu").manual_seed(31))
    make_callback = CALLBACKS.get(entry["callback"], lambda pipeline: None)

    trace = Trace(pipeline, make_callback(pipeline))
    final = trace.run(**call_of(entry, initial))
    nudged = Trace(pipeline, make_callback(pipeline), nudge=NUDGE)
    nudged.run(**call_of(entry, initial))
    assert torch.equal(final, trace.latents[-1])

    name = entry["name"].split("/", 1)[1]
    tensors = {f"{name}/initial_latents": trace.initial, f"{name}/latents": torch.stack(trace.latents)}
    if entry["given_latents"]:
        tensors[f"{name}/given_latents"] = initial
    if entry["image"]:
        tensors[f"{name}/image"], tensors[f"{name}/image_u8"] = decoded(pipeline, final)
    row = {
        "name": name,
        "file": f"{file_of(entry)}.safetensors",
        "model": entry["model"],
        "scheduler": entry["scheduler"],
        "scheduler_config": plain_config(pipeline.scheduler),
        "call": {**entry["call"]},
        "seed": [str(seed) for seed in entry["seed"]] if isinstance(entry["seed"], list) else str(entry["seed"]),
        "callback": entry["callback"],
        "text": texts.name(entry, trace.text),
        "num_timesteps": pipeline.num_timesteps,
        "timesteps": [float(time) for time in pipeline.scheduler.timesteps],
        "guidance": trace.guidance,
        "sensitivity": float(f"{relative(nudged.latents[-1], final):.1e}"),
    }
    return row, tensors, final


def report(finals, model):
    """How much guidance, cut-off and prompt change the final latents: a callback test must see its callback."""
    for scheduler in sorted({name.split("/")[0] for name in finals}):
        base = finals.get(f"{scheduler}/guided")
        for other in ("unguided", "cutoff", "rescaled", "dynamic_guidance", "latent_edit", "prompt_switch", "eta"):
            changed = finals.get(f"{scheduler}/{other}")
            if base is not None and changed is not None:
                change = float((base - changed).norm() / base.norm())
                print(f"{model} {scheduler}: {other} changes the guided run by {change:.2f}")
                if change < (0.03 if other == "rescaled" else 0.1):
                    raise SystemExit("too little to test with")


def make():
    rows = []
    for model, entries in (("tiny_sd", tiny_sd()), ("tiny_sd2", tiny_sd2())):
        pipeline, texts, tensors, finals = load(model), {}, {}, {}
        for entry in entries:
            file = file_of(entry)
            row, kept, final = record(pipeline, entry, texts.setdefault(file, Texts()))
            rows.append(row)
            tensors.setdefault(file, {}).update(kept)
            finals[row["name"]] = final
        for file in tensors:
            kept = {**tensors[file], **texts[file].tensors}
            save_fixture(f"traces/{file}.safetensors", kept, model=model, seed="see index.json")
        report(finals, model)
    head = {"reference": REFERENCE, "callbacks": ABOUT, "dynamic_guidance": DYNAMIC}
    save_json_rows("traces/index.json", head, "traces", rows)
    print(len(rows), "traces, most sensitive:", max((row["sensitivity"], row["name"]) for row in rows))
