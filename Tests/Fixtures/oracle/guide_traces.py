"""Runs of every other pipeline of the reference: SDXL, image-to-image, inpainting, ControlNet, IP-Adapter, schedulers."""

import diffusers
import numpy
import torch
from diffusers import ControlNetModel
from diffusers.models.controlnets.multicontrolnet import MultiControlNetModel
from transformers import CLIPImageProcessor, CLIPVisionModelWithProjection

from .guide_running import Run, described, new_scheduler, sensitivity
from .running import decoded
from .traces import relative
from .writing import REFERENCE, ROOT, save_fixture, save_json_rows

PROMPT, OTHER, NEGATIVE = "a red apple on a blue table", "Night sky over the sea, 2 moons!", "blurry, dark"
CUT = {"cutoff_step_ratio": 0.4}
SD_CUT = {"name": "SDCFGCutoffCallback", **CUT}
XL_CUT = {"name": "SDXLCFGCutoffCallback", **CUT}
XLC_CUT = {"name": "SDXLControlnetCFGCutoffCallback", **CUT}
IP_CUT = {"name": "IPAdapterScaleCutoffCallback", **CUT}
FIX = {"name": "RepairedCutoff", **CUT}
ROWS = "all cond rows of every tensor on offer are kept, not only the last"
INPUTS = "companion tensors that are not on offer are cut to the cond half at the networks' inputs"
EULER_A, DDIM = "EulerAncestralDiscreteScheduler", "DDIMScheduler"
SCHEDULERS = {
    "unipc": ("UniPCMultistepScheduler", {}),
    "heun": ("HeunDiscreteScheduler", {}),
    "lms": ("LMSDiscreteScheduler", {}),
    "lcm": ("LCMScheduler", {}),
    "ddpm": ("DDPMScheduler", {}),
    "dpm++2m-sde": ("DPMSolverMultistepScheduler", {"algorithm_type": "sde-dpmsolver++"}),
    "dpm++singlestep": ("DPMSolverSinglestepScheduler", {}),
    "kdpm2": ("KDPM2DiscreteScheduler", {}),
    "kdpm2-a": ("KDPM2AncestralDiscreteScheduler", {}),
    "deis": ("DEISMultistepScheduler", {}),
    "euler-karras": ("EulerDiscreteScheduler", {"use_karras_sigmas": True}),
    "euler-exponential": ("EulerDiscreteScheduler", {"use_exponential_sigmas": True}),
    "euler-beta": ("EulerDiscreteScheduler", {"use_beta_sigmas": True}),
    "euler-trailing": ("EulerDiscreteScheduler", {"timestep_spacing": "trailing"}),
    "euler-zero-snr": ("EulerDiscreteScheduler", {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}),
}


def entry(file, name, model, pipeline, callback=None, scheduler=None, **options):
    own = {key: options.pop(key) for key in ("repaired", "controlnets", "adapters", "mask_blur", "latents_of", "image")
           if key in options and not (key == "image" and isinstance(options[key], (str, list)))}  # fmt: skip
    seed = options.pop("seed", 1234567)
    call = {"prompt": PROMPT, "negative_prompt": NEGATIVE, "num_inference_steps": 4, "guidance_scale": 7.5, **options}
    call = {key: value for key, value in call.items() if value is not None}
    picked = scheduler if isinstance(scheduler, tuple) else (scheduler, {})
    return {"file": file, "name": name, "model": model, "pipeline": pipeline, "callback": callback, "call": call,
            "seed": seed, "scheduler": picked, "decode": own.pop("image", False), **own}  # fmt: skip


