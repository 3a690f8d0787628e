"""The artwork: bitmaps of Noto Color Emoji (Apache-2.0 artwork) for every object of objects.tsv."""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from fontTools.ttLib import TTFont
from PIL import Image

FONT = Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")
SIZE = 128


@dataclass
class Thing:
    """One object: its code points, its names (the first is the one of measures) and its picture, [128, 128, 4] in 0...1."""

    points: list
    names: list
    picture: np.ndarray


def _ligatures(font):
    """The glyph of each sequence of glyphs that the font joins."""
    joined = {}
    for lookup in font["GSUB"].table.LookupList.Lookup:
        for table in lookup.SubTable:
            table = getattr(table, "ExtSubTable", table)
            for first, found in getattr(table, "ligatures", {}).items():
                for ligature in found:
                    joined[(first, *ligature.Component)] = ligature.LigGlyph
    return joined


def _bitmap(data):
    picture = Image.open(io.BytesIO(data)).convert("RGBA")
    side = max(picture.size)
    square = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    square.paste(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
    return np.asarray(square.resize((SIZE, SIZE), Image.LANCZOS), np.float32) / 255


def load(listing=Path(__file__).with_name("objects.tsv"), font=FONT):
    """Every object of `listing`, in its order."""
    font = TTFont(font)
    glyphs, strike, joined = font.getBestCmap(), font["CBDT"].strikeData[0], _ligatures(font)
    things = []
    for line in listing.read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        points, names = line.split("\t")
        points = [int(point, 16) for point in points.split("-")]
        found = tuple(glyphs[point] for point in points)
        glyph = found[0] if len(found) == 1 else joined[found]
        things.append(Thing(points, names.split("|"), _bitmap(strike[glyph].imageData)))
    return things
