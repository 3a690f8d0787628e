"""Models of full size with random float16 weights: they take as long as trained ones, and nothing is downloaded."""

import json
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOKENIZER = ROOT / "Tests/Fixtures/tokenizer"
TOKENIZER_FILES = ["vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json"]

UNETS = {
    "sd15": dict(
        sample_size=64, block_out_channels=(320, 640, 1280, 1280), layers_per_block=2, attention_head_dim=8,
        cross_attention_dim=768,
    ),
    "sdxl": dict(
        sample_size=128, block_out_channels=(320, 640, 1280), layers_per_block=2, attention_head_dim=(5, 10, 20),
        cross_attention_dim=2048, transformer_layers_per_block=(1, 2, 10), use_linear_projection=True,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        addition_embed_type="text_time", addition_time_embed_dim=256, projection_class_embeddings_input_dim=2816,
    ),
}
FACTORS = {"sd15": 0.18215, "sdxl": 0.13025}


def text_encoder(width: int, layers: int, heads: int, activation: str, projection: int):
    """A CLIP text encoder; with a projection it also gives pooled embeddings."""
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    config = CLIPTextConfig(
        vocab_size=49408, hidden_size=width, intermediate_size=4 * width, num_hidden_layers=layers,
        num_attention_heads=heads, max_position_embeddings=77, projection_dim=projection or width,
        hidden_act=activation, bos_token_id=49406, eos_token_id=49407, pad_token_id=49407,
    )
    return (CLIPTextModelWithProjection if projection else CLIPTextModel)(config)


def build(kind: str, folder: Path) -> None:
    """Writes a model with the published sizes of Stable Diffusion 1.5 (`sd15`) or SDXL (`sdxl`)."""
    import torch
    from diffusers import AutoencoderKL, PNDMScheduler, UNet2DConditionModel

    torch.manual_seed(0)
    half = torch.float16
    unfinished = folder.with_name(folder.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    with torch.no_grad():
        unet = UNet2DConditionModel(in_channels=4, out_channels=4, **UNETS[kind])
        unet.to(half).save_pretrained(unfinished / "unet")
        del unet
        autoencoder = AutoencoderKL(
            sample_size=512, block_out_channels=(128, 256, 512, 512), layers_per_block=2, latent_channels=4,
            down_block_types=["DownEncoderBlock2D"] * 4, up_block_types=["UpDecoderBlock2D"] * 4,
            scaling_factor=FACTORS[kind],
        )
        autoencoder.to(half).save_pretrained(unfinished / "vae")
        encoders = {"text_encoder": text_encoder(768, 12, 12, "quick_gelu", 0)}
        if kind == "sdxl":
            encoders["text_encoder_2"] = text_encoder(1280, 32, 20, "gelu", 1280)
        for name, encoder in encoders.items():
            encoder.to(half).save_pretrained(unfinished / name)
    PNDMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", skip_prk_steps=True, set_alpha_to_one=False,
        steps_offset=1,
    ).save_pretrained(unfinished / "scheduler")
    index = {
        "_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.42.1", "feature_extractor": [None, None],
        "safety_checker": [None, None], "requires_safety_checker": False, "scheduler": ["diffusers", "PNDMScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"], "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"],
    }
    if kind == "sdxl":
        index["_class_name"] = "StableDiffusionXLPipeline"
        index["force_zeros_for_empty_prompt"] = True
        index["text_encoder_2"] = ["transformers", "CLIPTextModelWithProjection"]
        index["tokenizer_2"] = ["transformers", "CLIPTokenizer"]
    for name in [key for key in index if key.startswith("tokenizer")]:
        (unfinished / name).mkdir()
        for file in TOKENIZER_FILES:
            shutil.copy(TOKENIZER / file, unfinished / name / file)
    (unfinished / "model_index.json").write_text(json.dumps(index, indent=2))
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)


def checkpoint(folder: Path) -> Path:
    """Writes a Stable Diffusion 1.5 model's weights as one file in the original layout, for stable-diffusion.cpp."""
    import sys

    from safetensors.torch import load_file, save_file

    sys.path.insert(0, str(ROOT / "Tests/Fixtures"))
    from oracle.community import original_unet, original_vae

    unet, vae = (json.loads((folder / part / "config.json").read_text()) for part in ("unet", "vae"))
    attends = [name.startswith("CrossAttn") for name in unet["up_block_types"]]
    tensors = {}
    for key, value in load_file(folder / "unet/diffusion_pytorch_model.safetensors").items():
        tensors["model.diffusion_model." + original_unet(key, unet, attends)] = value
    for key, value in load_file(folder / "vae/diffusion_pytorch_model.safetensors").items():
        is_attention = "attentions" in key and value.ndim == 2
        tensors["first_stage_model." + original_vae(key, vae)] = value[:, :, None, None] if is_attention else value
    for key, value in load_file(folder / "text_encoder/model.safetensors").items():
        tensors["cond_stage_model.transformer.text_model." + key.removeprefix("text_model.")] = value
    path = folder.with_name(folder.name + ".safetensors")
    unfinished = path.with_suffix(".unfinished")
    save_file({name: value.contiguous() for name, value in tensors.items()}, unfinished)
    unfinished.rename(path)
    return path
