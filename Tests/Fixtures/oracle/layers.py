"""Single layers with small odd sizes: inputs, weights and outputs as the reference lays them out."""

import torch
import torch.nn.functional as functional
from diffusers.models.activations import GEGLU
from diffusers.models.attention_processor import Attention
from diffusers.models.downsampling import Downsample2D
from diffusers.models.embeddings import TimestepEmbedding, get_timestep_embedding
from diffusers.models.resnet import ResnetBlock2D
from diffusers.models.transformers.transformer_2d import Transformer2DModel
from diffusers.models.upsampling import Upsample2D
from torch import nn
from transformers.activations import ACT2FN

from .writing import REFERENCE, save_fixture, save_json_rows

SEED = 77


class Recorder:
    """Collects `NAME/input...`, `NAME/weights/KEY`, `NAME/output` and one row of settings a layer."""

    def __init__(self):
        self.source = torch.Generator("cpu").manual_seed(SEED)
        self.tensors, self.rows = {}, []

    def normal(self, *shape):
        return torch.randn(shape, generator=self.source)

    def filled(self, module):
        """The module with new weights of a size that keeps its output near 1."""
        for parameter in module.parameters():
            value = self.normal(*parameter.shape)
            parameter.copy_(0.3 * value + 0.2 if parameter.ndim == 1 else value / parameter[0].numel() ** 0.5)
        return module.eval()

    def add(self, name, kind, output, inputs, weights=None, **settings):
        entries = {**inputs, "output": output}
        entries.update({f"weights/{key}": value for key, value in (weights or {}).items()})
        self.tensors.update({f"{name}/{key}": value.contiguous() for key, value in entries.items()})
        self.rows.append({"name": name, "kind": kind, **settings})


def convolutions(record):
    cases = [
        # name, in, out, kernel, stride, padding, height, width
        ("conv3x3", 5, 7, 3, 1, 1, 6, 9),
        ("conv3x3_even", 8, 16, 3, 1, 1, 8, 8),
        ("conv3x3_one_pixel", 4, 4, 3, 1, 1, 1, 1),
        ("conv3x3_one_row", 4, 3, 3, 1, 1, 1, 11),
        ("conv3x3_unpadded", 3, 5, 3, 1, 0, 5, 7),
        ("conv3x3_stride2", 4, 6, 3, 2, 1, 8, 10),
        ("conv3x3_stride2_odd", 4, 6, 3, 2, 1, 7, 9),
        ("conv1x1", 7, 5, 1, 1, 0, 5, 3),
        ("conv1x1_stride2", 3, 2, 1, 2, 0, 5, 4),
        ("conv5x5", 3, 4, 5, 1, 2, 6, 7),
    ]
    for name, channels, filters, kernel, stride, padding, height, width in cases:
        layer = record.filled(nn.Conv2d(channels, filters, kernel, stride=stride, padding=padding))
        image = record.normal(2, channels, height, width)
        record.add(name, "Conv2d", layer(image), {"input": image}, layer.state_dict(),
                   kernel=kernel, stride=stride, padding=[padding] * 4)  # fmt: skip
    layer = record.filled(nn.Conv2d(4, 4, 3, stride=2, padding=0))
    for name, height, width in (("conv3x3_stride2_right_bottom", 8, 10), ("conv3x3_stride2_right_bottom_odd", 7, 9)):
        image = record.normal(2, 4, height, width)
        padded = functional.pad(image, (0, 1, 0, 1))
        record.add(name, "Conv2d", layer(padded), {"input": image}, layer.state_dict(),
                   kernel=3, stride=2, padding=[0, 1, 0, 1], padding_order="left right top bottom")  # fmt: skip
    layer = record.filled(nn.Conv2d(3, 4, 3, padding=1, bias=False))
    image = record.normal(1, 3, 4, 5)
    record.add("conv3x3_no_bias", "Conv2d", layer(image), {"input": image}, layer.state_dict(),
               kernel=3, stride=1, padding=[1] * 4)  # fmt: skip


