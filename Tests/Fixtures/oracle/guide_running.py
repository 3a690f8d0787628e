"""Runs any reference pipeline and keeps what it prepared and every step of it."""

import diffusers
import torch
from diffusers import callbacks
from PIL import Image

from .running import generators, plain_config
from .traces import NUDGE, relative
from .writing import ROOT

OFFERED = ("latents", "prompt_embeds", "add_text_embeds", "add_time_ids", "mask", "masked_image_latents", "image",
           "control_image")  # fmt: skip
PAIRED = OFFERED[1:]


def cond_rows(value, rows):
    """The last `rows` rows of everything that still has two halves."""
    if isinstance(value, list):
        return [cond_rows(item, rows) for item in value]
    return value[-rows:] if len(value) == 2 * rows else value


class RepairedCutoff:
    """Ends guidance at the end of a step and keeps the cond half, all rows of it, of every tensor on offer."""

    def __init__(self, ratio):
        self.ratio, self.done = ratio, False

    def __call__(self, pipeline, step, timestep, kwargs):
        if self.done:  # a pipeline that drops mask writes has doubled the latents by its doubled mask
            kwargs["latents"] = kwargs["latents"][-self.rows :]
        if step == int(pipeline.num_timesteps * self.ratio):
            self.done, self.rows = True, len(kwargs["latents"])
            for name in PAIRED:
                if name in kwargs and kwargs[name] is not None:
                    kwargs[name] = cond_rows(kwargs[name], self.rows)
            pipeline._guidance_scale = 0.0
        return kwargs


class GuidanceList:
    """Step k runs with scale values[k]; every embedding is made one or two halves by hand."""

    def __init__(self, values, both):
        self.values, self.both = values, both

    def __call__(self, pipeline, step, timestep, kwargs):
        if step + 1 < len(self.values):
            scale, rows = self.values[step + 1], len(kwargs["latents"])
            pipeline._guidance_scale = scale
            for name, value in self.both.items():
                kwargs[name] = value if scale > 1 else value[-rows:]
        return kwargs


class LatentEdit:
    def __call__(self, pipeline, step, timestep, kwargs):
        kwargs["latents"] = kwargs["latents"] * (0.9 if step == 1 else 1.0)
        return kwargs


def both_halves(pipeline, call):
    """What guidance needs, made as the pipeline makes it."""
    kept = ("prompt", "prompt_2", "negative_prompt", "negative_prompt_2", "num_images_per_prompt", "clip_skip")
    arguments = {key: value for key, value in call.items() if key in kept and value is not None}
    arguments["num_images_per_prompt"] = call.get("num_images_per_prompt", 1)
    made = pipeline.encode_prompt(device="cpu", do_classifier_free_guidance=True, **arguments)
    both = {"prompt_embeds": torch.cat([made[1], made[0]])}
    if len(made) == 4:
        both["add_text_embeds"] = torch.cat([made[3], made[2]])
        size = [call["height"], call["width"]]
        both["add_time_ids"] = torch.tensor([[*size, 0, 0, *size]] * len(both["prompt_embeds"]), dtype=torch.float32)
    return both


def make_callback(spec, pipeline, call):
    if spec is None:
        return None
    name, options = spec["name"], {key: value for key, value in spec.items() if key != "name"}
    if name == "GuidanceList":
        return GuidanceList(options["values"], both_halves(pipeline, call))
    if name == "RepairedCutoff":
        return RepairedCutoff(options["cutoff_step_ratio"])
    return LatentEdit() if name == "LatentEdit" else getattr(callbacks, name)(**options)


def picture(value):
    if isinstance(value, list):
        return [picture(item) for item in value]
    return Image.open(ROOT / "pictures" / value) if isinstance(value, str) and value.endswith(".png") else value


def opened(call):
    """The call as the pipeline gets it: picture names become pictures, pairs become tuples."""
    names = ("image", "mask_image", "control_image", "ip_adapter_image")
    call = {key: picture(value) if key in names else value for key, value in call.items()}
    pairs = [key for key in call if key.endswith(("_size", "_top_left"))]
    return {**call, **{key: tuple(call[key]) for key in pairs}}


