"""Tiny random models in the published folder layout; their weights are float16 values, run in float32."""

import json
import shutil
from pathlib import Path

import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

from .tokenizer import SMALL_MERGE_COUNT, configuration, published_merges, write_folder, write_notice
from .writing import ROOT, save_tensors

VOCABULARY = 512 + SMALL_MERGE_COUNT + 2
START, END = VOCABULARY - 2, VOCABULARY - 1
METADATA = {"format": "pt"}

PNDM = {
    "_class_name": "PNDMScheduler",
    "_diffusers_version": "0.6.0",
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "num_train_timesteps": 1000,
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
    "trained_betas": None,
    "clip_sample": False,
}
DDIM_V = {
    "_class_name": "DDIMScheduler",
    "_diffusers_version": "0.8.0",
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "clip_sample": False,
    "num_train_timesteps": 1000,
    "prediction_type": "v_prediction",
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
    "trained_betas": None,
}

# The fields that the published SD 1.x configurations have; all others have the reference's defaults.
TINY_SD = {
    "seed": 101,
    "unet": {
        "act_fn": "silu",
        "attention_head_dim": 2,
        "block_out_channels": [16, 24, 24],
        "center_input_sample": False,
        "cross_attention_dim": 32,
        "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
        "downsample_padding": 1,
        "flip_sin_to_cos": True,
        "freq_shift": 0,
        "in_channels": 4,
        "layers_per_block": 2,
        "mid_block_scale_factor": 1,
        "norm_eps": 1e-05,
        "norm_num_groups": 8,
        "out_channels": 4,
        "sample_size": 8,
        "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
    },
    "vae": {
        "act_fn": "silu",
        "block_out_channels": [8, 16, 16],
        "down_block_types": ["DownEncoderBlock2D"] * 3,
        "in_channels": 3,
        "latent_channels": 4,
        "layers_per_block": 2,
        "norm_num_groups": 4,
        "out_channels": 3,
        "sample_size": 32,
        "up_block_types": ["UpDecoderBlock2D"] * 3,
    },
    "text_encoder": {
        "hidden_act": "quick_gelu",
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_attention_heads": 4,
        "num_hidden_layers": 2,
        "projection_dim": 32,
        "bos_token_id": 0,
        "eos_token_id": 2,
        "pad_token_id": 1,
    },
    "scheduler": PNDM,
    "pad_token": "<|endoftext|>",
    "dtypes": {"text_encoder": torch.float16, "unet": torch.float16, "vae": torch.float16},
}
TINY_SD2 = {
    "seed": 202,
    "unet": {
        "act_fn": "silu",
        "attention_head_dim": [2, 4],
        "block_out_channels": [8, 16],
        "center_input_sample": False,
        "cross_attention_dim": 24,
        "down_block_types": ["CrossAttnDownBlock2D", "DownBlock2D"],
        "downsample_padding": 1,
        "dual_cross_attention": False,
        "flip_sin_to_cos": True,
        "freq_shift": 0,
        "in_channels": 4,
        "layers_per_block": 1,
        "mid_block_scale_factor": 1,
        "norm_eps": 1e-05,
        "norm_num_groups": 4,
        "num_class_embeds": None,
        "only_cross_attention": False,
        "out_channels": 4,
        "sample_size": 8,
        "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D"],
        "use_linear_projection": True,
        "upcast_attention": True,
    },
    "vae": {
        "act_fn": "silu",
        "block_out_channels": [8, 16],
        "down_block_types": ["DownEncoderBlock2D"] * 2,
        "in_channels": 3,
        "latent_channels": 4,
        "layers_per_block": 1,
        "norm_num_groups": 4,
        "out_channels": 3,
        "sample_size": 16,
        "scaling_factor": 0.25,
        "up_block_types": ["UpDecoderBlock2D"] * 2,
    },
    "text_encoder": {
        "hidden_act": "gelu",
        "hidden_size": 24,
        "intermediate_size": 48,
        "num_attention_heads": 3,
        "num_hidden_layers": 3,
        "projection_dim": 16,
        "bos_token_id": START,
        "eos_token_id": END,
        "pad_token_id": 1,
    },
    "scheduler": DDIM_V,
    "pad_token": "!",
    "dtypes": {"text_encoder": torch.float32, "unet": torch.float32, "vae": torch.bfloat16},
}
TEXT_COMMON = {
    "attention_dropout": 0.0,
    "initializer_factor": 1.0,
    "initializer_range": 0.02,
    "layer_norm_eps": 1e-05,
    "max_position_embeddings": 77,
    "model_type": "clip_text_model",
    "vocab_size": VOCABULARY,
}


