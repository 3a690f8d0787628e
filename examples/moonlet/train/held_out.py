"""What training never sees: pairs of an object and a background, from which the prompts of the measure are made."""

import random

import scenes

PAIRS = 200


def pairs(objects):
    """`PAIRS` pairs (object, colour) that no scene of training holds; white stays, for a prompt without a background means it."""
    every = [(number, colour) for number in range(objects) for colour in range(1, len(scenes.NAMES))]
    return random.Random(2024).sample(every, PAIRS)


def prompts(names):
    """The 100 prompts of the measure as (text, object or None, colour): 60 of both, 30 of an object alone, 10 of a background alone."""
    draw = random.Random(7)
    found = [
        (f"{'an' if names[number][0][0] in 'aeiou' else 'a'} {names[number][0]} on a {scenes.NAMES[colour]} background", number, colour)
        for number, colour in draw.sample(pairs(len(names)), 60)
    ]
    found += [(names[number][0], number, 0) for number in draw.sample(range(len(names)), 30)]
    found += [(f"{scenes.NAMES[colour]} background", None, colour) for colour in draw.sample(range(len(scenes.NAMES)), 10)]
    return found
