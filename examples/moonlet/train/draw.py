"""Draws one object as training does: a reference for the IP-Adapter, or contours for the ControlNet.

python3 draw.py --object "sports car" --output PICTURE.png [--background blue] [--contours] [--side 56]
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

import artwork
import scenes


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--object", required=True)
    parser.add_argument("--background", default="white", choices=scenes.NAMES)
    parser.add_argument("--side", type=int, default=56)
    parser.add_argument("--contours", action="store_true")
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    things = artwork.load()
    number = next((k for k, thing in enumerate(things) if options.object in thing.names), None)
    if number is None:
        parser.error(f"objects.tsv has no '{options.object}'")
    place = (scenes.PIXELS - options.side) // 2
    scene = scenes.Scene([(number, place, place, options.side)], scenes.NAMES.index(options.background))
    picture = scenes.picture(scene, [thing.picture for thing in things])
    if options.contours:
        from train_controlnet import contours

        picture = contours(picture) * 2 - 1
    Image.fromarray(((picture + 1) * 127.5).round().astype(np.uint8)).save(options.output)


if __name__ == "__main__":
    main()
