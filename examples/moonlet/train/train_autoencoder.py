"""Trains the autoencoder: pictures [3, 64, 64] to latents [4, 16, 16] and back.

python3 train_autoencoder.py --output RUN [--start FOLDER] [--steps N] [--batch 16] [--seed 0] [--device cpu]

Writes RUN/vae, and RUN/autoencoder.pt every 200 steps, from which the same command goes on. --start: begin with the weights of a folder
that holds a `vae`.
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL

import artwork
import scenes
from training import Training, options_parser

CONFIG = dict(
    in_channels=3,
    out_channels=3,
    down_block_types=("DownEncoderBlock2D",) * 3,
    up_block_types=("UpDecoderBlock2D",) * 3,
    block_out_channels=(16, 32, 64),
    layers_per_block=1,
    latent_channels=4,
    norm_num_groups=8,
    sample_size=64,
    mid_block_add_attention=False,
)


def edges(x):
    """Differences to the neighbour below and to the one on the right."""
    return x[..., 1:, :] - x[..., :-1, :], x[..., 1:] - x[..., :-1]


def loss_of(x, y):
    """Mean absolute difference of colours, and of edges at full, half and quarter size (each edge counts once, whatever its size)."""
    colour = (x - y).abs().mean()
    contour = 0
    for level in range(3):
        if level:
            x, y = F.avg_pool2d(x, 2), F.avg_pool2d(y, 2)
        contour = contour + sum((a - b).abs().mean() for a, b in zip(edges(x), edges(y))) / 2**level
    return colour, contour


def level(model, latents):
    """Gives every channel of the latents mean 0 and deviation 1, exactly: the convolutions on both sides of the latents take it over."""
    mean, deviation = latents.mean((0, 2, 3)), latents.std((0, 2, 3))
    print("means", mean.tolist(), "deviations", deviation.tolist())
    into, out = model.quant_conv, model.post_quant_conv
    channels = len(mean)
    into.weight[:channels] /= deviation.view(-1, 1, 1, 1)
    into.bias[:channels] = (into.bias[:channels] - mean) / deviation
    into.bias[channels:] -= 2 * deviation.log()
    out.bias += out.weight[:, :, 0, 0] @ mean
    out.weight *= deviation.view(1, -1, 1, 1)


def main():
    parser = options_parser(steps=6000, batch=16, rate=1.5e-3, seed=0)
    parser.add_argument("--start", type=Path)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    options.output.mkdir(parents=True, exist_ok=True)

    things = artwork.load()
    pictures = [thing.picture for thing in things]
    maker = scenes.SceneMaker([thing.names for thing in things], options.seed)
    if options.start:
        model = AutoencoderKL.from_pretrained(options.start / "vae", torch_dtype=torch.float32)
    else:
        model = AutoencoderKL(**CONFIG)
    model = model.to(options.device, memory_format=torch.channels_last).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=options.rate, weight_decay=1e-4)
    training = Training(
        options.output / "autoencoder.pt", {"model": model}, optimizer, maker.random, rate=options.rate, steps=options.steps,
        device=options.device, fall=0.7, every=200,
    )

    def batch(count):
        return scenes.stacked([scenes.picture(maker.scene(), pictures) for _ in range(count)], options.device)

    for _ in training:
        x = batch(options.batch)
        spread = model.encode(x).latent_dist
        colour, contour = loss_of(x, model.decode(spread.sample()).sample)
        training.learn(colour + contour + 3e-4 * spread.kl().mean() / (4 * 256))

    training.put_averages()
    with torch.no_grad():
        model.eval()
        level(model, torch.cat([model.encode(batch(64)).latent_dist.sample() for _ in range(8)]))
        x = batch(64)
        y = model.decode(model.encode(x).latent_dist.mode()).sample.clamp(-1, 1)
        print("mean absolute error", (x - y).abs().mean().item() * 127.5, "of 255")
    model.register_to_config(scaling_factor=1.0)
    model.save_pretrained(options.output / "vae")
    save_sheet(torch.cat([x[:16], y[:16]]), options.output / "autoencoder.png")


def save_sheet(pictures, path):
    """Rows of eight pictures; the second half below the first shows what came back."""
    from PIL import Image

    rows = [torch.cat(list(pictures[k : k + 8]), 2) for k in range(0, len(pictures), 8)]
    sheet = ((torch.cat(rows, 1).permute(1, 2, 0).cpu() + 1) * 127.5).round().clamp(0, 255).byte().numpy()
    Image.fromarray(sheet).resize((sheet.shape[1] * 2, sheet.shape[0] * 2), Image.NEAREST).save(path)


if __name__ == "__main__":
    main()
