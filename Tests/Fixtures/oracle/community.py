"""Files as the community has them: original key layouts, LoRA of every kind, textual inversion."""

import json
import shutil
import tempfile
from pathlib import Path

import torch
from diffusers import AutoencoderKL, ControlNetModel, EulerDiscreteScheduler, StableDiffusionPipeline
from diffusers import StableDiffusionXLPipeline, UNet2DConditionModel
from diffusers.loaders import single_file_utils as reference
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from .models import TEXT_COMMON, TINY_SD, TINY_SD2, fill
from .writing import ROOT, save_fixture, save_json_rows, save_tensors

FOLDER = ROOT / "community"
TINY_XL_UNET = {
    "act_fn": "silu",
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 4,
    "attention_head_dim": [2, 2, 4],
    "block_out_channels": [8, 8, 16],
    "cross_attention_dim": 28,
    "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
    "layers_per_block": 2,
    "norm_num_groups": 4,
    "projection_class_embeddings_input_dim": 40,
    "sample_size": 8,
    "transformer_layers_per_block": [1, 1, 2],
    "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
    "use_linear_projection": True,
}
TINY_XL_VAE = {
    "block_out_channels": [4, 8],
    "down_block_types": ["DownEncoderBlock2D"] * 2,
    "up_block_types": ["UpDecoderBlock2D"] * 2,
    "latent_channels": 4,
    "layers_per_block": 1,
    "norm_num_groups": 4,
}
TINY_XL_TEXT = {"hidden_size": 12, "intermediate_size": 16, "num_attention_heads": 2, "num_hidden_layers": 2}
TINY_XL_TEXT_2 = {
    "hidden_act": "gelu",
    "hidden_size": 16,
    "intermediate_size": 20,
    "num_attention_heads": 2,
    "num_hidden_layers": 3,
    "projection_dim": 16,
}
TINY_CONTROL = {
    "block_out_channels": [8, 16],
    "down_block_types": ["CrossAttnDownBlock2D", "DownBlock2D"],
    "attention_head_dim": 2,
    "cross_attention_dim": 12,
    "layers_per_block": 2,
    "norm_num_groups": 4,
    "conditioning_embedding_out_channels": (4, 8, 12, 16),
}


PREFIXES = {
    ("unet", "sd1"): "model.diffusion_model.",
    ("unet", "sd2"): "model.diffusion_model.",
    ("unet", "sdxl"): "model.diffusion_model.",
    ("vae", "sd1"): "first_stage_model.",
    ("vae", "sd2"): "first_stage_model.",
    ("text_encoder", "sd1"): "cond_stage_model.transformer.",
    ("text_encoder", "sd2"): "cond_stage_model.model.",
    ("text_encoder", "sdxl"): "conditioner.embedders.0.transformer.",
    ("text_encoder_2", "sdxl"): "conditioner.embedders.1.model.",
    ("controlnet", "controlnet"): "control_model.",
}


# MARK: Names


def original_resnet(key):
    names = {
        "norm1": "in_layers.0",
        "conv1": "in_layers.2",
        "time_emb_proj": "emb_layers.1",
        "norm2": "out_layers.0",
        "conv2": "out_layers.3",
        "conv_shortcut": "skip_connection",
    }
    head, dot, tail = key.partition(".")
    return names[head] + dot + tail


