"""Tiny random models for the other pipelines: SDXL, refiner, inpainting, ControlNet, IP-Adapter, and pictures to feed them."""

import shutil

import numpy
import torch
from diffusers import AutoencoderKL, ControlNetModel, UNet2DConditionModel
from PIL import Image
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
)

from .models import (
    METADATA,
    PNDM,
    TEXT_COMMON,
    cast,
    fill,
    let_noise_through,
    load,
    new_folder,
    published_text_keys,
    rounded,
    write_json,
)
from .tokenizer import SMALL_MERGE_COUNT, configuration, published_merges, write_folder
from .writing import ROOT, save_tensors

HALF = torch.float16
EULER = {
    "_class_name": "EulerDiscreteScheduler",
    "_diffusers_version": "0.19.0.dev0",
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "clip_sample": False,
    "interpolation_type": "linear",
    "num_train_timesteps": 1000,
    "prediction_type": "epsilon",
    "sample_max_value": 1.0,
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
    "timestep_spacing": "leading",
    "trained_betas": None,
    "use_karras_sigmas": False,
}
TEXT_1 = {
    "hidden_act": "quick_gelu",
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_attention_heads": 2,
    "num_hidden_layers": 3,
    "projection_dim": 16,
    "bos_token_id": 0,
    "eos_token_id": 2,
    "pad_token_id": 1,
}
TEXT_2 = {**TEXT_1, "hidden_act": "gelu", "hidden_size": 24, "intermediate_size": 48, "num_attention_heads": 3,
          "projection_dim": 20}  # fmt: skip
VAE = {
    "act_fn": "silu",
    "block_out_channels": [8, 8],
    "down_block_types": ["DownEncoderBlock2D"] * 2,
    "in_channels": 3,
    "latent_channels": 4,
    "layers_per_block": 1,
    "norm_num_groups": 4,
    "out_channels": 3,
    "sample_size": 16,
    "up_block_types": ["UpDecoderBlock2D"] * 2,
}
VAE_XL = {**VAE, "force_upcast": True, "scaling_factor": 0.13025}
UNET = {
    "act_fn": "silu",
    "center_input_sample": False,
    "downsample_padding": 1,
    "flip_sin_to_cos": True,
    "freq_shift": 0,
    "in_channels": 4,
    "layers_per_block": 1,
    "mid_block_scale_factor": 1,
    "norm_eps": 1e-05,
    "norm_num_groups": 4,
    "out_channels": 4,
    "sample_size": 8,
}
UNET_XL = {
    **UNET,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 4,
    "attention_head_dim": [1, 2, 4],
    "block_out_channels": [8, 16, 16],
    "cross_attention_dim": 40,
    "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
    "projection_class_embeddings_input_dim": 6 * 4 + 20,
    "transformer_layers_per_block": [1, 1, 2],
    "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
    "use_linear_projection": True,
}
UNET_REFINER = {
    **UNET,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 4,
    "attention_head_dim": [2, 4],
    "block_out_channels": [8, 16],
    "cross_attention_dim": 24,
    "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D"],
    "projection_class_embeddings_input_dim": 5 * 4 + 20,
    "transformer_layers_per_block": 2,
    "up_block_types": ["CrossAttnUpBlock2D", "UpBlock2D"],
    "use_linear_projection": True,
}
UNET_INPAINT = {
    **UNET,
    "attention_head_dim": 2,
    "block_out_channels": [8, 16],
    "cross_attention_dim": 16,
    "down_block_types": ["CrossAttnDownBlock2D", "DownBlock2D"],
    "in_channels": 9,
    "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D"],
}
XL_PARTS = {
    "text_encoder": ["transformers", "CLIPTextModel"],
    "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "tokenizer_2": ["transformers", "CLIPTokenizer"],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
}


def drawn(seed, model):
    return fill(model, torch.Generator("cpu").manual_seed(seed), HALF)


def unet(seed, config):
    model = drawn(seed, UNet2DConditionModel(**config))
    let_noise_through(model)
    if config["in_channels"] == 9:  # what the mask and the masked picture say must show
        model.conv_in.weight[4:, 4:] *= 2
    return model


def text_config(config):
    return CLIPTextConfig(**TEXT_COMMON, **config)


