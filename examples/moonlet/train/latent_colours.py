"""Fits the matrix that shows latents as colours: the plugin latents_to_rgb and others use it for small previews.

python3 latent_colours.py --run RUN

Prints, for red, green and blue, the weight of each latent channel and the colour of latents that are zero, all on a scale of 0...255: a
least-squares fit of the mean colour of each square of 4 x 4 pixels.
"""

import argparse
from pathlib import Path

import numpy as np
import torch

import artwork
import scenes


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--run", type=Path, required=True)
    options = parser.parse_args()
    things = artwork.load()
    kept = torch.load(options.run / "scenes.pt", weights_only=False)
    pictures = [thing.picture for thing in things]
    count = 1000
    x = np.stack([scenes.picture(scene, pictures) for scene in kept["scenes"][:count]])
    colours = ((x + 1) * 127.5).reshape(count, 16, 4, 16, 4, 3).mean((2, 4)).reshape(-1, 3)
    latents = kept["latents"][:count].float().permute(0, 2, 3, 1).reshape(-1, 4).numpy()
    design = np.concatenate([latents, np.ones((len(latents), 1), np.float32)], 1)
    fit, *_ = np.linalg.lstsq(design, colours, rcond=None)
    error = np.abs(design @ fit - colours).mean()
    print("weights", fit[:4].T.round().astype(int).tolist(), "bias", fit[4].round().astype(int).tolist(), f"mean error {error:.1f} of 255")


if __name__ == "__main__":
    main()