def original_unet(key, config, attends_up=()):
    """The original name of a UNet's or ControlNet's tensor; the reference's conversion proves it."""
    layers, levels = config["layers_per_block"], len(config["block_out_channels"])
    for new, old in {
        "time_embedding.linear_1": "time_embed.0",
        "time_embedding.linear_2": "time_embed.2",
        "add_embedding.linear_1": "label_emb.0.0",
        "add_embedding.linear_2": "label_emb.0.2",
        "conv_in": "input_blocks.0.0",
        "conv_norm_out": "out.0",
        "conv_out": "out.2",
        "controlnet_mid_block": "middle_block_out.0",
        "controlnet_cond_embedding.conv_in": "input_hint_block.0",
        "controlnet_cond_embedding.conv_out": "input_hint_block.14",
    }.items():
        if key.startswith(new + "."):
            return old + key[len(new) :]
    parts = key.split(".")
    if parts[0] == "controlnet_down_blocks":
        return f"zero_convs.{parts[1]}.0.{parts[2]}"
    if parts[0] == "controlnet_cond_embedding":
        return f"input_hint_block.{2 * int(parts[2]) + 2}.{parts[3]}"
    if parts[0] == "mid_block":
        tail = ".".join(parts[3:])
        if parts[1] == "attentions":
            return f"middle_block.1.{tail}"
        return f"middle_block.{2 * int(parts[2])}.{original_resnet(tail)}"
    level, kind, layer, tail = int(parts[1]), parts[2], int(parts[3]), ".".join(parts[4:])
    if parts[0] == "down_blocks":
        if kind == "downsamplers":
            return f"input_blocks.{(level + 1) * (layers + 1)}.0.op.{parts[-1]}"
        number = 1 + level * (layers + 1) + layer
        return f"input_blocks.{number}." + (f"1.{tail}" if kind == "attentions" else f"0.{original_resnet(tail)}")
    number = level * (layers + 1) + layer
    if kind == "upsamplers":
        number = level * (layers + 1) + layers
        return f"output_blocks.{number}.{2 if attends_up[level] else 1}.conv.{parts[-1]}"
    return f"output_blocks.{number}." + (f"1.{tail}" if kind == "attentions" else f"0.{original_resnet(tail)}")


def original_vae(key, config):
    levels = len(config["block_out_channels"])
    parts = key.split(".")
    if parts[1] == "mid_block":
        if parts[2] == "attentions":
            names = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out": "proj_out"}
            return f"{parts[0]}.mid.attn_1.{names[parts[4]]}.{parts[-1]}"
        return f"{parts[0]}.mid.block_{int(parts[3]) + 1}." + ".".join(parts[4:])
    key = key.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")
    parts = key.split(".")
    if parts[1] == "down_blocks":
        inner = "downsample.conv" if parts[3] == "downsamplers" else f"block.{parts[4]}." + parts[5]
        return f"encoder.down.{parts[2]}.{inner}.{parts[-1]}"
    if parts[1] == "up_blocks":
        inner = "upsample.conv" if parts[3] == "upsamplers" else f"block.{parts[4]}." + parts[5]
        return f"decoder.up.{levels - 1 - int(parts[2])}.{inner}.{parts[-1]}"
    return key


def open_clip_state(state):
    """A text encoder's tensors in OpenCLIP's layout: queries, keys and values in one."""
    result = {}
    for key, value in state.items():
        key = key.removeprefix("text_model.")
        for new, old in {
            "embeddings.position_embedding.weight": "positional_embedding",
            "embeddings.token_embedding.weight": "token_embedding.weight",
            "final_layer_norm.": "ln_final.",
            "encoder.layers.": "transformer.resblocks.",
            "layer_norm1": "ln_1",
            "layer_norm2": "ln_2",
            "mlp.fc1": "mlp.c_fc",
            "mlp.fc2": "mlp.c_proj",
            "self_attn.out_proj": "attn.out_proj",
        }.items():
            key = key.replace(new, old)
        if key == "text_projection.weight":
            result["text_projection"] = value.T.contiguous()
        elif "self_attn" not in key:
            result[key] = value
    for key in [key for key in state if key.endswith("q_proj.weight") or key.endswith("q_proj.bias")]:
        layer = key.removeprefix("text_model.").split(".")[2]
        kind = key.split(".")[-1]
        value = torch.cat([state[key.replace("q_proj", part)] for part in ("q_proj", "k_proj", "v_proj")])
        result[f"transformer.resblocks.{layer}.attn.in_proj_{kind}"] = value
    return result


