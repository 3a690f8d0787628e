"""Trains the ControlNet: it makes objects follow a picture of contours, white lines on black.

python3 train_controlnet.py --output RUN [--model FOLDER] [--steps N] [--batch 16] [--seed 3] [--device cpu]

Needs RUN/scenes.pt and the finished model. Writes RUN/controlnet.pt every 500 steps, from which the same command goes on, and RUN/controlnet
in float16. Its blocks have no attention: what the lines say is told by where they are, and the file stays small.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import ControlNetModel, DDPMScheduler, UNet2DConditionModel
from transformers import CLIPTextModel

import artwork
import held_out
import scenes
import words
from train_denoiser import NOISE, Captions, noised
from training import Training

CONFIG = dict(
    in_channels=4,
    conditioning_channels=3,
    down_block_types=("DownBlock2D",) * 3,
    mid_block_type="UNetMidBlock2D",
    block_out_channels=(64, 96, 160),
    layers_per_block=1,
    norm_num_groups=16,
    cross_attention_dim=128,
    attention_head_dim=4,
    conditioning_embedding_out_channels=(16, 32, 64),
)


def contours(picture):
    """The contours of a picture [64, 64, 3] in -1...1: [64, 64, 3] in 0...1, white where colours change fast.

    The same for people: a Sobel filter over every channel, the largest of the three, above a threshold.
    """
    padded = np.pad(picture, ((1, 1), (1, 1), (0, 0)), mode="edge")
    rows = padded[:-2] + 2 * padded[1:-1] + padded[2:]
    columns = padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]
    across, down = rows[:, 2:] - rows[:, :-2], columns[2:] - columns[:-2]
    strength = np.sqrt(across**2 + down**2).max(-1)
    return np.repeat((strength > 1.2).astype(np.float32)[..., None], 3, 2)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    device, model = options.device, options.model or options.output / "moonlet"

    things = artwork.load()
    pictures = [thing.picture for thing in things]
    maker = scenes.SceneMaker([thing.names for thing in things], options.seed, held_out.pairs(len(things)))
    kept_scenes = torch.load(options.output / "scenes.pt", weights_only=False)
    made, latents = kept_scenes["scenes"], kept_scenes["latents"]
    unet = UNet2DConditionModel.from_pretrained(model / "unet", torch_dtype=torch.float32).to(device, memory_format=torch.channels_last)
    encoder = CLIPTextModel.from_pretrained(model / "text_encoder", dtype=torch.float32).to(device).eval()
    unet.requires_grad_(False)
    captions = Captions(maker, words.load(model / "tokenizer"), device)
    control = ControlNetModel(**CONFIG)
    own = control.state_dict()
    own.update({name: value for name, value in unet.state_dict().items() if name in own and own[name].shape == value.shape})
    control.load_state_dict(own)
    control = control.to(device, memory_format=torch.channels_last).train()
    print(f"{sum(p.numel() for p in control.parameters()) / 1e6:.2f} M of ControlNet", flush=True)
    optimizer = torch.optim.AdamW(control.parameters(), lr=options.rate, weight_decay=1e-3, betas=(0.9, 0.99))
    training = Training(
        options.output / "controlnet.pt", {"control": control}, optimizer, maker.random, rate=options.rate, steps=options.steps,
        device=device,
    )
    products = DDPMScheduler(**NOISE).alphas_cumprod.to(device)
    for _ in training:
        chosen = torch.randint(0, len(made), (options.batch,))
        some = [made[k] for k in chosen.tolist()]
        lines = scenes.stacked([contours(scenes.picture(scene, pictures)) for scene in some], device)
        z = latents[chosen].float().to(device)
        noise = torch.randn(z.shape).to(device)
        t = torch.randint(0, 1000, (options.batch,)).to(device)
        x, wanted = noised(z, noise, t, products)
        # Half of the captions say nothing, so that the lines have to.
        texts = [text if maker.random.random() < 0.5 else "" for text in captions.draw(some)]
        with torch.no_grad():
            hidden = encoder(captions.tokens(texts)).last_hidden_state
        down, middle = control(x, t, encoder_hidden_states=hidden, controlnet_cond=lines, return_dict=False)
        made_v = unet(
            x, t, encoder_hidden_states=hidden, down_block_additional_residuals=down, mid_block_additional_residual=middle
        ).sample
        training.learn(F.mse_loss(made_v, wanted))

    training.put_averages()
    control.half().save_pretrained(options.output / "controlnet")


if __name__ == "__main__":
    main()
