"""The demonstration model in examples/moonlet: one run with and without the official cut-off, ten prompts, its companions."""

import torch
from diffusers import ControlNetModel, StableDiffusionControlNetPipeline, StableDiffusionPipeline
from diffusers.callbacks import SDCFGCutoffCallback
from PIL import Image

from .running import Trace, decoded, generators, plain_config
from .writing import REFERENCE, ROOT, save_fixture, save_json

FOLDER = ROOT.parent.parent / "examples" / "moonlet"
PROMPT = "red apple on a blue background"
SEED = 7
STEPS = 25
GUIDANCE = 7.5
KEPT_STEPS = (0, 10, 24)
# As in examples/moonlet/train/held_out.py: object and background, an object alone, a background alone, unknown words.
PROMPTS = (
    "a sports car on a blue background",
    "a panda on a green background",
    "a rocket on a black background",
    "an octopus on a pink background",
    "hamburger",
    "snowman",
    "two cats",
    "a dog and a bird on a yellow background",
    "teal background",
    "a tiny crab on an orange background, masterpiece, florblewumpf",
)
TEN_GUIDANCE = 5.0
COMPANIONS = {
    "contours": {"prompt": "a yellow background", "control": "sports_car_contours.png"},
    "reference": {"prompt": "", "reference": "cat.png"},
    "both": {"prompt": "", "control": "cat_contours.png", "reference": "cat.png"},
}
COMPANION_GUIDANCE = 3.0


def companion_latents(prompt, control=None, reference=None):
    """The last latents of a run with the ControlNet, with the IP-Adapter or with both."""
    kind, parts = StableDiffusionPipeline, {}
    if control:
        kind = StableDiffusionControlNetPipeline
        parts["controlnet"] = ControlNetModel.from_pretrained(FOLDER / "controlnet", torch_dtype=torch.float32)
    pipeline = kind.from_pretrained(FOLDER, dtype=torch.float32, local_files_only=True, **parts)
    pipeline.set_progress_bar_config(disable=True)
    call = {"prompt": prompt, "num_inference_steps": STEPS, "guidance_scale": COMPANION_GUIDANCE, "output_type": "latent"}
    if control:
        call["image"] = Image.open(FOLDER / "pictures" / control)
    if reference:
        pipeline.load_ip_adapter(
            FOLDER / "ip_adapter", subfolder="", weight_name="ip-adapter_moonlet.safetensors", image_encoder_folder="image_encoder"
        )
        call["ip_adapter_image"] = Image.open(FOLDER / "pictures" / reference)
    return pipeline(generator=generators(SEED), **call).images


def make():
    pipeline = StableDiffusionPipeline.from_pretrained(FOLDER, dtype=torch.float32, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    callbacks = {"guided": None, "cutoff": SDCFGCutoffCallback(cutoff_step_ratio=0.4)}
    tensors, index = {}, {"reference": REFERENCE, "traces": []}
    for name, callback in callbacks.items():
        trace = Trace(pipeline, callback)
        final = trace.run(
            prompt=PROMPT, num_inference_steps=STEPS, guidance_scale=GUIDANCE, generator=generators(SEED)
        )
        tensors[f"{name}/initial_latents"] = trace.initial
        tensors.update({f"{name}/latents_{step}": trace.latents[step] for step in KEPT_STEPS})
        tensors[f"{name}/latents"] = final
        tensors[f"{name}/image"], tensors[f"{name}/image_u8"] = decoded(pipeline, final)
        tensors["prompt_embeds"], tensors["negative_prompt_embeds"] = trace.text
        index["traces"].append({"name": name, "guidance": trace.guidance})
    generator = [torch.Generator("cpu").manual_seed(100 + number) for number in range(len(PROMPTS))]
    tensors["prompts/latents"] = pipeline(
        list(PROMPTS), num_inference_steps=STEPS, guidance_scale=TEN_GUIDANCE, generator=generator, output_type="latent"
    ).images
    for name, run in COMPANIONS.items():
        tensors[f"companions/{name}"] = companion_latents(**run)
    index.update(
        {
            "companions": [{"name": name, **run} for name, run in COMPANIONS.items()],
            "companions_guidance_scale": COMPANION_GUIDANCE,
            "prompts": list(PROMPTS),
            "prompts_first_seed": 100,
            "prompts_guidance_scale": TEN_GUIDANCE,
            "prompt": PROMPT,
            "ids": pipeline.tokenizer(PROMPT, padding="max_length", truncation=True).input_ids,
            "seed": SEED,
            "num_inference_steps": STEPS,
            "guidance_scale": GUIDANCE,
            "timesteps": [float(time) for time in pipeline.scheduler.timesteps],
            "scheduler_config": plain_config(pipeline.scheduler),
        }
    )
    save_fixture("traces/moonlet.safetensors", tensors, seed=SEED, model="examples/moonlet", prompt=PROMPT)
    save_json("traces/moonlet.json", index, indent=None)
    change = (tensors["guided/latents"] - tensors["cutoff/latents"]).norm() / tensors["guided/latents"].norm()
    print(f"the cut-off changes the final latents by {float(change):.2f}")