def check(converted, wanted):
    """Every tensor arrives under its name with its values, and none beside them."""
    assert set(converted) == set(wanted), sorted(set(converted) ^ set(wanted))[:5]
    for key, value in wanted.items():
        assert torch.equal(converted[key].reshape(value.shape), value), key


def unet_rows(unet, prefix="model.diffusion_model."):
    state, config = unet.state_dict(), dict(unet.config)
    attends = [name.startswith("CrossAttn") for name in config["up_block_types"]]
    names = {key: prefix + original_unet(key, config, attends) for key in state}
    check(reference.convert_ldm_unet_checkpoint({names[key]: state[key] for key in state}, config), state)
    return [[old, new] for new, old in names.items()]


def vae_rows(vae, prefix="first_stage_model."):
    state, config = vae.state_dict(), dict(vae.config)
    names = {key: prefix + original_vae(key, config) for key in state}
    check(reference.convert_ldm_vae_checkpoint({names[key]: state[key] for key in state}, config), state)
    return [[old, new] for new, old in names.items()]


def text_rows(model, prefix):
    state = {key.removeprefix("text_model."): value for key, value in model.state_dict().items()}
    names = {key: f"{prefix}text_model.{key}" for key in state}
    found = reference.convert_ldm_clip_checkpoint({names[key]: state[key] for key in state})
    check({key.removeprefix("text_model."): value for key, value in found.items()}, state)
    return [[old, f"text_model.{new}"] for new, old in names.items()]


def open_clip_rows(model, prefix):
    """Rows of OpenCLIP's names: the fused tensors have a list of three names."""
    state = {key.removeprefix("text_model."): value for key, value in model.state_dict().items()}
    packed = {prefix + key: value for key, value in open_clip_state(state).items()}
    found = reference.convert_open_clip_checkpoint(model, packed, prefix=prefix)
    check({key.removeprefix("text_model."): value for key, value in found.items()}, state)
    rows = []
    for old in packed:
        alone = reference.convert_open_clip_checkpoint(model, {old: packed[old]}, prefix=prefix)
        names = list(alone)
        rows.append([old, names[0] if len(names) == 1 else names])
    return rows


def tiny_xl():
    source = torch.Generator("cpu").manual_seed(303)
    return {
        "unet": fill(UNet2DConditionModel(**TINY_XL_UNET), source, torch.float16),
        "vae": fill(AutoencoderKL(**TINY_XL_VAE), source, torch.float16),
        "text_encoder": fill(CLIPTextModel(CLIPTextConfig(**TEXT_COMMON, **TINY_XL_TEXT)), source, torch.float16),
        "text_encoder_2": fill(
            CLIPTextModelWithProjection(CLIPTextConfig(**TEXT_COMMON, **TINY_XL_TEXT_2)), source, torch.float16
        ),
    }


def tiny(name):
    folder = ROOT / "models" / name
    return {
        "unet": UNet2DConditionModel.from_pretrained(folder / "unet", torch_dtype=torch.float32),
        "vae": AutoencoderKL.from_pretrained(folder / "vae", torch_dtype=torch.float32),
        "text_encoder": CLIPTextModel.from_pretrained(folder / "text_encoder", torch_dtype=torch.float32),
    }


def control_rows():
    model = ControlNetModel(**TINY_CONTROL)
    state, config = model.state_dict(), dict(model.config)
    state = {key: torch.randn(value.shape) for key, value in state.items()}
    names = {key: "control_model." + original_unet(key, config) for key in state}
    found = reference.convert_controlnet_checkpoint({names[key]: state[key] for key in state}, config)
    check({key: value for key, value in found.items() if value is not None}, state)
    return [[old, new] for new, old in names.items()]


