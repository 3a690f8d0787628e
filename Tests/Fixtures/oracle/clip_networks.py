"""Text encoders as SDXL runs them, a vision encoder, and the image projections of IP-Adapter, all tiny and random."""

import json

import torch
from diffusers.loaders.unet import UNet2DConditionLoadersMixin
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
)

from .writing import save_fixture

FOLDER = "clip_networks"
VOCABULARY, LENGTH = 48, 9
START, END = 46, 47

TEXT = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_attention_heads": 2,
    "num_hidden_layers": 3,
    "max_position_embeddings": LENGTH,
    "vocab_size": VOCABULARY,
}
TEXT_CASES = {
    "plain_legacy": (CLIPTextModel, 11, {"hidden_act": "quick_gelu", "eos_token_id": 2}),
    "plain": (CLIPTextModel, 12, {"hidden_act": "gelu", "eos_token_id": END}),
    "projecting_legacy": (CLIPTextModelWithProjection, 13, {"hidden_act": "gelu", "eos_token_id": 2, "projection_dim": 12}),
    "projecting": (CLIPTextModelWithProjection, 14, {"hidden_act": "quick_gelu", "eos_token_id": END, "projection_dim": 20}),
}  # fmt: skip
# Ends in the middle, at the end, right after the start, twice; the last row has none: the reference takes place 0.
IDS = [
    [START, 5, 6, 7, END, END, END, END, END],
    [START, 1, 2, 3, 4, 5, 6, 7, END],
    [START, END, 0, 0, 0, 0, 0, 0, 0],
    [START, 45, END, 3, END, 0, 0, 0, 0],
    [9, 8, 45, 30, 45, 20, 10, 0, 44],
]
# Two tokens after the vocabulary; the legacy rule takes the larger one for the end.
ADDED_IDS = [[START, 5, VOCABULARY, VOCABULARY + 1, END, 0, 0, 0, 0], [START, VOCABULARY + 1, 7, END, END, END, 0, 0, 0]]
VISION = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_attention_heads": 2,
    "num_hidden_layers": 3,
    "image_size": 14,
    "patch_size": 4,
    "projection_dim": 12,
}
VISION_CASES = {"vision_quick_gelu": (21, {"hidden_act": "quick_gelu"}), "vision_gelu": (22, {"hidden_act": "gelu"})}


def draw(name, shape, source):
    """A weight that is a float16 value: norms around 1, matrices that keep sizes, the rest small."""
    values = torch.randn(shape, generator=source)
    if "norm" in name and name.endswith("weight"):
        values = 1 + 0.25 * values
    elif name.endswith("bias"):
        values = 0.25 * values
    elif "embedding" not in name and len(shape) > 1:
        values = 1.5 * values / (values[0].numel() ** 0.5)
    return values.half()


def randomize(model, seed):
    """Draws every weight; returns them under their names, as stored."""
    source = torch.Generator("cpu").manual_seed(seed)
    weights = {name: draw(name, tensor.shape, source) for name, tensor in sorted(model.state_dict().items())}
    model.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    model.eval()
    return {f"weights/{name}": tensor for name, tensor in weights.items()}


def config_text(config, architecture):
    return json.dumps({**config, "architectures": [architecture.__name__]}, sort_keys=True)


def text_call(model, ids):
    """All hidden states and the pooled output, projected where the model projects."""
    ids = torch.tensor(ids)
    result = model(ids, output_hidden_states=True)
    pooled = result.text_embeds if hasattr(result, "text_embeds") else result.pooler_output
    return {
        "input_ids": ids,
        "pooled": pooled,
        "last_hidden_state": result.last_hidden_state,
        **{f"hidden_states_{index}": state for index, state in enumerate(result.hidden_states)},
    }


def save_text(name):
    architecture, seed, changes = TEXT_CASES[name]
    config = {**TEXT, **changes}
    model = architecture(CLIPTextConfig(**config))
    tensors = randomize(model, seed)
    tensors.update(text_call(model, IDS))
    added = torch.randn((2, TEXT["hidden_size"]), generator=torch.Generator("cpu").manual_seed(seed + 100))
    table = model.get_input_embeddings()
    model.set_input_embeddings(torch.nn.Embedding.from_pretrained(torch.cat([table.weight, added])))
    call = text_call(model, ADDED_IDS)
    kept = ("input_ids", "pooled", "last_hidden_state")
    tensors.update({"added/tokens": added, **{f"added/{key}": call[key] for key in kept}})
    save_fixture(f"{FOLDER}/{name}.safetensors", tensors, seed=seed, config=config_text(config, architecture))


