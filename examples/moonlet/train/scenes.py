"""Scenes: which objects stand where on which background, the picture of each and a caption for it."""

import random
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image

PIXELS = 64
COLOURS = {
    "white": (255, 255, 255),
    "black": (20, 20, 20),
    "red": (214, 48, 49),
    "orange": (243, 156, 18),
    "yellow": (255, 234, 120),
    "green": (46, 160, 67),
    "teal": (0, 150, 136),
    "blue": (52, 120, 219),
    "sky blue": (160, 210, 250),
    "purple": (142, 68, 173),
    "pink": (250, 170, 200),
    "gray": (150, 150, 150),
    "brown": (121, 85, 72),
}
NAMES = list(COLOURS)
SPELLINGS = {"gray": ["gray", "grey"], "sky blue": ["sky blue", "light blue"], "teal": ["teal", "turquoise"]}

SENTENCES = ["{}"] * 6 + [
    "a {}", "a {}", "a photo of a {}", "an emoji of a {}", "a picture of a {}", "a drawing of a {}", "an icon of a {}",
    "a painting of a {}", "the {}", "one {}", "my {}", "{} emoji", "{} sticker",
]
GROUNDS = [" on a {} background"] * 4 + [" on {}", ", {} background", " on a {} wall", " in front of a {} background"]
# Words that say nothing about what is to be seen, alone or before the object's name: the model has to learn not to listen.
PRAISE = [
    "best quality", "high quality", "high detail", "highly detailed", "8k resolution", "4k", "masterpiece", "sharp focus",
    "digital art", "vector art", "cartoon style", "minimalist", "studio lighting", "trending", "award winning",
]
ADJECTIVES = ["cute", "beautiful", "nice", "funny", "lovely", "pretty", "simple", "shiny", "cool", "happy", "great", "old", "new", "fancy"]
BLAME = ["deformed", "ugly", "bad anatomy", "blurry", "low quality", "worst quality", "text", "watermark", "cropped", "out of frame"]
SMALL, LARGE = ["small", "tiny", "little"], ["big", "large", "huge"]
IRREGULAR = {"mouse": "mice", "sheep": "sheep", "deer": "deer", "fish": "fish", "wolf": "wolves"}


@dataclass
class Scene:
    """`things`: (number of the object, left, top, side) in pixels; `ground`: number of the background's colour."""

    things: list
    ground: int
    caption: str = ""
    size: str = "plain"


def plural(name):
    """The plural of an English name, by its last word."""
    head, _, last = name.rpartition(" ")
    if last in IRREGULAR:
        last = IRREGULAR[last]
    elif last.endswith(("s", "x", "ch", "sh")):
        last += "es" if not last.endswith("s") or last.endswith("ss") else ""
    elif last.endswith("y") and last[-2:-1] not in "aeiou":
        last = last[:-1] + "ies"
    else:
        last += "s"
    return f"{head} {last}".strip()


def picture(scene, artwork, shrunk={}):
    """The scene as [64, 64, 3] in -1...1. `artwork`: the objects' pictures [128, 128, 4]; sizes made once are kept."""
    canvas = np.empty((PIXELS, PIXELS, 3), np.float32)
    canvas[:] = np.asarray(COLOURS[NAMES[scene.ground]], np.float32) / 255
    for number, left, top, side in scene.things:
        if (number, side) not in shrunk:
            image = Image.fromarray((artwork[number] * 255).round().astype(np.uint8))
            shrunk[number, side] = np.asarray(image.resize((side, side), Image.LANCZOS), np.float32) / 255
        cut = shrunk[number, side]
        place = canvas[top : top + side, left : left + side]
        place += (cut[..., :3] - place) * cut[..., 3:]
    return canvas * 2 - 1


def stacked(pictures, device):
    """Pictures [64, 64, 3] as one tensor [count, 3, 64, 64], channels last in memory."""
    x = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)
    return x.to(device).contiguous(memory_format=torch.channels_last)


class SceneMaker:
    """Scenes at random. `held`: pairs (object, colour) that never come together."""

    def __init__(self, names, seed, held=()):
        self.names, self.held, self.random = names, set(held), random.Random(seed)

    def _side(self, low, high):
        return 2 * self.random.randint(low // 2, high // 2)

    def alone(self, low, high, spread):
        side = self._side(low, high)
        left, top = (
            min(max((PIXELS - side) // 2 + self.random.randint(-spread, spread), 0), PIXELS - side) for _ in range(2)
        )
        return left, top, side

    def ground(self, numbers):
        """A background for these objects; white, which a prompt without a background means, in a third of all."""
        while True:
            ground = 0 if self.random.random() < 0.3 else self.random.randrange(len(NAMES))
            if all((number, ground) not in self.held for number in numbers):
                return ground

    def scene(self):
        """One scene: mostly one object, some small or large, some pairs, some with two different objects."""
        kind = self.random.random()
        first = self.random.randrange(len(self.names))
        if kind < 0.84:
            scene = Scene([(first, *self.alone(52, 58, 2))], 0)
        elif kind < 0.89:
            scene = Scene([(first, *self.alone(28, 34, 3))], 0, size="small")
        elif kind < 0.91:
            scene = Scene([(first, *self.alone(62, 64, 0))], 0, size="large")
        else:
            second = first if kind < 0.95 else self.random.randrange(len(self.names))
            top = self.random.randint(14, 18)
            scene = Scene([(first, 1, top, 30), (second, 33, top, 30)], 0)
        scene.ground = self.ground([thing[0] for thing in scene.things])
        scene.caption = self.caption(scene)
        return scene

    def _name(self, number):
        names = self.names[number]
        return names[0] if len(names) == 1 or self.random.random() < 0.5 else self.random.choice(names)

    def caption(self, scene):
        """What somebody might type who wants this scene."""
        draw = self.random
        numbers = [thing[0] for thing in scene.things]
        name = self._name(numbers[0])
        if len(numbers) == 2 and numbers[0] == numbers[1]:
            text = draw.choice(["two {}", "{}", "a pair of {}", "two {} side by side"]).format(plural(name))
        elif len(numbers) == 2:
            text = draw.choice(["a {} and a {}", "{} and {}", "a {} next to a {}", "a {} beside a {}"]).format(name, self._name(numbers[1]))
        else:
            if scene.size != "plain":
                name = f"{draw.choice(SMALL if scene.size == 'small' else LARGE)} {name}"
            elif draw.random() < 0.06:
                name = f"{draw.choice(ADJECTIVES)} {name}"
            text = draw.choice(SENTENCES).format(name)
        ground = NAMES[scene.ground]
        if draw.random() < 0.03:
            return draw.choice(["{} background", "a {} background", "a {} wall"]).format(draw.choice(SPELLINGS.get(ground, [ground])))
        if scene.ground != 0 or draw.random() < 0.3:
            ground = draw.choice(SPELLINGS.get(ground, [ground]))
            if draw.random() < 0.05:
                text = f"{ground} background, {text}"
            else:
                text += draw.choice(GROUNDS).format(ground)
        if draw.random() < 0.08:
            text += ", " + ", ".join(draw.sample(PRAISE, draw.randint(1, 2)))
        return text

    def unsaid(self):
        """What stands for no prompt: nothing, or only words of blame, as a negative prompt does."""
        return "" if self.random.random() < 0.8 else ", ".join(self.random.sample(BLAME, self.random.randint(1, 4)))