def write_names(xl):
    """The original names of every tensor of four models, and where the reference puts them."""
    sd, sd2 = tiny("tiny_sd"), tiny("tiny_sd2")
    tables = {
        "sd1": {
            "unet": unet_rows(sd["unet"]),
            "vae": vae_rows(sd["vae"]),
            "text_encoder": text_rows(sd["text_encoder"], "cond_stage_model.transformer."),
        },
        "sd2": {
            "unet": unet_rows(sd2["unet"]),
            "vae": vae_rows(sd2["vae"]),
            "text_encoder": open_clip_rows(sd2["text_encoder"], "cond_stage_model.model."),
        },
        "sdxl": {
            "unet": unet_rows(xl["unet"]),
            "text_encoder": text_rows(xl["text_encoder"], "conditioner.embedders.0.transformer."),
            "text_encoder_2": open_clip_rows(xl["text_encoder_2"], "conditioner.embedders.1.model."),
        },
        "controlnet": {"controlnet": control_rows()},
    }
    groups = []
    for kind, parts in tables.items():
        for part, table in parts.items():
            prefix = PREFIXES[part, kind]
            modules, rows = {}, []
            for old, new in table:
                old = old.removeprefix(prefix)
                stem, _, last = old.rpartition(".")
                if last in ("weight", "bias") and isinstance(new, str) and new.endswith("." + last):
                    # Weight and bias of a layer in one row.
                    modules.setdefault((stem, new.rpartition(".")[0]), []).append(last[0])
                else:
                    rows.append(["", old, new])
            rows += [["".join(kinds), old, new] for (old, new), kinds in modules.items()]
            groups.append({"model": kind, "part": part, "prefix": prefix, "rows": rows})
    save_json_rows("community/names.json", {"columns": "tensors, original, diffusers"}, "parts", groups)


# MARK: LoRA


class Adapter:
    """Draws the low-rank factors of an adapter."""

    def __init__(self, seed):
        self.source = torch.Generator("cpu").manual_seed(seed)

    def pair(self, weight, rank, dtype=torch.float16):
        """The narrowing and the widening factor for a matrix or a convolution."""
        down = torch.randn([rank, *weight.shape[1:]], generator=self.source) * 0.4
        up = torch.randn([weight.shape[0], rank] + [1] * (weight.ndim - 2), generator=self.source) * 0.4
        return down.to(dtype), up.to(dtype)


UNET_LAYERS = {
    "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q": 2,
    "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k": 3,
    "down_blocks.1.attentions.1.transformer_blocks.0.attn1.to_out.0": 4,
    "mid_block.attentions.0.transformer_blocks.0.attn2.to_v": 2,
    "up_blocks.2.attentions.2.transformer_blocks.0.ff.net.2": 2,
}
TEXT_LAYERS = {"encoder.layers.0.self_attn.q_proj": 2, "encoder.layers.1.self_attn.out_proj": 3}
MORE_UNET_LAYERS = {
    "down_blocks.0.attentions.1.proj_in": 3,
    "up_blocks.1.attentions.0.proj_out": 2,
    "down_blocks.1.resnets.0.conv_shortcut": 2,
    "down_blocks.1.resnets.0.time_emb_proj": 2,
    "down_blocks.0.resnets.0.conv2": 3,
    "conv_in": 2,
    "time_embedding.linear_1": 2,
}


def module_weights(model):
    return {name: module.weight for name, module in model.named_modules() if getattr(module, "weight", None) is not None}


