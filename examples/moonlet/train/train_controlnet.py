"""Trains the ControlNet: it makes objects follow a picture of contours, white lines on black.

python3 train_controlnet.py --output RUN [--model FOLDER] [--steps N] [--batch 16] [--seed 3] [--device cpu]

Needs RUN/scenes.pt and the finished model. Writes RUN/controlnet.pt every 500 steps, from which the same command goes on, and RUN/controlnet
in float16. Its blocks have no attention: what the lines say is told by where they are, and the file stays small.
"""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import ControlNetModel

import scenes
from companions import FinishedModel
from training import Training, options_parser

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
    parser = options_parser(steps=3000, batch=16, rate=1e-3, seed=3)
    parser.add_argument("--model", type=Path)
    options = parser.parse_args()
    model = FinishedModel(options)
    control = ControlNetModel(**CONFIG)
    own = control.state_dict()
    own.update({name: value for name, value in model.unet.state_dict().items() if name in own and own[name].shape == value.shape})
    control.load_state_dict(own)
    control = control.to(model.device, memory_format=torch.channels_last).train()
    print(f"{sum(p.numel() for p in control.parameters()) / 1e6:.2f} M of ControlNet", flush=True)
    optimizer = torch.optim.AdamW(control.parameters(), lr=options.rate, weight_decay=1e-3, betas=(0.9, 0.99))
    training = Training(
        options.output / "controlnet.pt", {"control": control}, optimizer, model.maker.random, rate=options.rate, steps=options.steps,
        device=model.device,
    )
    for _ in training:
        chosen = torch.randint(0, len(model.scenes), (options.batch,))
        some = [model.scenes[k] for k in chosen.tolist()]
        lines = scenes.stacked([contours(scenes.picture(scene, model.pictures)) for scene in some], model.device)
        x, t, wanted = model.noised(chosen)
        hidden = model.said(some)
        down, middle = control(x, t, encoder_hidden_states=hidden, controlnet_cond=lines, return_dict=False)
        made_v = model.unet(
            x, t, encoder_hidden_states=hidden, down_block_additional_residuals=down, mid_block_additional_residual=middle
        ).sample
        training.learn(F.mse_loss(made_v, wanted))

    training.put_averages()
    control.half().save_pretrained(options.output / "controlnet")


if __name__ == "__main__":
    main()
