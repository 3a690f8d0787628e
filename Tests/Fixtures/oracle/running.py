"""Runs the reference pipeline and keeps what happens in it."""

import math

import diffusers
import numpy
import torch

SCHEDULERS = {
    "ddim": ("DDIMScheduler", {}),
    "pndm": ("PNDMScheduler", {}),
    "euler": ("EulerDiscreteScheduler", {}),
    "euler-a": ("EulerAncestralDiscreteScheduler", {}),
    "dpm++1": ("DPMSolverMultistepScheduler", {"solver_order": 1}),
    "dpm++2m": ("DPMSolverMultistepScheduler", {}),
    "dpm++3m": ("DPMSolverMultistepScheduler", {"solver_order": 3}),
    "dpm++2m-karras": ("DPMSolverMultistepScheduler", {"use_karras_sigmas": True}),
    "ddim-zero-snr": ("DDIMScheduler", {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}),
}


def scheduler_for(pipeline, name):
    class_name, changes = SCHEDULERS[name]
    return getattr(diffusers, class_name).from_config(pipeline.scheduler.config, **changes)


def plain_config(scheduler):
    """All fields in effect; an infinite one, which JSON cannot hold, is left out and has its default."""
    config = {key: value for key, value in scheduler.config.items() if not key.startswith("_")}
    finite = {key: value for key, value in config.items() if not (isinstance(value, float) and math.isinf(value))}
    return {"_class_name": type(scheduler).__name__, **finite}


class Trace:
    """What one run held: text embeddings, initial latents, latents and guidance of each step."""

    def __init__(self, pipeline, callback=None, nudge=0.0):
        self.pipeline, self.callback, self.nudge = pipeline, callback, nudge
        self.latents, self.guidance, self.text, self.initial = [], [], None, None
        self.next_guidance = None

    def run(self, **call):
        pipeline = self.pipeline
        encode, prepare = pipeline.encode_prompt, pipeline.prepare_latents

        def keep_text(*arguments, **options):
            self.text = encode(*arguments, **options)
            return self.text

        def keep_latents(*arguments, **options):
            self.initial = prepare(*arguments, **options)
            self.next_guidance = pipeline.guidance_scale
            return self.initial

        pipeline.encode_prompt, pipeline.prepare_latents = keep_text, keep_latents
        try:
            return pipeline(
                **call,
                output_type="latent",
                callback_on_step_end=self.end_of_step,
                callback_on_step_end_tensor_inputs=["latents", "prompt_embeds"],
            ).images
        finally:
            pipeline.encode_prompt, pipeline.prepare_latents = encode, prepare

    def end_of_step(self, pipeline, step, timestep, kwargs):
        self.guidance.append(self.next_guidance)
        if self.nudge and step == 0:
            source = torch.Generator("cpu").manual_seed(1)
            noise = torch.randn(kwargs["latents"].shape, generator=source)
            kwargs["latents"] = kwargs["latents"] * (1 + self.nudge * noise)
        if self.callback is not None:
            kwargs = self.callback(pipeline, step, timestep, kwargs)
        self.latents.append(kwargs["latents"].clone())
        self.next_guidance = pipeline.guidance_scale
        return kwargs


def decoded(pipeline, latents):
    """The decoder's output, and the pictures that the pipeline makes of it."""
    image = pipeline.vae.decode(latents / pipeline.vae.config.scaling_factor, return_dict=False)[0]
    pictures = pipeline.image_processor.postprocess(image, output_type="pil")
    return image, torch.from_numpy(numpy.stack([numpy.asarray(picture) for picture in pictures]).copy())


def generators(seeds):
    """One seed for the whole batch, or a list with one for each row."""
    if isinstance(seeds, list):
        return [torch.Generator("cpu").manual_seed(seed) for seed in seeds]
    return torch.Generator("cpu").manual_seed(seeds)
