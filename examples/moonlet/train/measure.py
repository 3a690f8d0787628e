"""Measures the demonstration model: how often the background has the colour and the object is the one that the prompt names.

python3 measure.py --run RUN [--model FOLDER] [--moonstep PROGRAM] [--guidance 1 3 5 7] [--output FOLDER]

100 prompts that training never saw (held_out.py), 25 steps of DPM-Solver++, seed 1000 + number of the prompt. Needs RUN/classifier.pt
(classifier.py). Pictures are made by diffusers, or by the program `moonstep` where it is named. Prints a table in Markdown and writes a
sheet of the pictures for each guidance scale.
"""

import argparse
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import artwork
import classifier
import held_out
import scenes

STEPS = 25


def by_diffusers(model, texts, guidance):
    """Pictures [count, 64, 64, 3] in 0...1 of `texts`."""
    from diffusers import DPMSolverMultistepScheduler, StableDiffusionPipeline

    pipe = StableDiffusionPipeline.from_pretrained(model, torch_dtype=torch.float32)
    pipe.scheduler = DPMSolverMultistepScheduler.from_config(pipe.scheduler.config)
    pipe.set_progress_bar_config(disable=True)
    made = []
    for first in range(0, len(texts), 25):
        some = texts[first : first + 25]
        generators = [torch.Generator().manual_seed(1000 + first + k) for k in range(len(some))]
        made.append(pipe(some, num_inference_steps=STEPS, guidance_scale=guidance, generator=generators, output_type="np").images)
    return np.concatenate(made)


def by_moonstep(program, model, texts, guidance):
    """The same by the program."""
    made = []
    with tempfile.TemporaryDirectory() as folder:
        for number, text in enumerate(texts):
            path = Path(folder) / f"{number}.png"
            subprocess.run(
                [program, "generate", "--model", str(model), "--prompt", text, "--steps", str(STEPS), "--seed", str(1000 + number)]
                + ["--guidance-scale", str(guidance), "--scheduler", "dpm++2m", "--output", str(path), "--quiet"],
                check=True,
            )
            made.append(np.asarray(Image.open(path).convert("RGB"), np.float32) / 255)
    return np.stack(made)


def ground_of(picture):
    """The number of the colour nearest to the median of the picture's corners."""
    corners = [picture[:5, :5], picture[:5, -5:], picture[-5:, :5], picture[-5:, -5:]]
    median = np.median(np.concatenate([corner.reshape(-1, 3) for corner in corners]), 0) * 255
    return int(np.argmin([np.abs(median - colour).sum() for colour in scenes.COLOURS.values()]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--moonstep")
    parser.add_argument("--guidance", type=float, nargs="+", default=[1, 3, 5, 7])
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    model = options.model or options.run / "moonlet"
    things = artwork.load()
    judge = classifier.load(options.run / "classifier.pt", len(things))
    asked = held_out.prompts([thing.names for thing in things])
    texts = [text for text, _, _ in asked]
    print("| guidance | backgrounds right | objects recognised | among the first five | both right |\n|---|---|---|---|---|")
    for guidance in options.guidance:
        pictures = by_moonstep(options.moonstep, model, texts, guidance) if options.moonstep else by_diffusers(model, texts, guidance)
        x = torch.from_numpy(pictures * 2 - 1).permute(0, 3, 1, 2).float()
        with torch.no_grad():
            scores = judge(x).topk(5).indices.tolist()
        grounds = [ground_of(picture) == colour for picture, (_, _, colour) in zip(pictures, asked)]
        objects = [(scores[k][0] == number, number in scores[k]) for k, (_, number, _) in enumerate(asked) if number is not None]
        both = [good and (number is None or scores[k][0] == number) for k, (good, (_, number, _)) in enumerate(zip(grounds, asked))]
        shares = [np.mean(grounds), np.mean([a for a, _ in objects]), np.mean([b for _, b in objects]), np.mean(both)]
        print(f"| {guidance:g} | " + " | ".join(f"{100 * share:.0f} %" for share in shares) + " |", flush=True)
        if options.output:
            options.output.mkdir(parents=True, exist_ok=True)
            rows = [np.concatenate(list(pictures[k : k + 10]), 1) for k in range(0, len(pictures), 10)]
            Image.fromarray((np.concatenate(rows) * 255).round().astype(np.uint8)).save(options.output / f"guidance_{guidance:g}.png")


if __name__ == "__main__":
    main()
