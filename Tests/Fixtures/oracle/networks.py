"""The networks of the tiny models, with what they hold between their blocks."""

import torch

from .models import load
from .writing import save_fixture

PROMPTS = ["a red apple on a blue table", "Night sky, 2 moons!"]
SEED = 55


class Tap:
    """Keeps the output of named submodules during one call."""

    def __init__(self, model, names):
        self.kept, self.hooks = {}, []
        for name in names:
            module = model.get_submodule(name)
            self.hooks.append(module.register_forward_hook(self.hook(name)))

    def hook(self, name):
        def keep(_module, _inputs, output):
            if isinstance(output, tuple):  # down blocks return their output and the skip connections
                output, skips = output[0], output[1] if len(output) > 1 else ()
                self.kept.update({f"{name}/skip_{index}": skip.clone() for index, skip in enumerate(skips)})
            self.kept[name] = output.clone()

        return keep

    def close(self):
        for hook in self.hooks:
            hook.remove()
        return self.kept


def text_states(pipeline, prompts=PROMPTS):
    ids = pipeline.tokenizer(
        prompts, padding="max_length", max_length=77, truncation=True, return_tensors="pt"
    ).input_ids
    result = pipeline.text_encoder(ids, output_hidden_states=True)
    tensors = {"input_ids": ids, "last_hidden_state": result.last_hidden_state}
    for index, state in enumerate(result.hidden_states):
        tensors[f"hidden_states_{index}"] = state
    return tensors


def unet_blocks(unet):
    downs = [f"down_blocks.{index}" for index in range(len(unet.down_blocks))]
    ups = [f"up_blocks.{index}" for index in range(len(unet.up_blocks))]
    return ["time_embedding", "conv_in", *downs, "mid_block", *ups, "conv_norm_out"]


def unet_call(unet, sample, timestep, context, names):
    tap = Tap(unet, names)
    output = unet(sample, timestep, encoder_hidden_states=context).sample
    return {"sample": sample, "timestep": timestep.reshape(1).float(), "output": output, **tap.close()}


def save_unet(name, pipeline, context):
    source = torch.Generator("cpu").manual_seed(SEED)
    unet = pipeline.unet
    cases = {
        "even": ((2, 4, 8, 12), torch.tensor(541), unet_blocks(unet)),
        "odd": ((2, 4, 7, 9), torch.tensor(981), [block for block in unet_blocks(unet) if "up_" in block]),
        "fractional": ((2, 4, 4, 4), torch.tensor(12.25), []),
        "one_pixel": ((2, 4, 1, 1), torch.tensor(0), []),
    }
    tensors = {"encoder_hidden_states": context}
    for case, (shape, timestep, names) in cases.items():
        sample = torch.randn(shape, generator=source)
        call = unet_call(unet, sample, timestep, context, names)
        tensors.update({f"{case}/{key}": value for key, value in call.items()})
    first = ["down_blocks.0.resnets.0", "down_blocks.0.attentions.0", "mid_block.resnets.0", "mid_block.attentions.0"]
    tap = Tap(unet, first)
    unet(tensors["even/sample"], torch.tensor(541), encoder_hidden_states=context)
    tensors.update({f"even/{key}": value for key, value in tap.close().items() if "skip" not in key})
    save_fixture(f"networks/{name}_unet.safetensors", tensors, seed=SEED, model=name)

    base = tensors["even/output"]
    relative = lambda other: float((other - base).norm() / base.norm())
    sample = tensors["even/sample"]
    print(name, "unet output std", round(float(base.std()), 3), "changes with: prompt",
          round(relative(unet(sample, 541, context.flip(0)).sample), 3), "timestep",
          round(relative(unet(sample, 41, context).sample), 3), "sample",
          round(relative(unet(sample.flip(0), 541, context).sample), 3))  # fmt: skip


def save_autoencoder(name, pipeline):
    source = torch.Generator("cpu").manual_seed(SEED)
    vae = pipeline.vae
    levels = range(len(vae.encoder.down_blocks))
    image = torch.randn((1, 3, 16, 24), generator=source).clamp(-1, 1)
    names = ["encoder.conv_in", *(f"encoder.down_blocks.{index}" for index in levels), "encoder.mid_block"]
    tap = Tap(vae, names + ["encoder"])
    distribution = vae.encode(image).latent_dist
    tensors = {
        "encode/image": image,
        "encode/moments": distribution.parameters,
        "encode/mean": distribution.mean,
        "encode/logvar": distribution.logvar,
        "encode/std": distribution.std,
        "encode/sample_seed_3": distribution.sample(torch.Generator("cpu").manual_seed(3)),
        **{f"encode/{key}": value for key, value in tap.close().items()},
    }
    latents = torch.randn((1, 4, 3, 5), generator=source)
    names = ["post_quant_conv", "decoder.conv_in", "decoder.mid_block.attentions.0", "decoder.mid_block"]
    tap = Tap(vae, names + [f"decoder.up_blocks.{index}" for index in levels])
    tensors.update({"decode/latents": latents, "decode/image": vae.decode(latents).sample})
    tensors.update({f"decode/{key}": value for key, value in tap.close().items()})
    save_fixture(f"networks/{name}_vae.safetensors", tensors, seed=SEED, model=name)


def make():
    for name in ("tiny_sd", "tiny_sd2"):
        pipeline = load(name)
        states = text_states(pipeline)
        save_fixture(f"networks/{name}_text_encoder.safetensors", states, model=name, prompts=" | ".join(PROMPTS))
        save_unet(name, pipeline, states["last_hidden_state"])
        save_autoencoder(name, pipeline)