def gain(name):
    """How much larger than 1 / sqrt(inputs) a weight is drawn.

    Text embeddings and cross-attention are raised, so that prompts and guidance change the numbers; the
    outputs of residual branches are lowered, so that the run stays well-conditioned.
    """
    if "attn2" in name:
        return 1.5 if "to_out" in name or "to_v" in name else 1.2
    if "conv2" in name or "ff.net.2" in name or "fc2" in name or "out_proj" in name:
        return 0.7
    if "proj_out" in name or "attn1.to_out" in name:
        return 0.8
    if name.startswith("conv_out"):
        return 0.8
    return 1.0


def rounded(value, dtype):
    """The nearest value that `dtype` and float16 both hold."""
    value = value.to(dtype).float()
    return torch.where(value.abs() < 2**-14, 0.0, value).half().float()


def fill(model, source, dtype):
    """Draws every weight anew and rounds it to what is stored."""
    for name, parameter in model.named_parameters():
        if parameter.ndim == 1:
            value = 0.1 * torch.randn(parameter.shape, generator=source)
            if name.endswith("weight"):
                value += 1  # a norm's scale
        elif "embedding" in name:
            value = torch.randn(parameter.shape, generator=source) * (0.3 if "position" in name else 1.0)
        else:
            inputs = parameter[0].numel()
            value = torch.randn(parameter.shape, generator=source) * gain(name) / inputs**0.5
        parameter.copy_(rounded(value, dtype if dtype == torch.bfloat16 else torch.float16))
    return model.eval()


def let_noise_through(unet, strength=12.0, rest=0.5):
    """Makes the random UNet answer with roughly its input, as a trained one does at high noise.

    Otherwise the first steps decide a run and later ones, with their callbacks, hardly show. The sample goes
    through the first channels of conv_in and the skip connection around everything into channel pairs (x, -x);
    each pair is one group of the last norm, and silu(x) - silu(-x) is x.
    """
    latents = unet.config.out_channels  # an inpainting UNet has more inputs
    shortcut = unet.up_blocks[-1].resnets[-1].conv_shortcut.weight
    skip = shortcut.shape[1] - unet.conv_in.out_channels
    unet.conv_out.weight.copy_((unet.conv_out.weight * rest).half().float())
    for channel in range(latents):
        unet.conv_in.weight[channel] = 0
        unet.conv_in.weight[channel, channel, 1, 1] = 1
        for sign, row in ((1, 2 * channel), (-1, 2 * channel + 1)):
            shortcut[row] = 0
            shortcut[row, skip + channel] = sign * strength
            unet.conv_out.weight[channel, row, 1, 1] += sign
    unet.conv_out.weight.copy_(unet.conv_out.weight.half().float())


def published_text_keys(state):
    """The names of the published files, which also hold the row of position numbers."""
    renamed = {key if key.startswith("text_model.") else f"text_model.{key}": value for key, value in state.items()}
    renamed["text_model.embeddings.position_ids"] = torch.arange(77).reshape(1, 77)
    return renamed


def older_attention_keys(state):
    """The names that the autoencoders of the first published models have in their middle attention."""
    names = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    renamed = {}
    for key, value in state.items():
        for new, old in names.items():
            key = key.replace(f"attentions.0.{new}.", f"attentions.0.{old}.")
        renamed[key] = value
    return renamed


def cast(state, dtype):
    return {key: value.to(dtype) if value.is_floating_point() else value for key, value in state.items()}


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n")