def norms(record):
    for name, groups, channels, eps, offset in (
        ("group_norm", 8, 24, 1e-5, 0.0),
        ("group_norm_one_group", 1, 6, 1e-6, 0.0),
        ("group_norm_offset", 4, 8, 1e-6, 40.0),
    ):
        layer = record.filled(nn.GroupNorm(groups, channels, eps=eps))
        image = record.normal(2, channels, 3, 5) + offset
        record.add(name, "GroupNorm", layer(image), {"input": image}, layer.state_dict(), groups=groups, eps=eps)
        output = functional.silu(layer(image))
        record.add(f"{name}_silu", "GroupNorm+SiLU", output, {"input": image}, layer.state_dict(), groups=groups, eps=eps)
    for name, width, offset in (("layer_norm", 33, 0.0), ("layer_norm_offset", 16, -25.0), ("layer_norm_one", 1, 0.0)):
        layer = record.filled(nn.LayerNorm(width, eps=1e-5))
        rows = record.normal(2, 7, width) + offset
        record.add(name, "LayerNorm", layer(rows), {"input": rows}, layer.state_dict(), eps=1e-5)


def activations(record):
    extremes = torch.tensor([-100.0, -30.0, -0.0, 0.0, 1e-20, -1e-20, 30.0, 100.0])
    values = torch.cat([torch.linspace(-12, 12, 193), extremes])
    functions = {
        "silu": functional.silu,
        "gelu": functional.gelu,
        "gelu_tanh": lambda value: functional.gelu(value, approximate="tanh"),
        "quick_gelu": ACT2FN["quick_gelu"],
    }
    for name, function in functions.items():
        record.add(name, "activation", function(values), {"input": values})
    for name, shape, scale in (("softmax", (2, 3, 7), 1.0), ("softmax_one", (3, 1), 1.0), ("softmax_large", (4, 77), 60.0)):
        rows = record.normal(*shape) * scale
        record.add(name, "softmax", torch.softmax(rows, dim=-1), {"input": rows})
    layer = record.filled(GEGLU(10, 12))
    rows = record.normal(2, 5, 10)
    record.add("geglu", "GEGLU", layer(rows), {"input": rows}, layer.state_dict())
    for name, bias in (("linear", True), ("linear_no_bias", False)):
        layer = record.filled(nn.Linear(9, 14, bias=bias))
        rows = record.normal(2, 5, 9)
        record.add(name, "Linear", layer(rows), {"input": rows}, layer.state_dict())


def attentions(record):
    for name, batch, heads, queries, keys, width in (
        ("attention_cross", 2, 3, 35, 77, 8),
        ("attention_one", 1, 1, 1, 1, 4),
        ("attention_self", 2, 2, 17, 17, 20),
        ("attention_odd", 1, 5, 63, 13, 5),
    ):
        query, key = record.normal(batch, heads, queries, width), record.normal(batch, heads, keys, width)
        value = record.normal(batch, heads, keys, width)
        output = functional.scaled_dot_product_attention(query, key, value)
        record.add(name, "scaled_dot_product_attention", output, {"query": query, "key": key, "value": value}, causal=False)
    query, key, value = (record.normal(2, 2, 9, 6) for _ in range(3))
    output = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
    record.add("attention_causal", "scaled_dot_product_attention", output,
               {"query": query, "key": key, "value": value}, causal=True)  # fmt: skip
    query, key, value = record.normal(1, 1, 6, 4) * 20, record.normal(1, 1, 11, 4) * 20, record.normal(1, 1, 11, 4)
    output = functional.scaled_dot_product_attention(query, key, value)
    record.add("attention_large_scores", "scaled_dot_product_attention", output,
               {"query": query, "key": key, "value": value}, causal=False)  # fmt: skip

    layer = record.filled(Attention(query_dim=12, heads=3, dim_head=4))
    rows = record.normal(2, 15, 12)
    record.add("attention_layer_self", "Attention", layer(rows), {"input": rows}, layer.state_dict(), heads=3)
    layer = record.filled(Attention(query_dim=12, cross_attention_dim=10, heads=2, dim_head=6))
    context = record.normal(2, 7, 10)
    record.add("attention_layer_cross", "Attention", layer(rows, encoder_hidden_states=context),
               {"input": rows, "context": context}, layer.state_dict(), heads=2)  # fmt: skip
    layer = record.filled(
        Attention(8, heads=1, dim_head=8, bias=True, norm_num_groups=4, eps=1e-6, residual_connection=True)
    )
    image = record.normal(2, 8, 3, 5)
    record.add("attention_layer_image", "Attention of the autoencoder", layer(image), {"input": image},
               layer.state_dict(), heads=1, groups=4, eps=1e-6)  # fmt: skip