def write_component(folder, kind, config, state, stem="diffusion_pytorch_model"):
    write_json(folder / "config.json", {"_class_name": kind, "_diffusers_version": "0.42.1", **config})
    save_tensors(folder / f"{stem}.safetensors", cast(state, HALF), METADATA)


def write_text(folder, kind, config, model):
    write_json(folder / "config.json", {"architectures": [kind], **TEXT_COMMON, **config})
    save_tensors(folder / "model.safetensors", cast(published_text_keys(model.state_dict()), HALF), METADATA)


def write_tokenizer(folder, pad):
    write_folder(folder, published_merges()[:SMALL_MERGE_COUNT], configuration(pad))


def write_model(name, pipeline, scheduler, unet_config, unet_model, vae_config, vae, texts, fields):
    """One pipeline folder; `texts` are (part, class, configuration, model, pad token)."""
    folder = new_folder(name)
    index = {"_class_name": pipeline, "_diffusers_version": "0.42.1", **fields}
    index["scheduler"] = ["diffusers", scheduler["_class_name"]]
    names = XL_PARTS if "XL" in pipeline else {key: XL_PARTS[key] for key in ("text_encoder", "tokenizer", "unet", "vae")}
    present = {part for part, *_ in texts}
    for part, value in names.items():
        number = part.removeprefix("text_encoder").removeprefix("tokenizer")
        missing = part not in ("unet", "vae") and f"text_encoder{number}" not in present
        index[part] = [None, None] if missing else value
    write_json(folder / "model_index.json", index)
    write_json(folder / "scheduler" / "scheduler_config.json", scheduler)
    write_component(folder / "unet", "UNet2DConditionModel", unet_config, unet_model.state_dict())
    write_component(folder / "vae", "AutoencoderKL", vae_config, vae.state_dict())
    for part, kind, config, model, pad in texts:
        write_text(folder / part, kind, config, model)
        write_tokenizer(folder / part.replace("text_encoder", "tokenizer"), pad)


def pipelines():
    first = drawn(301, CLIPTextModel(text_config(TEXT_1)))
    second = drawn(302, CLIPTextModelWithProjection(text_config(TEXT_2)))
    vae = drawn(303, AutoencoderKL(**VAE_XL))
    one = ("text_encoder", "CLIPTextModel", TEXT_1, first, "<|endoftext|>")
    two = ("text_encoder_2", "CLIPTextModelWithProjection", TEXT_2, second, "!")
    zeros = {"force_zeros_for_empty_prompt": True}
    base = unet(304, UNET_XL)
    write_model("tiny_sdxl", "StableDiffusionXLPipeline", EULER, UNET_XL, base, VAE_XL, vae, [one, two], zeros)
    refiner = {"force_zeros_for_empty_prompt": False, "requires_aesthetics_score": True}
    write_model("tiny_sdxl_refiner", "StableDiffusionXLImg2ImgPipeline", EULER, UNET_REFINER, unet(305, UNET_REFINER),
                VAE_XL, vae, [two], refiner)  # fmt: skip
    nine = {**UNET_XL, "in_channels": 9}
    inpaint = {**zeros, "requires_aesthetics_score": False}
    write_model("tiny_sdxl_inpaint", "StableDiffusionXLInpaintPipeline", EULER, nine, unet(306, nine),
                VAE_XL, vae, [one, two], inpaint)  # fmt: skip
    plain = {"requires_safety_checker": False, "safety_checker": [None, None], "feature_extractor": [None, None]}
    write_model("tiny_sd_inpaint", "StableDiffusionInpaintPipeline", PNDM, UNET_INPAINT, unet(307, UNET_INPAINT),
                VAE, drawn(308, AutoencoderKL(**VAE)), [one], plain)  # fmt: skip
    return base