def sdxl():
    def make(name, callback=None, **options):
        size = {"height": 24, "width": 16}
        return entry("sdxl", f"sdxl/{name}", "tiny_sdxl", "StableDiffusionXLPipeline", callback, **{**size, **options})

    many = {"prompt": [PROMPT, OTHER], "negative_prompt": [NEGATIVE, ""], "num_images_per_prompt": 2, "seed": [5, 6, 7, 8]}
    yield make("plain", image=True)
    yield make("cutoff", XL_CUT)
    yield make("batch", **many)
    yield make("batch_cutoff", FIX, repaired=ROWS, **many)
    yield make("three_cutoff", FIX, repaired=ROWS, num_images_per_prompt=3, scheduler=DDIM)
    yield make("prompt_2", prompt_2=OTHER, negative_prompt_2="grey")
    yield make("sizes", original_size=[40, 30], crops_coords_top_left=[3, 5], target_size=[20, 24],
               negative_original_size=[9, 8], negative_crops_coords_top_left=[1, 2], negative_target_size=[7, 6])  # fmt: skip
    yield make("negative_none", negative_prompt=None)
    yield make("negative_empty", negative_prompt="")
    yield make("clip_skip", clip_skip=1)
    yield make("rescaled", guidance_rescale=0.7)
    yield make("unguided", guidance_scale=1.0)
    yield make("guidance_list", {"name": "GuidanceList", "values": [7.5, 1.0, 0.0, 3.0]})
    yield make("guidance_rising", {"name": "GuidanceList", "values": [0.0, 0.5, 2.0, 5.0]}, guidance_scale=0.0)
    # An edit under a solver of one step; those that keep latents of their own are compared in `schedulers`.
    yield make("latent_edit", {"name": "LatentEdit"}, num_inference_steps=5)
    yield make("base", denoising_end=0.6, num_inference_steps=6)
    yield entry("sdxl", "sdxl/refiner", "tiny_sdxl_refiner", "StableDiffusionXLImg2ImgPipeline", denoising_start=0.6,
                num_inference_steps=6, aesthetic_score=6.5, negative_aesthetic_score=2.0, latents_of="sdxl/base",
                image=True)  # fmt: skip


def image_to_image():
    for label, model, name, cut in (("sd", "tiny_sd", "StableDiffusionImg2ImgPipeline", SD_CUT),
                                    ("xl", "tiny_sdxl", "StableDiffusionXLImg2ImgPipeline", XL_CUT)):  # fmt: skip
        def make(kind, callback=None, **options):
            given = {"image": "picture.png", "num_inference_steps": 5, "strength": 0.6, **options}
            return entry("img2img", f"img2img/{label}/{kind}", model, name, callback, **given)

        for strength in (0.3, 0.6, 1.0):
            yield make(f"ddim_{strength}", strength=strength, num_inference_steps=6, scheduler=DDIM)
        for key, kind in (("euler", "EulerDiscreteScheduler"), ("pndm", "PNDMScheduler"), ("euler-a", EULER_A),
                          ("dpm++2m", "DPMSolverMultistepScheduler"), ("heun", "HeunDiscreteScheduler")):  # fmt: skip
            if label == "sd" or key in ("euler-a", "dpm++2m"):
                yield make(key, scheduler=kind)
        yield make("cutoff", cut, strength=1.0, scheduler=DDIM)
        yield make("batch", num_images_per_prompt=2, scheduler=EULER_A)
        yield make("batch_seeds", num_images_per_prompt=2, scheduler=EULER_A, seed=[3, 4])
        yield make("batch_cutoff", FIX, repaired=ROWS, num_images_per_prompt=2, strength=1.0, scheduler=DDIM)
        yield make("odd_size", image="odd.png", scheduler=DDIM)


def inpaint():
    for label, model, name, cut in (("sd", "tiny_sd", "StableDiffusionInpaintPipeline", SD_CUT),
                                    ("sd9", "tiny_sd_inpaint", "StableDiffusionInpaintPipeline", None),
                                    ("xl", "tiny_sdxl", "StableDiffusionXLInpaintPipeline", None),
                                    ("xl9", "tiny_sdxl_inpaint", "StableDiffusionXLInpaintPipeline", None)):  # fmt: skip
        size = {"height": 24, "width": 32} if label == "sd" else {"height": 16, "width": 24}

        def make(kind, callback=None, **options):
            given = {"image": "picture.png", "mask_image": "mask.png", "strength": 1.0, **size, **options}
            return entry("inpaint", f"inpaint/{label}/{kind}", model, name, callback, **given)

        yield make("plain")
        yield make("strength", strength=0.6, num_inference_steps=6, scheduler=EULER_A)
        yield make("cutoff", FIX, repaired=ROWS)
        yield make("batch_cutoff", FIX, repaired=ROWS, num_images_per_prompt=2, scheduler=DDIM)
        if label in ("sd", "xl9"):
            yield make("crop", padding_mask_crop=4, strength=0.6, num_inference_steps=5)
            yield make("blur", mask_blur=2)
            yield make("other_sizes", image="odd.png", mask_image="mask_large.png")
        if label == "sd9":
            yield make("seeds", num_images_per_prompt=2, seed=[3, 4], strength=0.6, num_inference_steps=5)


