"""Networks that are led by more than text: UNets of SDXL, control networks and IP-Adapters, all tiny and random.

Each file holds a network's weights (float16 values), its inputs and outputs, and what it holds between its blocks.
"""

import json

import torch
from diffusers import ControlNetModel, UNet2DConditionModel

from .models import fill, load
from .networks import Tap, unet_blocks
from .writing import save_fixture

SEED = 404
SDXL = {
    "act_fn": "silu",
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 6,
    "attention_head_dim": [1, 2, 4],
    "block_out_channels": [4, 4, 8],
    "cross_attention_dim": 12,
    "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
    "layers_per_block": 1,
    "norm_num_groups": 2,
    "projection_class_embeddings_input_dim": 10 + 6 * 6,
    "sample_size": 8,
    "transformer_layers_per_block": [0, 1, 2],
    "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
    "use_linear_projection": True,
}
REFINER = {
    "act_fn": "silu",
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 6,
    "attention_head_dim": [1, 2, 2],
    "block_out_channels": [4, 8, 8],
    "cross_attention_dim": 10,
    "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
    "layers_per_block": 1,
    "norm_num_groups": 4,
    "projection_class_embeddings_input_dim": 10 + 5 * 6,
    "sample_size": 8,
    "transformer_layers_per_block": 2,
    "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
    "use_linear_projection": True,
}
# A model that imitates guidance, whose innermost block has no attention.
LCM = {
    "attention_head_dim": 2,
    "block_out_channels": [4, 8],
    "cross_attention_dim": 10,
    "down_block_types": ["CrossAttnDownBlock2D", "DownBlock2D"],
    "layers_per_block": 1,
    "mid_block_type": "UNetMidBlock2D",
    "norm_num_groups": 4,
    "sample_size": 8,
    "time_cond_proj_dim": 14,
    "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D"],
}
# A control network for the model above, but with attention in its innermost block.
CONTROL_SD = {
    "attention_head_dim": 2,
    "block_out_channels": [4, 8],
    "conditioning_embedding_out_channels": [4, 6, 6],
    "controlnet_conditioning_channel_order": "bgr",
    "cross_attention_dim": 10,
    "down_block_types": ["CrossAttnDownBlock2D", "DownBlock2D"],
    "layers_per_block": 1,
    "norm_num_groups": 4,
}
CONTROL_SDXL = {
    **{key: value for key, value in SDXL.items() if key not in ("up_block_types", "sample_size")},
    "conditioning_embedding_out_channels": [4, 4, 6],
}
# The small published control networks of SDXL: no attention at all.
CONTROL_PLAIN = {
    "attention_head_dim": 2,
    "block_out_channels": [4, 8],
    "conditioning_embedding_out_channels": [4, 6],
    "cross_attention_dim": 10,
    "down_block_types": ["DownBlock2D", "DownBlock2D"],
    "global_pool_conditions": True,
    "layers_per_block": 1,
    "mid_block_type": "UNetMidBlock2D",
    "norm_num_groups": 4,
}


class Recorder:
    """Random inputs from one stream, and what is written of one network."""

    def __init__(self, seed):
        self.source = torch.Generator("cpu").manual_seed(seed)
        self.tensors = {}

    def normal(self, *shape):
        return torch.randn(shape, generator=self.source)

    def filled(self, kind, config):
        """A network with new weights; the zero convolutions of a control network get weights as all others do."""
        model = fill(kind(**config), self.source, torch.float16)
        self.keep("weights", {key: value.half() for key, value in model.state_dict().items()})
        return model

    def keep(self, prefix, values):
        self.tensors.update({f"{prefix}/{key}": value.contiguous().clone() for key, value in values.items()})

    def save(self, name, kind, config):
        settings = json.dumps({"_class_name": kind.__name__, **config})
        save_fixture(f"guide_networks/{name}.safetensors", self.tensors, seed=SEED, config=settings)


def times(rows, count):
    """Sizes, crops and target sizes as SDXL has them, or sizes, crops and a score."""
    table = torch.tensor([[1024, 768, 0, 16, 1024, 1024], [512, 640, 8, 0, 960, 1088]], dtype=torch.float32)
    table = table[:rows, :count].clone()
    if count == 5:
        table[:, 4] = torch.tensor([6.0, 2.5])[:rows]
    return table


def conditioned(record, config, ids=6, rows=2, pooled=10):
    inputs = {"context": record.normal(rows, 5, config["cross_attention_dim"])}
    if config.get("addition_embed_type"):
        inputs.update({"pooled": record.normal(rows, pooled), "time_ids": times(rows, ids)})
    return inputs


def added(inputs):
    return {"text_embeds": inputs["pooled"], "time_ids": inputs["time_ids"]} if "pooled" in inputs else None


def save_unets():
    for index, (name, config, ids) in enumerate((("sdxl_unet", SDXL, 6), ("refiner_unet", REFINER, 5))):
        record = Recorder(SEED + index)
        unet = record.filled(UNet2DConditionModel, config)
        inputs = {"sample": record.normal(2, 4, 8, 6), **conditioned(record, config, ids)}
        tap = Tap(unet, [*unet_blocks(unet), "add_embedding"])
        output = unet(inputs["sample"], 541, inputs["context"], added_cond_kwargs=added(inputs)).sample
        record.keep("even", {**inputs, "output": output, **tap.close()})
        record.save(name, UNet2DConditionModel, config)
    record = Recorder(SEED + 2)
    unet = record.filled(UNet2DConditionModel, LCM)
    inputs = {"sample": record.normal(2, 4, 6, 5), **conditioned(record, LCM)}
    from diffusers import StableDiffusionPipeline

    scales = torch.tensor([7.5, 1.5])
    inputs["guidance"] = StableDiffusionPipeline.get_guidance_scale_embedding(None, scales - 1, 14)
    tap = Tap(unet, unet_blocks(unet))
    output = unet(inputs["sample"], 541, inputs["context"], timestep_cond=inputs["guidance"]).sample
    record.keep("even", {**inputs, "scales": scales, "output": output, **tap.close()})
    record.keep("unguided", {"output": unet(inputs["sample"], 541, inputs["context"]).sample})
    record.save("lcm_unet", UNet2DConditionModel, LCM)