def controlnet(name, seed, base, channels):
    """A ControlNet for `base`; its zero convolutions are drawn, large enough to show."""
    config = {"conditioning_channels": 3, "conditioning_embedding_out_channels": channels}
    names = ("act_fn", "attention_head_dim", "block_out_channels", "cross_attention_dim", "down_block_types",
             "downsample_padding", "flip_sin_to_cos", "freq_shift", "in_channels", "layers_per_block",
             "mid_block_scale_factor", "norm_eps", "norm_num_groups", "addition_embed_type", "addition_time_embed_dim",
             "projection_class_embeddings_input_dim", "transformer_layers_per_block", "use_linear_projection")  # fmt: skip
    config.update({key: base.config[key] for key in names if base.config[key] is not None})
    model = drawn(seed, ControlNetModel(**config))
    for key, value in model.named_parameters():
        if "controlnet_down" in key or "controlnet_mid" in key:
            value.copy_(rounded(value * (0.4 if key.endswith("weight") else 0.3), HALF))
        elif "controlnet_cond_embedding" in key:
            value.copy_(rounded(value * (1.5 / value[0].numel() ** 0.5 if value.ndim > 1 else 0.3), HALF))
    write_component(new_folder(name), "ControlNetModel", config, model.state_dict())


VISION = {"hidden_act": "gelu", "hidden_size": 24, "image_size": 32, "intermediate_size": 48, "num_attention_heads": 3,
          "num_channels": 3, "num_hidden_layers": 3, "patch_size": 8, "projection_dim": 20, "layer_norm_eps": 1e-05,
          "attention_dropout": 0.0, "initializer_factor": 1.0, "initializer_range": 0.02,
          "model_type": "clip_vision_model"}  # fmt: skip
PREPROCESSING = {"crop_size": {"height": 32, "width": 32}, "do_center_crop": True, "do_convert_rgb": True,
                 "do_normalize": True, "do_rescale": True, "do_resize": True,
                 "feature_extractor_type": "CLIPFeatureExtractor", "image_processor_type": "CLIPImageProcessor",
                 "image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711],
                 "resample": 3, "rescale_factor": 1 / 255, "size": {"shortest_edge": 32}}  # fmt: skip


def image_encoder():
    model = drawn(321, CLIPVisionModelWithProjection(CLIPVisionConfig(**VISION)))
    folder = new_folder("tiny_image_encoder")
    write_json(folder / "config.json", {"architectures": ["CLIPVisionModelWithProjection"], **VISION})
    write_json(folder / "preprocessor_config.json", PREPROCESSING)
    state = {key if key.startswith(("vision_model.", "visual_")) else f"vision_model.{key}": value
             for key, value in model.state_dict().items()}  # fmt: skip
    save_tensors(folder / "model.safetensors", cast(state, HALF), METADATA)


class Draw:
    def __init__(self, seed):
        self.source = torch.Generator("cpu").manual_seed(seed)

    def weight(self, rows, columns, gain=1.0):
        return rounded(torch.randn((rows, columns), generator=self.source) * gain / columns**0.5, HALF)

    def norm(self, width):
        return (rounded(1 + 0.1 * torch.randn(width, generator=self.source), HALF),
                rounded(0.1 * torch.randn(width, generator=self.source), HALF))  # fmt: skip

    def bias(self, width):
        return rounded(0.1 * torch.randn(width, generator=self.source), HALF)


def attention_keys(state, draw, base):
    """The keys and values for image tokens, numbered by the attention layers of the UNet: 1, 3, 5..."""
    context = base.config.cross_attention_dim
    crosses = [name for name in base.attn_processors if name.endswith("attn2.processor")]
    for number, name in enumerate(crosses):
        width = base.get_submodule(name.removesuffix(".processor")).to_k.out_features
        state[f"ip_adapter.{2 * number + 1}.to_k_ip.weight"] = draw.weight(width, context, 1.2)
        state[f"ip_adapter.{2 * number + 1}.to_v_ip.weight"] = draw.weight(width, context, 2.0)


def plain_adapter(name, seed, base):
    draw, state, width = Draw(seed), {}, base.config.cross_attention_dim
    state["image_proj.proj.weight"] = draw.weight(4 * width, VISION["projection_dim"], 1.5)
    state["image_proj.proj.bias"] = draw.bias(4 * width)
    state["image_proj.norm.weight"], state["image_proj.norm.bias"] = draw.norm(width)
    attention_keys(state, draw, base)
    save_tensors(ROOT / "models" / f"{name}.safetensors", cast(state, HALF), METADATA)