def control():
    nets, two = ["tiny_controlnet_a"], ["tiny_controlnet_a", "tiny_controlnet_b"]
    size = {"height": 24, "width": 32}

    def sd(kind, callback=None, controlnets=nets, **options):
        return entry("controlnet", f"controlnet/sd/{kind}", "tiny_sd", "StableDiffusionControlNetPipeline", callback,
                     controlnets=controlnets, **{**size, "image": "control.png", **options})  # fmt: skip

    fixed = {"callback": FIX, "repaired": f"{ROWS}; {INPUTS}"}
    both = {"controlnets": two, "image": ["control.png", "control_b.png"], "controlnet_conditioning_scale": [0.7, 0.4]}
    yield sd("plain")
    yield sd("scale", controlnet_conditioning_scale=0.7)
    yield sd("two", **both)
    yield sd("window", control_guidance_start=0.2, control_guidance_end=0.7, num_inference_steps=6)
    yield sd("guess", guess_mode=True)
    yield sd("guess_unguided", guess_mode=True, guidance_scale=1.0, prompt="", negative_prompt=None)
    yield sd("cutoff", **fixed)
    yield sd("two_cutoff", **fixed, **both)
    yield sd("guess_cutoff", **fixed, guess_mode=True)
    yield sd("batch_cutoff", **fixed, num_images_per_prompt=2)
    picture = {"image": "picture.png", "control_image": "control.png", "controlnets": nets, "strength": 0.8,
               "num_inference_steps": 5}  # fmt: skip
    masked = {**picture, **size, "mask_image": "mask.png"}
    for kind, more in (("plain", {}), ("cutoff", fixed)):
        yield entry("controlnet", f"controlnet/sd_img2img/{kind}", "tiny_sd", "StableDiffusionControlNetImg2ImgPipeline",
                    **{**picture, **size}, **more)  # fmt: skip
        yield entry("controlnet", f"controlnet/sd_inpaint/{kind}", "tiny_sd", "StableDiffusionControlNetInpaintPipeline",
                    **masked, **more)  # fmt: skip
    xl = {"controlnets": ["tiny_controlnet_xl"], "height": 16, "width": 24}
    for kind, more in (("plain", {}), ("cutoff", {"callback": XLC_CUT}), ("guess", {"guess_mode": True})):
        yield entry("controlnet", f"controlnet/xl/{kind}", "tiny_sdxl", "StableDiffusionXLControlNetPipeline",
                    image="control.png", **xl, **more)  # fmt: skip
    for kind, more in (("plain", {}), ("cutoff", fixed)):
        yield entry("controlnet", f"controlnet/xl_img2img/{kind}", "tiny_sdxl",
                    "StableDiffusionXLControlNetImg2ImgPipeline", **{**picture, **xl}, **more)  # fmt: skip
        yield entry("controlnet", f"controlnet/xl_inpaint/{kind}", "tiny_sdxl",
                    "StableDiffusionXLControlNetInpaintPipeline", **{**masked, **xl}, **more)  # fmt: skip