class Run:
    """One run; `companions` also halves what is not on offer, at the networks' own inputs."""

    def __init__(self, pipeline, entry, extra, nudge=0.0):
        self.pipeline, self.entry, self.nudge = pipeline, entry, nudge
        self.latents, self.guidance, self.rows, self.prepared, self.text = [], [], [], {}, None
        self.callback = make_callback(entry["callback"], pipeline, entry["call"])
        call = opened(entry["call"])
        if entry.get("mask_blur"):
            call["mask_image"] = pipeline.mask_processor.blur(call["mask_image"], blur_factor=entry["mask_blur"])
            self.prepared["mask_image_u8"] = torch.tensor(list(call["mask_image"].tobytes()), dtype=torch.uint8).reshape(
                call["mask_image"].size[::-1])  # fmt: skip
        call.update(extra)
        call["generator"] = generators(entry["seed"])
        self.call = call

    def run(self):
        pipeline, repaired = self.pipeline, self.entry.get("repaired")
        encode, prepare, network = pipeline.encode_prompt, pipeline.prepare_latents, pipeline.unet.forward
        control = getattr(pipeline, "controlnet", None)
        controls = list(getattr(control, "nets", [control])) if control is not None else []
        originals = [net.forward for net in controls]

        def keep_text(*arguments, **options):
            self.text = encode(*arguments, **options)
            return self.text

        def keep_latents(*arguments, **options):
            made = prepare(*arguments, **options)
            parts = made if isinstance(made, tuple) else (made,)
            self.prepared.update(zip(("initial_latents", "noise", "image_latents"), (part.clone() for part in parts)))
            return made

        def seen(sample, timestep, **options):
            added = options.get("added_cond_kwargs") or {}
            if repaired and added:
                added = {key: cond_rows(value, len(sample)) for key, value in added.items()}
                options["added_cond_kwargs"] = added
            if not self.rows:
                for number, item in enumerate(added.get("image_embeds") or []):
                    self.prepared[f"image_embeds_{number}"] = item.clone()
                for name in ("text_embeds", "time_ids"):
                    if name in added:
                        self.prepared[f"add_{name}"] = added[name].clone()
                if sample.shape[1] == 9:
                    self.prepared["unet_sample"] = sample.clone()
            self.rows.append(len(sample))
            self.guidance.append(float(pipeline.guidance_scale))
            return network(sample, timestep, **options)

        def through(forward):
            def net(sample, *arguments, controlnet_cond=None, **options):
                if controlnet_cond is None:
                    controlnet_cond, arguments = arguments[2], (*arguments[:2], None, *arguments[3:])
                if repaired:
                    controlnet_cond = cond_rows(controlnet_cond, len(sample))
                named = dict(zip(("timestep", "encoder_hidden_states", "_", "conditioning_scale"), arguments))
                named.pop("_", None)
                rest = arguments[4:]
                if repaired and options.get("added_cond_kwargs"):
                    added = options["added_cond_kwargs"]
                    options["added_cond_kwargs"] = {key: cond_rows(value, len(sample)) for key, value in added.items()}
                named.update(zip(("class_labels", "timestep_cond", "attention_mask", "added_cond_kwargs",
                                  "cross_attention_kwargs", "guess_mode", "return_dict"), rest))  # fmt: skip
                return forward(sample, controlnet_cond=controlnet_cond, **named, **options)

            return net

        pipeline.encode_prompt, pipeline.prepare_latents, pipeline.unet.forward = keep_text, keep_latents, seen
        for net, forward in zip(controls, originals):
            net.forward = through(forward)
        names = [name for name in OFFERED if name in pipeline._callback_tensor_inputs]
        kind = "pil" if "padding_mask_crop" in self.call else "latent"
        try:
            made = pipeline(**self.call, output_type=kind, callback_on_step_end=self.end,
                            callback_on_step_end_tensor_inputs=names).images  # fmt: skip
        finally:
            pipeline.encode_prompt, pipeline.prepare_latents, pipeline.unet.forward = encode, prepare, network
            for net, forward in zip(controls, originals):
                net.forward = forward
        return made

    def end(self, pipeline, step, timestep, kwargs):
        if step == 0:
            for name in ("mask", "masked_image_latents", "image", "control_image"):
                value = kwargs.get(name)
                for number, item in enumerate(value if isinstance(value, list) else []):
                    self.prepared[f"{name}_{number}"] = item.clone()
                if isinstance(value, torch.Tensor):
                    self.prepared[name] = value.clone()
            if self.nudge:
                noise = torch.randn(kwargs["latents"].shape, generator=torch.Generator("cpu").manual_seed(1))
                kwargs["latents"] = kwargs["latents"] * (1 + self.nudge * noise)
        if self.callback is not None:
            kwargs = self.callback(pipeline, step, timestep, kwargs)
        self.latents.append(kwargs["latents"].clone())
        return kwargs


def new_scheduler(pipeline, name, fields):
    config = {key: value for key, value in pipeline.scheduler.config.items() if key not in fields}
    return getattr(diffusers, name).from_config({**config, **fields})


def sensitivity(pipeline, entry, extra, last):
    nudged = Run(pipeline, entry, extra, NUDGE)
    nudged.run()
    return float(f"{relative(nudged.latents[-1], last):.1e}")


def described(pipeline):
    return plain_config(pipeline.scheduler)