def write_shards(folder, stem, index_name, state, count):
    """Splits a component over `count` files by size and writes the index."""
    total, used, number = sum(value.nbytes for value in state.values()), 0, 0
    groups, places = [{} for _ in range(count)], {}
    for key in sorted(state):
        number = min(count - 1, used * count // total)
        groups[number][key] = state[key]
        places[key] = f"{stem}-{number + 1:05d}-of-{count:05d}.safetensors"
        used += state[key].nbytes
    for number, group in enumerate(groups):
        save_tensors(folder / f"{stem}-{number + 1:05d}-of-{count:05d}.safetensors", group, METADATA)
    write_json(folder / index_name, {"metadata": {"total_size": total}, "weight_map": places})


def components(design):
    source = torch.Generator("cpu").manual_seed(design["seed"])
    models = {
        "text_encoder": CLIPTextModel(CLIPTextConfig(**TEXT_COMMON, **design["text_encoder"])),
        "unet": UNet2DConditionModel(**design["unet"]),
        "vae": AutoencoderKL(**design["vae"]),
    }
    return {name: fill(model, source, design["dtypes"][name]) for name, model in models.items()}


def write_configs(folder, design):
    write_json(
        folder / "model_index.json",
        {
            "_class_name": "StableDiffusionPipeline",
            "_diffusers_version": "0.42.1",
            "feature_extractor": [None, None],
            "requires_safety_checker": False,
            "safety_checker": [None, None],
            "scheduler": ["diffusers", design["scheduler"]["_class_name"]],
            "text_encoder": ["transformers", "CLIPTextModel"],
            "tokenizer": ["transformers", "CLIPTokenizer"],
            "unet": ["diffusers", "UNet2DConditionModel"],
            "vae": ["diffusers", "AutoencoderKL"],
        },
    )
    head = lambda name: {"_class_name": name, "_diffusers_version": "0.42.1"}
    write_json(folder / "unet" / "config.json", {**head("UNet2DConditionModel"), **design["unet"]})
    write_json(folder / "vae" / "config.json", {**head("AutoencoderKL"), **design["vae"]})
    write_json(
        folder / "text_encoder" / "config.json",
        {"architectures": ["CLIPTextModel"], **TEXT_COMMON, **design["text_encoder"]},
    )
    write_json(folder / "scheduler" / "scheduler_config.json", design["scheduler"])
    write_folder(
        folder / "tokenizer", published_merges()[:SMALL_MERGE_COUNT], configuration(design["pad_token"])
    )


def new_folder(name):
    folder = ROOT / "models" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def write_model(name, design, parts):
    folder = new_folder(name)
    write_configs(folder, design)
    vae = parts["vae"].state_dict()
    states = {
        "text_encoder/model": published_text_keys(parts["text_encoder"].state_dict()),
        "unet/diffusion_pytorch_model": parts["unet"].state_dict(),
        "vae/diffusion_pytorch_model": older_attention_keys(vae) if name == "tiny_sd2" else vae,
    }
    for path, state in states.items():
        save_tensors(folder / f"{path}.safetensors", cast(state, design["dtypes"][path.split("/")[0]]), METADATA)


def write_layouts(parts):
    """tiny_sd2 again with other file names: the fp16 variant with a sharded UNet, and plain shards."""
    text = cast(parts["text_encoder"].state_dict(), torch.float16)  # no `text_model.`, as transformers 5 writes it
    unet, vae = (cast(parts[name].state_dict(), torch.float16) for name in ("unet", "vae"))
    stem = "diffusion_pytorch_model"
    folder = new_folder("tiny_sd2_variant")
    write_configs(folder, TINY_SD2)
    save_tensors(folder / "vae" / f"{stem}.fp16.safetensors", vae, METADATA)
    write_shards(folder / "unet", f"{stem}.fp16", f"{stem}.safetensors.index.fp16.json", unet, 2)
    write_shards(folder / "text_encoder", "model", "model.safetensors.index.json", text, 2)


def load(name, **options):
    """A tiny model as the reference pipeline, in float32, without progress bars."""
    pipeline = StableDiffusionPipeline.from_pretrained(
        ROOT / "models" / name, dtype=torch.float32, local_files_only=True, **options
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def same_weights(first, second):
    for part in ("unet", "vae", "text_encoder"):
        one, other = getattr(first, part).state_dict(), getattr(second, part).state_dict()
        assert one.keys() == other.keys(), part
        assert all(torch.equal(one[key], other[key]) for key in one), part


def make():
    parts = components(TINY_SD)
    let_noise_through(parts["unet"])
    write_model("tiny_sd", TINY_SD, parts)
    parts = components(TINY_SD2)
    write_model("tiny_sd2", TINY_SD2, parts)
    write_layouts(parts)
    whole = load("tiny_sd2")
    same_weights(whole, load("tiny_sd2_variant", variant="fp16"))
    load("tiny_sd")
    write_notice(ROOT / "models")
    for folder in sorted(path for path in (ROOT / "models").iterdir() if path.is_dir()):
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
        print(folder.name, size)