def adapters():
    plain, plus = "tiny_ip_adapter", "tiny_ip_adapter_plus"

    def sd(kind, callback=None, names=(plain,), scales=(1.0,), **options):
        given = {"height": 24, "width": 32, "ip_adapter_image": "reference.png", **options}
        return entry("ip_adapter", f"ip_adapter/sd/{kind}", "tiny_sd", "StableDiffusionPipeline", callback,
                     adapters={"files": list(names), "scales": list(scales)}, **given)  # fmt: skip

    fixed = {"callback": FIX, "repaired": f"{ROWS}; {INPUTS}"}
    yield sd("plain")
    yield sd("half", scales=(0.5,))
    yield sd("plus", names=(plus,), scales=(0.7,))
    yield sd("two", names=(plain, plus), scales=(0.7, 0.4), ip_adapter_image=["reference.png", "reference_b.png"])
    yield sd("several", ip_adapter_image=[["reference.png", "reference_b.png"]])
    yield sd("scale_cutoff", IP_CUT)
    yield sd("cutoff", **fixed)
    yield sd("batch_cutoff", **fixed, num_images_per_prompt=2)
    for kind, more in (("plain", {}), ("cutoff", fixed), ("scale_cutoff", {"callback": IP_CUT})):
        yield entry("ip_adapter", f"ip_adapter/xl/{kind}", "tiny_sdxl", "StableDiffusionXLPipeline", height=16, width=24,
                    adapters={"files": ["tiny_ip_adapter_xl"], "scales": [0.8]}, ip_adapter_image="reference.png",
                    **more)  # fmt: skip


def schedulers():
    def make(kind, callback=None, scheduler=DDIM, **options):
        return entry("schedulers", f"schedulers/{kind}", "tiny_sd", "StableDiffusionPipeline", callback,
                     scheduler=scheduler, **{"height": 32, "width": 24, "num_inference_steps": 6, **options})  # fmt: skip

    for name, picked in SCHEDULERS.items():
        yield make(name, scheduler=picked, guidance_scale=1.0 if name == "lcm" else 7.5)
    yield make("timesteps", timesteps=[900, 700, 450, 200, 50], num_inference_steps=None,
               scheduler="DPMSolverMultistepScheduler")  # fmt: skip
    yield make("sigmas", sigmas=[14.0, 7.0, 3.0, 1.0, 0.3], num_inference_steps=None, scheduler="EulerDiscreteScheduler")
    yield make("guidance_list", {"name": "GuidanceList", "values": [7.5, 1.0, 0.0, 3.0]}, num_inference_steps=4)
    yield make("guidance_rising", {"name": "GuidanceList", "values": [0.0, 0.5, 2.0, 5.0]}, num_inference_steps=4,
               guidance_scale=0.0)  # fmt: skip


def loaded(item):
    folder, options = ROOT / "models", {}
    if item.get("controlnets"):
        nets = [ControlNetModel.from_pretrained(folder / name, dtype=torch.float32) for name in item["controlnets"]]
        options["controlnet"] = nets[0] if len(nets) == 1 else MultiControlNetModel(nets)
    if item.get("adapters"):
        options["image_encoder"] = CLIPVisionModelWithProjection.from_pretrained(
            folder / "tiny_image_encoder", dtype=torch.float32
        )
        options["feature_extractor"] = CLIPImageProcessor.from_pretrained(folder / "tiny_image_encoder")
    kind = getattr(diffusers, item["pipeline"])
    pipeline = kind.from_pretrained(folder / item["model"], dtype=torch.float32, local_files_only=True, **options)
    pipeline.set_progress_bar_config(disable=True)
    if item.get("adapters"):
        names = [f"{name}.safetensors" for name in item["adapters"]["files"]]
        pipeline.load_ip_adapter(str(folder), subfolder="", weight_name=names)
    name, fields = item["scheduler"]
    if name:
        pipeline.scheduler = new_scheduler(pipeline, name, fields)
    return pipeline


class Texts:
    """Text embeddings once for each model, prompts and settings that change them, one row a prompt."""

    def __init__(self):
        self.names, self.tensors = {}, {}

    def name(self, item, text):
        call = item["call"]
        keys = ("prompt", "prompt_2", "negative_prompt", "negative_prompt_2", "clip_skip")
        key = repr([item["model"], call["guidance_scale"] > 1, *(call.get(name) for name in keys)])
        images = call.get("num_images_per_prompt", 1)
        if key not in self.names:
            name = self.names[key] = f"text/{len(self.names)}"
            parts = ("prompt_embeds", "negative_prompt_embeds", "pooled_prompt_embeds", "negative_pooled_prompt_embeds")
            for part, value in zip(parts, text):
                if value is not None:
                    self.tensors[f"{name}/{part}"] = value[::images].clone()
        return self.names[key]