def residual_blocks(record):
    for name, channels, filters, time, eps in (
        ("resnet", 8, 8, 20, 1e-5),
        ("resnet_shortcut", 8, 12, 20, 1e-5),
        ("resnet_no_time", 8, 4, None, 1e-6),
    ):
        layer = record.filled(
            ResnetBlock2D(in_channels=channels, out_channels=filters, temb_channels=time, groups=4, eps=eps)
        )
        image = record.normal(2, channels, 5, 3)
        embedding = None if time is None else record.normal(2, time)
        inputs = {"input": image} if time is None else {"input": image, "time_embedding": embedding}
        record.add(name, "ResnetBlock2D", layer(image, embedding), inputs, layer.state_dict(), groups=4, eps=eps)


def transformers(record):
    for name, linear, height, width, context_length in (
        ("transformer_conv", False, 5, 3, 7),
        ("transformer_linear", True, 3, 4, 77),
    ):
        layer = record.filled(
            Transformer2DModel(
                num_attention_heads=2, attention_head_dim=4, in_channels=8, cross_attention_dim=10,
                norm_num_groups=4, use_linear_projection=linear,
            )  # fmt: skip
        )
        image, context = record.normal(2, 8, height, width), record.normal(2, context_length, 10)
        output = layer(image, encoder_hidden_states=context).sample
        record.add(name, "Transformer2DModel", output, {"input": image, "context": context}, layer.state_dict(),
                   heads=2, groups=4, use_linear_projection=linear)  # fmt: skip
    block = layer.transformer_blocks[0]
    rows = record.normal(2, 6, 8)
    record.add("transformer_block", "BasicTransformerBlock", block(rows, encoder_hidden_states=context),
               {"input": rows, "context": context}, block.state_dict(), heads=2)  # fmt: skip


def resampling(record):
    for name, padding, height, width in (
        ("downsample", 1, 8, 6), ("downsample_odd", 1, 7, 5), ("downsample_asymmetric", 0, 8, 6),
        ("downsample_asymmetric_odd", 0, 7, 5),
    ):  # fmt: skip
        layer = record.filled(Downsample2D(4, use_conv=True, padding=padding, name="op"))
        image = record.normal(2, 4, height, width)
        record.add(name, "Downsample2D", layer(image), {"input": image}, layer.state_dict(), padding=padding)
    layer = record.filled(Upsample2D(4, use_conv=True))
    image = record.normal(2, 4, 3, 5)
    record.add("upsample", "Upsample2D", layer(image), {"input": image}, layer.state_dict())
    for size in ((5, 9), (6, 9), (7, 11)):
        record.add(f"upsample_to_{size[0]}x{size[1]}", "Upsample2D", layer(image, output_size=size),
                   {"input": image}, layer.state_dict(), output_size=list(size))  # fmt: skip
    nearest = functional.interpolate(image, scale_factor=2.0, mode="nearest")
    record.add("nearest_twice", "interpolate", nearest, {"input": image})
    for size in ((5, 9), (1, 1), (3, 5), (7, 13)):
        nearest = functional.interpolate(image, size=size, mode="nearest")
        record.add(f"nearest_to_{size[0]}x{size[1]}", "interpolate", nearest, {"input": image}, output_size=list(size))


def time_embeddings(record):
    times = torch.tensor([0.0, 1.0, 17.0, 500.5, 999.0])
    for width in (16, 320, 7):
        for flip in (True, False):
            for shift in (0, 1):
                output = get_timestep_embedding(times, width, flip_sin_to_cos=flip, downscale_freq_shift=shift)
                record.add(f"timesteps_{width}_{'cos' if flip else 'sin'}_{shift}", "Timesteps", output,
                           {"input": times}, flip_sin_to_cos=flip, freq_shift=shift, width=width)  # fmt: skip
    layer = record.filled(TimestepEmbedding(16, 24))
    rows = record.normal(3, 16)
    record.add("timestep_embedding", "TimestepEmbedding", layer(rows), {"input": rows}, layer.state_dict())


def make():
    record = Recorder()
    for part in (
        convolutions, norms, activations, attentions, residual_blocks, transformers, resampling, time_embeddings
    ):  # fmt: skip
        part(record)
    save_fixture("layers/layers.safetensors", record.tensors, seed=SEED)
    save_json_rows("layers/layers.json", {"reference": REFERENCE}, "layers", record.rows)
    print(len(record.rows), "layers")