def plus_adapter(name, seed, base, hidden=16, queries=5, depth=4, inner=64):
    draw, state, width = Draw(seed), {}, base.config.cross_attention_dim
    norm = lambda key, size: state.update(zip((f"image_proj.{key}.weight", f"image_proj.{key}.bias"), draw.norm(size)))
    state["image_proj.latents"] = draw.weight(queries, hidden, 4.0)[None]
    for key, rows, columns in (("proj_in", hidden, VISION["hidden_size"]), ("proj_out", width, hidden)):
        state[f"image_proj.{key}.weight"] = draw.weight(rows, columns)
        state[f"image_proj.{key}.bias"] = draw.bias(rows)
    norm("norm_out", width)
    for layer in range(depth):
        for key in (f"layers.{layer}.0.norm1", f"layers.{layer}.0.norm2", f"layers.{layer}.1.0"):
            norm(key, hidden)
        for key, rows, columns in (("0.to_q", inner, hidden), ("0.to_kv", 2 * inner, hidden), ("0.to_out", hidden, inner),
                                   ("1.1", 4 * hidden, hidden), ("1.3", hidden, 4 * hidden)):  # fmt: skip
            state[f"image_proj.layers.{layer}.{key}.weight"] = draw.weight(rows, columns, 1.2)
    attention_keys(state, draw, base)
    save_tensors(ROOT / "models" / f"{name}.safetensors", cast(state, HALF), METADATA)


def waves(width, height, shift):
    """Colourful, smooth, with an edge."""
    y, x = numpy.mgrid[0:height, 0:width].astype(numpy.float64)
    planes = [128 + 100 * numpy.sin(x / (5 + shift) + shift), 128 + 100 * numpy.cos(y / 4 - shift),
              128 + 100 * numpy.sin((x + 2 * y) / (7 - shift))]  # fmt: skip
    picture = numpy.stack(planes, axis=-1)
    inside = (x - width * 0.6) ** 2 + (y - height * 0.4) ** 2 < (height * 0.3) ** 2
    picture[inside] = (230, 60 + 20 * shift, 40)
    return Image.fromarray(picture.round().clip(0, 255).astype(numpy.uint8), "RGB")


def soft_mask(width, height):
    """White inside a disc, with a soft edge."""
    y, x = numpy.mgrid[0:height, 0:width].astype(numpy.float64)
    distance = numpy.hypot(x - width * 0.55, y - height * 0.5) / height
    return Image.fromarray((255 * (1 - (distance - 0.22) / 0.16)).round().clip(0, 255).astype(numpy.uint8), "L")


def lines(width, height, slope):
    y, x = numpy.mgrid[0:height, 0:width]
    plane = numpy.where((x + slope * y) % 9 < 3, 255, 0).astype(numpy.uint8)
    return Image.fromarray(numpy.stack([plane, plane, plane], axis=-1), "RGB")


def pictures():
    folder = ROOT / "pictures"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    made = {"picture": waves(32, 24, 0.0), "second": waves(32, 24, 1.0), "odd": waves(39, 30, 0.5),
            "reference": waves(48, 40, 0.7), "reference_b": waves(36, 48, 1.7), "mask": soft_mask(32, 24),
            "mask_large": soft_mask(45, 33), "control": lines(32, 24, 1), "control_b": lines(40, 30, 2)}  # fmt: skip
    for name, picture in made.items():
        picture.save(folder / f"{name}.png", optimize=False)


def make():
    xl = pipelines()
    sd = load("tiny_sd").unet
    controlnet("tiny_controlnet_a", 311, sd, [4, 8, 8])
    controlnet("tiny_controlnet_b", 312, sd, [4, 4, 8])
    controlnet("tiny_controlnet_xl", 313, xl, [4, 8])
    image_encoder()
    plain_adapter("tiny_ip_adapter", 322, sd)
    plus_adapter("tiny_ip_adapter_plus", 323, sd)
    plain_adapter("tiny_ip_adapter_xl", 324, xl)
    pictures()
    for path in sorted((ROOT / "models").iterdir()):
        files = [path] if path.is_file() else path.rglob("*")
        print(path.name, sum(file.stat().st_size for file in files if file.is_file()))