def residuals(result):
    down, mid = result.down_block_res_samples, result.mid_block_res_sample
    return {**{f"down_{index}": value for index, value in enumerate(down)}, "mid": mid}


def guided(unet, inputs, results):
    down = [sum(values) for values in zip(*(result.down_block_res_samples for result in results))]
    return unet(
        inputs["sample"], 541, inputs["context"], added_cond_kwargs=added(inputs),
        down_block_additional_residuals=down, mid_block_additional_residual=sum(r.mid_block_res_sample for r in results),
    ).sample  # fmt: skip


def save_control(name, seed, config, factor, unet):
    record = Recorder(seed)
    net = record.filled(ControlNetModel, config)
    height, width = 8, 6
    inputs = {"sample": record.normal(2, 4, height, width), **conditioned(record, config)}
    inputs["image"] = record.normal(2, 3, height * factor, width * factor).mul(0.3).add(0.5).clamp(0, 1)
    call = lambda **options: net(
        inputs["sample"], 541, inputs["context"], inputs["image"], added_cond_kwargs=added(inputs), **options
    )
    record.keep("input", inputs)
    tap = Tap(net, ["controlnet_cond_embedding"])
    plain = call(conditioning_scale=0.75)
    record.keep("inner", tap.close())
    record.keep("plain", residuals(plain))
    guess = call(conditioning_scale=0.5, guess_mode=True)
    record.keep("guess", residuals(guess))
    record.keep("unet", {"output": guided(unet, inputs, [plain]), "twice": guided(unet, inputs, [plain, guess])})
    record.save(name, ControlNetModel, config)


def adapter(record, unet, count):
    """The layers of an IP-Adapter file, plain: one image embedding becomes four tokens."""
    width = unet.config.cross_attention_dim
    state = {"image_proj": {}, "ip_adapter": {}}
    state["image_proj"] = {
        "proj.weight": record.normal(4 * width, 6) / 2, "proj.bias": record.normal(4 * width) / 4,
        "norm.weight": 1 + record.normal(width) / 8, "norm.bias": record.normal(width) / 8,
    }  # fmt: skip
    for index in range(count):
        inner = widths(unet)[index]
        for part in ("k", "v"):
            value = record.normal(inner, width) * (1.2 if part == "k" else 1.6) / width**0.5
            state["ip_adapter"][f"{2 * index + 1}.to_{part}_ip.weight"] = value.half().float()
    return state


def widths(unet):
    names = [name for name in unet.attn_processors if name.endswith("attn2.processor")]
    return [unet.get_submodule(name.removesuffix(".processor")).to_q.out_features for name in names]


def save_adapters(name, seed, unet):
    record = Recorder(seed)
    states = [adapter(record, unet, len(widths(unet))) for _ in range(2)]
    for index, state in enumerate(states):
        record.keep(f"adapter_{index}", {f"ip_adapter.{key}": value.half() for key, value in state["ip_adapter"].items()})
    unet._load_ip_adapter_weights(states)
    inputs = {"sample": record.normal(2, 4, 8, 6), **conditioned(record, unet.config)}
    embeds = [record.normal(2, 2, 6), record.normal(2, 2, 6)]  # two images each
    tokens = unet.encoder_hid_proj(embeds)
    inputs.update({f"tokens_{index}": value.flatten(1, 2) for index, value in enumerate(tokens)})
    record.keep("input", inputs)
    for case, scales in (("both", [0.8, 0.35]), ("second", [0.0, 1.0]), ("none", [0.0, 0.0])):
        for processor in unet.attn_processors.values():
            if hasattr(processor, "scale"):
                processor.scale = list(scales)
        tap = Tap(unet, ["down_blocks.1", "mid_block", "up_blocks.0"])
        output = unet(
            inputs["sample"], 541, inputs["context"], added_cond_kwargs={"image_embeds": embeds, **(added(inputs) or {})}
        ).sample
        stages = {key: value for key, value in tap.close().items() if "skip" not in key}
        record.keep(case, {"output": output, **(stages if case == "both" else {})})
    both, none = record.tensors["both/output"], record.tensors["none/output"]
    print(name, "changes by", round(float((both - none).norm() / none.norm()), 3))
    record.save(name, type(unet), {})


def unet_of(index, config):
    """One of the UNets of `save_unets` again."""
    return Recorder(SEED + index).filled(UNet2DConditionModel, config)


def make():
    save_unets()
    save_control("sd_controlnet", SEED + 3, CONTROL_SD, 4, unet_of(2, LCM))
    save_control("sdxl_controlnet", SEED + 4, CONTROL_SDXL, 4, unet_of(0, SDXL))
    save_control("plain_controlnet", SEED + 5, CONTROL_PLAIN, 2, unet_of(2, LCM))
    save_adapters("sd_ip_adapters", SEED + 6, load("tiny_sd").unet)
    save_adapters("sdxl_ip_adapters", SEED + 7, unet_of(0, SDXL))