def save_vision(name):
    seed, changes = VISION_CASES[name]
    config = {**VISION, **changes}
    model = CLIPVisionModelWithProjection(CLIPVisionConfig(**config))
    tensors = randomize(model, seed)
    source = torch.Generator("cpu").manual_seed(seed + 100)
    pixels = torch.randn((2, 3, config["image_size"], config["image_size"]), generator=source)
    result = model(pixels, output_hidden_states=True)
    tensors.update({"pixel_values": pixels, "image_embeds": result.image_embeds})
    tensors.update({f"hidden_states_{index}": state for index, state in enumerate(result.hidden_states)})
    zeros = model(torch.zeros_like(pixels[:1]), output_hidden_states=True)
    tensors["zeros/hidden_states_-2"] = zeros.hidden_states[-2]
    save_fixture(
        f"{FOLDER}/{name}.safetensors", tensors, seed=seed, config=config_text(config, CLIPVisionModelWithProjection)
    )


def linear(name, rows, columns, bias=True):
    shapes = {f"{name}.weight": (rows, columns)}
    return {**shapes, f"{name}.bias": (rows,)} if bias else shapes


def norm(name, width):
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def plain_shapes(embed=12, width=8, tokens=4):
    return {**linear("proj", tokens * width, embed), **norm("norm", width)}


def full_shapes(embed=16, width=8):
    return {**linear("proj.0", embed, embed), **linear("proj.2", width, embed), **norm("proj.3", width)}


def plus_shapes(embed=16, hidden=8, heads=2, width=12, tokens=3, depth=4):
    inner = 64 * heads
    shapes = {"latents": (1, tokens, hidden), **linear("proj_in", hidden, embed), **linear("proj_out", width, hidden)}
    shapes.update(norm("norm_out", width))
    for index in range(depth):
        layer = f"layers.{index}"
        shapes.update({**norm(f"{layer}.0.norm1", hidden), **norm(f"{layer}.0.norm2", hidden)})
        shapes.update(linear(f"{layer}.0.to_q", inner, hidden, bias=False))
        shapes.update(linear(f"{layer}.0.to_kv", 2 * inner, hidden, bias=False))
        shapes.update(linear(f"{layer}.0.to_out", hidden, inner, bias=False))
        shapes.update(norm(f"{layer}.1.0", hidden))
        shapes.update(linear(f"{layer}.1.1", 4 * hidden, hidden, bias=False))
        shapes.update(linear(f"{layer}.1.3", hidden, 4 * hidden, bias=False))
    return shapes


class Loader(UNet2DConditionLoadersMixin):
    """What the reference's conversion asks of a network."""

    dtype, device = torch.float32, torch.device("cpu")


def save_projections():
    """The keys are those of the published files; the reference turns them into its own modules."""
    cases = {
        "image_projection": (plain_shapes(), (3, 12), 31),
        "image_projection_full": (full_shapes(), (2, 10, 16), 32),
        "image_projection_plus": (plus_shapes(), (2, 10, 16), 33),
    }
    for name, (shapes, size, seed) in cases.items():
        source = torch.Generator("cpu").manual_seed(seed)
        norms = ("proj.3", ".1.0.")
        weights = {
            key: draw("norm." + key if any(part in key for part in norms) else key, shape, source)
            for key, shape in sorted(shapes.items())
        }
        module = Loader()._convert_ip_adapter_image_proj_to_diffusers(
            {key: value.float() for key, value in weights.items()}, low_cpu_mem_usage=False
        )
        inputs = torch.randn(size, generator=source)
        tensors = {f"image_proj.{key}": value for key, value in weights.items()}
        tensors.update({"input": inputs, "output": module(inputs)})
        save_fixture(f"{FOLDER}/{name}.safetensors", tensors, seed=seed, kind=type(module).__name__)


def make():
    for name in TEXT_CASES:
        save_text(name)
    for name in VISION_CASES:
        save_vision(name)
    save_projections()
