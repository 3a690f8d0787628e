"""A classifier that tells which object a picture shows, trained on the artwork alone; the measure of the demonstration model uses it.

python3 classifier.py --output RUN [--steps N] [--seed 1] [--device cpu]

Writes RUN/classifier.pt and says how often it is right about pictures that it has not seen, as drawn and through the autoencoder of RUN.
"""

import argparse
import time
from pathlib import Path

import torch
import torch.nn as nn
import torch.nn.functional as F

import artwork
import scenes


class Classifier(nn.Module):
    """Pictures [rows, 3, 64, 64] in -1...1 to a score for each object."""

    def __init__(self, objects):
        super().__init__()
        layers, before = [], 3
        for width, stride in ((32, 1), (48, 2), (64, 1), (96, 2), (96, 1), (160, 2), (160, 1)):
            layers += [nn.Conv2d(before, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            before = width
        self.features = nn.Sequential(*layers)
        self.score = nn.Sequential(nn.Dropout(0.2), nn.Linear(2 * before, objects))

    def forward(self, x):
        x = self.features(x)
        return self.score(torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1))


def spoil(x):
    """Softer, noisier, paler or tinted pictures, so that the classifier looks at shapes and not at how sharp a picture is."""
    if torch.rand(()) < 0.6:
        side = int(torch.randint(20, 56, ()))
        x = F.interpolate(F.interpolate(x, size=side, mode="area"), size=64, mode="bilinear", align_corners=False)
    gain = 1 + 0.2 * torch.randn(len(x), 3, 1, 1, device=x.device)
    shift = 0.1 * torch.randn(len(x), 3, 1, 1, device=x.device)
    x = x * gain + shift + 0.08 * torch.rand(()).item() * torch.randn_like(x)
    return x.clamp(-1, 1)


def batch(maker, pictures, count, device):
    """Pictures of one object each, and which one."""
    found = []
    while len(found) < count:
        scene = maker.scene()
        if len(scene.things) == 1:
            found.append(scene)
    x = scenes.stacked([scenes.picture(scene, pictures) for scene in found], device)
    return x, torch.tensor([scene.things[0][0] for scene in found], device=device)


def load(path, objects):
    """The classifier in `path`, ready to be asked."""
    model = Classifier(objects)
    model.load_state_dict(torch.load(path, map_location="cpu"))
    return model.eval()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    things = artwork.load()
    pictures = [thing.picture for thing in things]
    maker = scenes.SceneMaker([thing.names for thing in things], options.seed)
    model = Classifier(len(things)).to(options.device, memory_format=torch.channels_last).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, options.steps)
    began = time.time()
    for step in range(1, options.steps + 1):
        x, wanted = batch(maker, pictures, 48, options.device)
        loss = F.cross_entropy(model(spoil(x)), wanted, label_smoothing=0.05)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 100 == 0:
            print(f"{step} {time.time() - began:.0f} s loss {loss:.3f}", flush=True)
    torch.save(model.state_dict(), options.output / "classifier.pt")
    model.eval()
    x, wanted = batch(scenes.SceneMaker([thing.names for thing in things], options.seed + 1), pictures, 1000, options.device)
    with torch.no_grad():
        print(f"right as drawn: {(model(x).argmax(1) == wanted).float().mean():.3f}")
        if (options.output / "vae").exists():
            from diffusers import AutoencoderKL

            autoencoder = AutoencoderKL.from_pretrained(options.output / "vae", torch_dtype=torch.float32).to(options.device).eval()
            back = torch.cat([autoencoder.decode(autoencoder.encode(part).latent_dist.mode()).sample for part in x.split(100)])
            print(f"right through the autoencoder: {(model(back).argmax(1) == wanted).float().mean():.3f}")


if __name__ == "__main__":
    main()
