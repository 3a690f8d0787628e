"""What torch's CPU generator draws."""

import torch
from diffusers.utils.torch_utils import randn_tensor

from .writing import REFERENCE, save_fixture, save_json

FILE = "generator/generator.safetensors"
SEEDS = [0, 1, 42, 2628670641, 2**32 + 7, 2**63 - 1, 2**63, 2**64 - 1]
COUNTS = [1, 2, 7, 15, 16, 17, 31, 64, 100]
LATENT_COUNT = 4 * 64 * 64
SEQUENCES = {
    "small_then_large": [15, 16, 3, 40],
    "odd_then_odd": [1, 1, 1, 2, 7, 1],
    "large_then_small": [17, 5, 100, 1, 16, 2],
    "empty_between": [3, 0, 3],
}


def generator(seed):
    return torch.Generator("cpu").manual_seed(seed)


def single_draws():
    tensors = {}
    for seed in SEEDS:
        for count in COUNTS:
            tensors[f"randn/seed_{seed}/n_{count}"] = torch.randn(count, generator=generator(seed))
        for count in (1, 16, 37):
            tensors[f"rand/seed_{seed}/n_{count}"] = torch.rand(count, generator=generator(seed))
        latents = torch.randn((1, 4, 64, 64), generator=generator(seed)).flatten()
        assert latents.numel() == LATENT_COUNT
        name = f"randn/seed_{seed}/n_{LATENT_COUNT}"
        tensors[f"{name}/first"], tensors[f"{name}/last"] = latents[:64].clone(), latents[-64:].clone()
        tensors[f"{name}/sum"] = latents.double().sum().reshape(1)
    return tensors


def sequences():
    """Several draws from one generator: the second normal of a pair is kept between small draws."""
    tensors = {}
    for name, counts in SEQUENCES.items():
        for seed in (7, 2628670641):
            source = generator(seed)
            for index, count in enumerate(counts):
                tensors[f"sequence/{name}/seed_{seed}/draw_{index}"] = torch.randn(count, generator=source)
    source = generator(11)
    tensors["sequence/mixed/draw_0"] = torch.randn(3, generator=source)
    tensors["sequence/mixed/draw_1"] = torch.rand(5, generator=source)
    tensors["sequence/mixed/draw_2"] = torch.randn(16, generator=source)
    tensors["sequence/mixed/draw_3"] = torch.rand(2, generator=source)
    tensors["sequence/mixed/draw_4"] = torch.randn(2, generator=source)
    source = generator(5)
    tensors["sequence/long/first"] = torch.randn(700, generator=source)[-8:].clone()
    tensors["sequence/long/second"] = torch.randn(700, generator=source)[-8:].clone()  # past 624 words of state
    return tensors


def shapes():
    tensors = {
        "shape/1x4x5x7": torch.randn((1, 4, 5, 7), generator=generator(33)),
        "shape/2x4x3x5": torch.randn((2, 4, 3, 5), generator=generator(33)),
        "shape/1x1x3x4": torch.randn((1, 1, 3, 4), generator=generator(33)),
    }
    for name, shape in (("3x4x5x7", (3, 4, 5, 7)), ("3x1x2x3", (3, 1, 2, 3))):
        sources = [generator(seed) for seed in (3, 1, 2)]
        tensors[f"batch/{name}/first"] = randn_tensor(shape, generator=sources)
        tensors[f"batch/{name}/second"] = randn_tensor(shape, generator=sources)
    return tensors


def make():
    tensors = {**single_draws(), **sequences(), **shapes()}
    save_fixture(FILE, tensors, instruction_set="avx2", batch_seeds="3,1,2")
    index = {
        "reference": REFERENCE,
        "seeds": [str(seed) for seed in SEEDS],
        "counts": COUNTS,
        "latent_count": LATENT_COUNT,
        "rand_counts": [1, 16, 37],
        "sequences": SEQUENCES,
        "sequence_seeds": [7, 2628670641],
        "batch_seeds": [3, 1, 2],
    }
    save_json("generator/generator.json", index)