def pipeline(parts):
    tokenizer = CLIPTokenizer.from_pretrained(ROOT / "models/tiny_sd/tokenizer")
    if "text_encoder_2" in parts:
        return StableDiffusionXLPipeline(
            **parts, tokenizer=tokenizer, tokenizer_2=tokenizer, scheduler=EulerDiscreteScheduler()
        )
    return StableDiffusionPipeline(
        **parts,
        tokenizer=tokenizer,
        scheduler=EulerDiscreteScheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def states(parts):
    """All weights of a model's networks, by network and name."""
    result = {}
    for part, model in parts.items():
        for key, value in model.state_dict().items():
            # What the adapters left behind of themselves is no weight of the model.
            key = key.replace(".base_layer.", ".")
            if "lora_" in key:
                continue
            if part.startswith("text_encoder") and not key.startswith(("text_model.", "text_projection")):
                key = "text_model." + key
            result[f"{part}/{key}"] = value.clone()
    return result


def fused(parts, files):
    """What the reference makes of a model with these files and strengths, where that differs from the model."""
    before = states(parts)
    pipe = pipeline(parts)
    names = []
    for number, (file, strength) in enumerate(files):
        pipe.load_lora_weights(FOLDER, weight_name=file, adapter_name=f"a{number}")
        names.append((f"a{number}", strength))
    pipe.set_adapters([name for name, _ in names], [strength for _, strength in names])
    components = [part for part in parts if part != "vae"]
    pipe.fuse_lora(components=components)
    pipe.unload_lora_weights()
    after = states(parts)
    return {key: value for key, value in after.items() if not torch.equal(value, before[key])}, before


def write_lora(name, tensors, metadata=None):
    save_tensors(FOLDER / f"{name}.safetensors", tensors, metadata or {"format": "pt"})
    return f"{name}.safetensors"


def diffusers_lora():
    """The present layout of diffusers: lora_A and lora_B, no alpha."""
    parts, draw, tensors = tiny("tiny_sd"), Adapter(1), {}
    for part, layers in (("unet", UNET_LAYERS), ("text_encoder", TEXT_LAYERS)):
        weights = module_weights(parts[part])
        for layer, rank in layers.items():
            down, up = draw.pair(weights[layer], rank)
            name = layer if part == "unet" else f"text_model.{layer}"
            tensors[f"{part}.{name}.lora_A.weight"], tensors[f"{part}.{name}.lora_B.weight"] = down, up
    return write_lora("lora_diffusers", tensors)


def dora_lora():
    """The same with magnitudes: DoRA, of a matrix and of a convolution."""
    parts, draw, tensors = tiny("tiny_sd"), Adapter(9), {}
    weights = module_weights(parts["unet"])
    for layer, rank in list(UNET_LAYERS.items())[:3] + list(MORE_UNET_LAYERS.items()):
        down, up = draw.pair(weights[layer], rank)
        rows = weights[layer].flatten(1).norm(dim=1)
        lengths = rows * (1 + torch.linspace(-0.2, 0.3, len(rows)))
        tensors[f"unet.{layer}.lora_A.weight"], tensors[f"unet.{layer}.lora_B.weight"] = down, up
        tensors[f"unet.{layer}.lora_magnitude_vector"] = lengths if down.ndim == 2 else lengths[None, :, None, None]
    return write_lora("lora_dora", tensors)


def dora_beside(files):
    """Weights that, used alone, are what the reference computes with several active adapters at once.

    Magnitudes are measured at the weight as it was, and multiply what the adapters before have made of the outputs: what
    it fuses one after the other would be something else. The weight is read off the layer's outputs for unit inputs.
    """
    parts = tiny("tiny_sd")
    before = states(parts)
    pipe = pipeline(parts)
    for number, (file, _) in enumerate(files):
        pipe.load_lora_weights(FOLDER, weight_name=file, adapter_name=f"a{number}")
    pipe.set_adapters([f"a{number}" for number in range(len(files))], [strength for _, strength in files])
    found = {}
    for part in ("unet", "text_encoder"):
        for name, module in parts[part].named_modules():
            if not hasattr(module, "lora_A"):
                continue
            base = module.get_base_layer()
            key = name if part == "unet" or name.startswith("text_model") else f"text_model.{name}"
            key = f"{part}/{key}.weight"
            if isinstance(base, torch.nn.Linear):
                inputs = torch.eye(base.in_features)
                found[key] = (module(inputs) - module(torch.zeros_like(inputs))).detach().T.contiguous()
            else:
                height, width = base.kernel_size
                count = base.in_channels * height * width
                patches = torch.eye(count).reshape(count, base.in_channels, height, width)
                for inner in [base, *module.lora_A.values()]:
                    inner.padding, inner.stride = (0, 0), (1, 1)
                outputs = module(patches) - module(torch.zeros_like(patches))
                found[key] = outputs.detach()[:, :, 0, 0].T.reshape(base.weight.shape).contiguous()
    return {key: value for key, value in found.items() if not torch.equal(value, before[key])}


def older_lora():
    """The former layout of diffusers: attention processors in the UNet, lora_linear_layer in the text encoder."""
    parts, draw, tensors = tiny("tiny_sd"), Adapter(2), {}
    weights = module_weights(parts["unet"])
    for layer, rank in UNET_LAYERS.items():
        down, up = draw.pair(weights[layer], rank, torch.float32)
        if ".attn" in layer:
            attention, _, last = layer.removesuffix(".0").rpartition(".")
            stem = f"unet.{attention}.processor.{last}_lora"
        else:
            stem = f"unet.{layer}.lora"
        tensors[f"{stem}.down.weight"], tensors[f"{stem}.up.weight"] = down, up
    weights = module_weights(parts["text_encoder"])
    for layer, rank in {**TEXT_LAYERS, "encoder.layers.1.mlp.fc1": 2}.items():
        down, up = draw.pair(weights[layer], rank, torch.float32)
        stem = f"text_encoder.text_model.{layer}.lora_linear_layer"
        tensors[f"{stem}.down.weight"], tensors[f"{stem}.up.weight"] = down, up
    return write_lora("lora_older", tensors)


def kohya_lora():
    """kohya's layout for SD 1.x: an alpha and a rank a layer, convolutions of 3x3 and 1x1."""
    parts, draw, tensors = tiny("tiny_sd"), Adapter(3), {}
    for part, prefix, layers in (
        ("unet", "lora_unet_", {**UNET_LAYERS, **MORE_UNET_LAYERS}),
        ("text_encoder", "lora_te_text_model_", {**TEXT_LAYERS, "encoder.layers.1.mlp.fc1": 2}),
    ):
        weights = module_weights(parts[part])
        for layer, rank in layers.items():
            down, up = draw.pair(weights[layer], rank)
            stem = prefix + layer.replace(".", "_")
            tensors[f"{stem}.lora_down.weight"], tensors[f"{stem}.lora_up.weight"] = down, up
            # The reference loses an alpha of attention, or of a text encoder, that is not the most frequent one.
            usual = part == "text_encoder" or ".attn" in layer
            tensors[f"{stem}.alpha"] = torch.tensor(1.0 if usual else 0.5 + rank / 4).half()
    return write_lora("lora_kohya", tensors)


def metadata_lora():
    """The layout of diffusers with its metadata: alphas, one of them by pattern, divided by the root of the rank."""
    parts, draw, tensors = tiny("tiny_sd"), Adapter(4), {}
    weights = module_weights(parts["unet"])
    layers = {layer: 4 for layer in UNET_LAYERS}
    for layer, rank in layers.items():
        down, up = draw.pair(weights[layer], rank)
        tensors[f"unet.{layer}.lora_A.weight"], tensors[f"unet.{layer}.lora_B.weight"] = down, up
    config = {
        "unet.r": 4,
        "unet.lora_alpha": 6.0,
        "unet.alpha_pattern": {"mid_block.attentions.0.transformer_blocks.0.attn2.to_v": 3.0},
        "unet.use_rslora": True,
        "unet.target_modules": sorted(layers),
    }
    return write_lora("lora_metadata", tensors, {"format": "pt", "lora_adapter_metadata": json.dumps(config)})


def xl_lora(parts):
    """kohya's layout for SDXL: the original numbers of the UNet's blocks, two text encoders."""
    draw, tensors = Adapter(5), {}
    config, attends = dict(parts["unet"].config), [True, True, False]
    layers = {
        "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q": 2,
        "down_blocks.2.attentions.1.transformer_blocks.1.attn2.to_k": 2,
        "down_blocks.2.attentions.0.proj_in": 3,
        "mid_block.attentions.0.transformer_blocks.1.ff.net.0.proj": 2,
        "up_blocks.0.attentions.2.transformer_blocks.0.attn2.to_out.0": 2,
        "up_blocks.1.attentions.1.proj_out": 2,
        "down_blocks.1.resnets.0.conv1": 2,
        "down_blocks.0.downsamplers.0.conv": 2,
        "up_blocks.1.upsamplers.0.conv": 2,
        "up_blocks.2.resnets.0.conv_shortcut": 2,
        "add_embedding.linear_1": 2,
    }
    weights = module_weights(parts["unet"])
    for layer, rank in layers.items():
        down, up = draw.pair(weights[layer], rank)
        stem = "lora_unet_" + original_unet(layer + ".weight", config, attends).removesuffix(".weight").replace(".", "_")
        tensors[f"{stem}.lora_down.weight"], tensors[f"{stem}.lora_up.weight"] = down, up
        tensors[f"{stem}.alpha"] = torch.tensor(1.5)
    for part, prefix in (("text_encoder", "lora_te1_"), ("text_encoder_2", "lora_te2_")):
        weights = {name.removeprefix("text_model."): value for name, value in module_weights(parts[part]).items()}
        for layer, rank in TEXT_LAYERS.items():
            down, up = draw.pair(weights[layer], rank)
            stem = f"{prefix}text_model_{layer}".replace(".", "_")
            tensors[f"{stem}.lora_down.weight"], tensors[f"{stem}.lora_up.weight"] = down, up
            tensors[f"{stem}.alpha"] = torch.tensor(1.0)
    return write_lora("lora_xl", tensors)


def peft_lora():
    """PEFT's own layout: a folder with the adapter's configuration, loaded and merged by PEFT."""
    from peft import LoraConfig, PeftModel, get_peft_model

    folder = FOLDER / "lora_peft"
    shutil.rmtree(folder, ignore_errors=True)
    unet, draw = tiny("tiny_sd")["unet"], Adapter(6)
    layers = [layer for layer in UNET_LAYERS if ".attn" in layer]
    config = LoraConfig(r=3, lora_alpha=5, target_modules=layers, alpha_pattern={layers[0]: 2})
    model = get_peft_model(unet, config)
    for name, value in model.named_parameters():
        if "lora_" in name:
            value.copy_((torch.randn(value.shape, generator=draw.source) * 0.4).half().float())
    with tempfile.TemporaryDirectory() as saved:
        model.save_pretrained(saved)
        settings = json.loads((Path(saved) / "adapter_config.json").read_text())
        from safetensors.torch import load_file

        tensors = load_file(Path(saved) / "adapter_model.safetensors")
    save_tensors(folder / "adapter_model.safetensors", {key: value.half() for key, value in tensors.items()})
    settings["base_model_name_or_path"] = None
    settings["target_modules"] = sorted(settings["target_modules"])
    (folder / "adapter_config.json").write_text(json.dumps(settings, indent=1, sort_keys=True) + "\n")
    unet = tiny("tiny_sd")["unet"]
    before = {f"unet/{key}": value.clone() for key, value in unet.state_dict().items()}
    merged = PeftModel.from_pretrained(unet, folder).merge_and_unload().state_dict()
    return {f"unet/{key}": value for key, value in merged.items() if not torch.equal(value, before[f"unet/{key}"])}


def tucker_lora():
    """A convolution with a third one between its factors, which the reference does not read; the sum is LyCORIS's."""
    unet, draw = tiny("tiny_sd")["unet"], Adapter(7)
    layer = "down_blocks.0.resnets.0.conv1"
    weight = module_weights(unet)[layer]
    random = lambda *shape: (torch.randn(shape, generator=draw.source) * 0.4).half()
    down, mid, up = random(3, weight.shape[1], 1, 1), random(4, 3, 3, 3), random(weight.shape[0], 4, 1, 1)
    stem = "lora_unet_" + layer.replace(".", "_")
    tensors = {
        f"{stem}.lora_down.weight": down,
        f"{stem}.lora_mid.weight": mid,
        f"{stem}.lora_up.weight": up,
        f"{stem}.alpha": torch.tensor(2.0),
    }
    write_lora("lora_tucker", tensors)
    product = torch.einsum("op,pqkl,qi->oikl", up[:, :, 0, 0].double(), mid.double(), down[:, :, 0, 0].double())
    return {f"unet/{layer}.weight": (weight.double() + product * 2 / 3).float()}


def write_merged(xl):
    """What the reference makes of the weights that each adapter changes."""
    results = {}
    for case, files in {
        "diffusers": [(diffusers_lora(), 0.7)],
        "older": [(older_lora(), 1.0)],
        "kohya": [(kohya_lora(), 0.8)],
        "metadata": [(metadata_lora(), 1.0)],
        "several": [("lora_diffusers.safetensors", 0.5), ("lora_metadata.safetensors", -0.25), ("lora_older.safetensors", 1.5)],
    }.items():
        results[case], _ = fused(tiny("tiny_sd"), files)
    results["dora"], _ = fused(tiny("tiny_sd"), [(dora_lora(), 0.7)])
    results["dora and others"] = dora_beside([("lora_diffusers.safetensors", 0.5), ("lora_dora.safetensors", 0.7)])
    results["xl"], before = fused(xl, [(xl_lora(xl), 0.9)])
    results["peft"] = peft_lora()
    results["tucker"] = tucker_lora()
    tensors = {f"{case}/{key}": value for case, found in results.items() for key, value in found.items()}
    tensors |= {f"xl_before/{key}": before[key].half() for key in results["xl"]}
    save_fixture("community/merged.safetensors", tensors)


# MARK: Textual inversion

TOKENS = ["<cat-toy>", "<cat-toy>_1", "<cat-toy>_2", "<Big-Cat>", "sks", "easynegative", "a.b"]
PROMPTS = [
    "a <cat-toy> on a table",
    "a<cat-toy>b",
    "<cat-toy><cat-toy>",
    "<cat-toy>_1",
    "<cat-toy>_10",
    "<CAT-TOY> and <big-cat> and <Big-Cat>",
    "sks",
    "tasks of sksk",
    "a photo of sks dog, easynegative",
    "EasyNegative, a.b, a.bc",
    "<|endoftext|> sks <|startoftext|>",
    "",
]


def write_tokens():
    """Ids of texts with added tokens, and the reference's expansion of tokens of several vectors."""
    tokenizer = CLIPTokenizer.from_pretrained(ROOT / "tokenizer/small")
    pipe = pipeline(tiny("tiny_sd"))
    for token in TOKENS:
        tokenizer.add_tokens(token)
    rows = []
    for text in PROMPTS:
        expanded = pipe.maybe_convert_prompt(text, tokenizer)
        ids = lambda text: tokenizer(text, add_special_tokens=False)["input_ids"]
        rows.append({"text": text, "ids": ids(text), "expanded": expanded, "expanded_ids": ids(expanded)})
    head = {"tokens": TOKENS, "first_id": tokenizer.convert_tokens_to_ids(TOKENS[0])}
    save_json_rows("community/tokens.json", head, "cases", rows)


def make():
    torch.manual_seed(404)
    shutil.rmtree(FOLDER, ignore_errors=True)
    xl = tiny_xl()
    write_names(xl)
    write_merged(xl)
    write_tokens()