def record(item, texts, finals):
    pipeline = loaded(item)
    extra = {"image": finals[item["latents_of"]]} if item.get("latents_of") else {}
    if item.get("adapters"):
        pipeline.set_ip_adapter_scale(list(item["adapters"]["scales"]))
    run = Run(pipeline, item, extra)
    made = run.run()
    last = run.latents[-1]
    assert len(run.rows) == len(run.latents) and all(torch.isfinite(value).all() for value in run.latents)
    tensors = {f"{item['name']}/{key}": value for key, value in run.prepared.items()}
    tensors[f"{item['name']}/latents"] = torch.stack(run.latents)
    if isinstance(made, list):
        tensors[f"{item['name']}/image_u8"] = torch.from_numpy(numpy.stack([numpy.asarray(one) for one in made]).copy())
    else:
        assert torch.equal(made[-len(last) :], last)
    if item["decode"]:
        tensors[f"{item['name']}/image"], tensors[f"{item['name']}/image_u8"] = decoded(pipeline, last)
    if item.get("adapters"):  # a scale of 0 stays in the pipeline after its run
        pipeline.set_ip_adapter_scale(list(item["adapters"]["scales"]))
    seed = [str(one) for one in item["seed"]] if isinstance(item["seed"], list) else str(item["seed"])
    kept = {key: item[key] for key in ("repaired", "controlnets", "adapters", "mask_blur", "latents_of") if key in item}
    row = {"name": item["name"], "file": f"guide_{item['file']}.safetensors", "model": item["model"],
           "pipeline": item["pipeline"], "scheduler_config": described(pipeline), "call": item["call"], "seed": seed,
           "callback": item["callback"], **kept, "text": texts.name(item, run.text),
           "num_timesteps": pipeline.num_timesteps,
           "timesteps": [float(time) for time in pipeline.scheduler.timesteps],
           "guidance": run.guidance, "rows": run.rows,
           "sensitivity": sensitivity(pipeline, item, extra, last)}  # fmt: skip
    finals[item["name"]] = last
    return row, tensors


def single_runs_agree(finals):
    """Three images with the repaired cut-off are three runs of one image, with the official one and the same noise."""
    item = next(item for item in sdxl() if item["name"] == "sdxl/three_cutoff")
    together = Run(loaded(item), item, {})
    together.run()
    alone = {**item, "callback": XL_CUT, "repaired": None, "call": {**item["call"], "num_images_per_prompt": 1}}
    for number in range(3):
        run = Run(loaded(item), alone, {"latents": together.prepared["initial_latents"][number : number + 1]})
        run.run()
        assert relative(run.latents[-1], finals["sdxl/three_cutoff"][number : number + 1]) < 1e-4


def callbacks_show(finals):
    """Every cut-off changes its run, else its test could not fail."""
    for name, final in finals.items():
        kind = name.rsplit("/", 1)[-1]
        plain = finals.get(name.removesuffix(kind) + ("batch" if kind == "batch_cutoff" else "plain"))
        if kind.endswith("cutoff") and plain is not None and plain.shape == final.shape:
            change = float((plain - final).norm() / plain.norm())
            print(f"{name} changes the plain run by {change:.2f}")
            if change < 0.01:
                raise SystemExit("too little to test with")


def make():
    rows, finals = [], {}
    for group in (sdxl, image_to_image, inpaint, control, adapters, schedulers):
        tensors, texts = {}, {}
        for item in group():
            row, kept = record(item, texts.setdefault(item["file"], Texts()), finals)
            rows.append(row)
            tensors.setdefault(item["file"], {}).update(kept)
        for file, kept in tensors.items():
            save_fixture(f"traces/guide_{file}.safetensors", {**kept, **texts[file].tensors}, seed="see guide.json")
    save_json_rows("traces/guide.json", {"reference": REFERENCE}, "traces", rows)
    print(len(rows), "traces, most sensitive:", max((row["sensitivity"], row["name"]) for row in rows))
    single_runs_agree(finals)
    callbacks_show(finals)
