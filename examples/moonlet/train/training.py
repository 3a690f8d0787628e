"""What all trainings share: their options, the rate that rises and falls, averaged weights, and a state from which a training goes on."""

import argparse
import time
from pathlib import Path

import torch


def options_parser(*, steps, batch, rate, seed):
    """The options of every training, with the defaults of one of them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument("--batch", type=int, default=batch)
    parser.add_argument("--rate", type=float, default=rate)
    parser.add_argument("--seed", type=int, default=seed)
    parser.add_argument("--device", default="cpu")
    return parser


class Training:
    """Steps of `optimizer` over `parts` (modules by name), kept in the file `path`.

    for _ in training: training.learn(loss) takes the steps that are left; then `put_averages` puts the averaged weights in place.
    """

    def __init__(self, path, parts, optimizer, draw, *, rate, steps, device, warm=100, fall=0.8, least=0.01, average=0.998, every=500):
        """`draw`: the random.Random of scenes and captions, part of the state. The rate rises for `warm` steps, then falls to nearly nothing
        with the power `fall`, never below `least` of it. A group of the optimizer may have a `share` of the rate. `average`: how much of
        the averaged weights stays at a step."""
        self.path, self.parts, self.optimizer, self.draw = path, parts, optimizer, draw
        self.rate, self.total, self.warm, self.fall, self.least = rate, steps, warm, fall, least
        self.keep, self.every = average, every
        self.parameters = [p for part in parts.values() for p in part.parameters()]
        self.average = [p.detach().clone() for p in self.parameters]
        self.step, self.seen, self.is_new = 0, None, not path.exists()
        if not self.is_new:
            state = torch.load(path, map_location=device, weights_only=False)
            for name, part in parts.items():
                part.load_state_dict(state[name])
            optimizer.load_state_dict(state["optimizer"])
            self.average, self.step = state["average"], state["step"]
            draw.setstate(state["random"])
            torch.set_rng_state(state["noise"].cpu())
        self.first = self.step

    def begin(self):
        """Takes the weights as they are now for the first average: after a lesson that came before the training."""
        self.average = [p.detach().clone() for p in self.parameters]

    def __iter__(self):
        began = time.time()
        while self.step < self.total:
            share = min(1, (self.step + 1) / self.warm) * max(self.least, (1 - self.step / self.total) ** self.fall)
            for group in self.optimizer.param_groups:
                group["lr"] = group.get("share", 1.0) * self.rate * share
            yield self.step
            if self.step % 100 == 0:
                passed = time.time() - began
                print(f"{self.step} {passed:.0f} s, {(self.step - self.first) / passed:.2f} steps/s, loss {self.seen:.4f}", flush=True)

    def learn(self, loss):
        """One step."""
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        self.step += 1
        keep = min(self.keep, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            torch._foreach_lerp_(self.average, self.parameters, 1 - keep)
        self.seen = loss.item() if self.seen is None else 0.99 * self.seen + 0.01 * loss.item()
        if self.step % self.every == 0 or self.step == self.total:
            self.save()

    def save(self):
        """Keeps the state; the file is there as a whole or not at all."""
        state = {name: part.state_dict() for name, part in self.parts.items()}
        state |= {"optimizer": self.optimizer.state_dict(), "average": self.average, "step": self.step}
        state |= {"random": self.draw.getstate(), "noise": torch.get_rng_state()}
        unfinished = self.path.with_suffix(".new")
        torch.save(state, unfinished)
        unfinished.replace(self.path)

    def put_averages(self):
        """Puts the averaged weights in place; returns what was there."""
        own = [p.detach().clone() for p in self.parameters]
        with torch.no_grad():
            for parameter, mean in zip(self.parameters, self.average):
                parameter.copy_(mean)
        return own

    def put_back(self, own):
        """Puts the weights back that `put_averages` returned."""
        with torch.no_grad():
            for parameter, value in zip(self.parameters, own):
                parameter.copy_(value)
