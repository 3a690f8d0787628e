#!/usr/bin/env python3
"""Times PyTorch, moonstep and, where it is installed, stable-diffusion.cpp on models of full size, in turns.

Needs the packages torch, diffusers and transformers. The models have random weights; `README.md` says more.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import models

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
PROMPT = "a photograph of an astronaut riding a horse"
GUIDANCE = 7.5
CPP = "stable-diffusion.cpp"


@dataclass(frozen=True)
class Case:
    """What is timed: a guided step of a model at a size, or the decoding of a picture."""

    kind: str
    part: str
    size: int
    batch: int

    @staticmethod
    def parse(text: str) -> "Case":
        """A case from text such as `sd15:512`, `sd15:512:4`, `sdxl:1024` or `sd15-vae:512`."""
        name, *numbers = text.split(":")
        kind, _, part = name.partition("-")
        if kind not in models.UNETS or part not in ("", "vae") or not 1 <= len(numbers) <= 2:
            raise argparse.ArgumentTypeError(f"'{text}' is no case, such as sd15:512 or sd15-vae:512")
        size, batch = int(numbers[0]), int(numbers[1]) if len(numbers) > 1 else 1
        if size < 64 or size % 64 or batch < 1:
            raise argparse.ArgumentTypeError(f"'{text}': sizes are multiples of 64, batches 1 or more")
        return Case(kind, part or "step", size, batch)

    def __str__(self) -> str:
        name = {"sd15": "SD 1.5", "sdxl": "SDXL"}[self.kind]
        batch = f", {self.batch} pictures" if self.batch > 1 else ""
        return f"{name} {'guided step' if self.part == 'step' else 'decoding'}, {self.size} px{batch}"


@dataclass
class Timing:
    """The times of one side."""

    seconds: list
    peak: int = 0

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


class Worker:
    """Another process that answers each line with a time."""

    def __init__(self, command: list, environment: dict) -> None:
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()

    def time(self) -> dict:
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def end(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def moonstep_binary() -> Path:
    """The release build, made when it is missing."""
    command = ["swift", "build", "-c", "release", "--product", "moonstep"]
    subprocess.run(command, cwd=ROOT, check=True, stdout=sys.stderr)
    folder = subprocess.run(command + ["--show-bin-path"], cwd=ROOT, check=True, capture_output=True, text=True)
    return Path(folder.stdout.strip()) / "moonstep"


def run_moonstep(options, case: Case, folder: Path, threads: int, environment: dict) -> dict:
    """The report of one whole run; for a decoding it has one step without guidance."""
    # One step more: the first still prepares weights and fetches memory, as the other sides' calls that do not count.
    steps, guidance = (options.steps + 1, GUIDANCE) if case.part == "step" else (1, 1)
    command = [
        options.moonstep, "generate", "--model", folder, "--prompt", PROMPT, "--steps", str(steps), "--scheduler", "ddim",
        "--guidance-scale", str(guidance), "--seed", "0", "--width", str(case.size), "--height", str(case.size),
        "--num-images", str(case.batch), "--threads", str(threads), "--json", "--quiet",
        "--output", folder.with_name("benchmark.png"), *options.moonstep_option,
    ]
    result = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(result.stdout)


def start(python: str, script: str, case: Case, folder: Path, threads: int, environment: dict) -> Worker:
    """Another side's process, which has done its first call."""
    worker = Worker(
        [python, HERE / script, folder, case.kind, case.part, str(case.size), str(case.batch), str(threads)],
        environment)
    worker.time()
    return worker


def measure(options, case: Case, threads: int) -> dict:
    """The times of each side, taken in turns."""
    # OpenBLAS finds out by itself what the processor can do, unless this names another one.
    environment = {key: value for key, value in os.environ.items() if key != "OPENBLAS_CORETYPE"}
    environment["OMP_NUM_THREADS"] = str(threads)
    folder = options.models / case.kind
    if not (folder / "model_index.json").exists():
        print(f"Writing {folder}", file=sys.stderr)
        models.build(case.kind, folder)
    sides, workers = {}, {}
    if not options.without_torch:
        workers["PyTorch"] = start(sys.executable, "torch_side.py", case, folder, threads, environment)
    if options.cpp_python and case.kind == "sd15" and case.batch == 1:
        if not folder.with_name(folder.name + ".safetensors").exists():
            models.checkpoint(folder)
        workers[CPP] = start(options.cpp_python, "cpp_side.py", case, folder, threads, environment)
    for name in [*workers, "moonstep"]:
        sides[name] = Timing([])
    for _ in range(options.rounds):
        for name, worker in workers.items():
            # The last one takes minutes for what the others do in one.
            for _ in range(options.steps if case.part == "step" and name != CPP else 1):
                answer = worker.time()
                sides[name].seconds.append(answer["seconds"])
                sides[name].peak = answer["peak"]
        report = run_moonstep(options, case, folder, threads, environment)
        ours = sides["moonstep"]
        ours.seconds += report["step_seconds"][1:] if case.part == "step" else [report["decode_seconds"]]
        ours.peak = max(ours.peak, report["peak_memory_bytes"])
    for worker in workers.values():
        worker.end()
    return sides


def main() -> None:
    """Reads the options, takes the times and tells them as a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", type=Case.parse, help="sd15:512, sdxl:1024, sd15:512:4 (a batch), sd15-vae:512")
    parser.add_argument("--models", type=Path, default=ROOT / "out/benchmark", help="folder of the models, made when missing")
    parser.add_argument("--threads", type=int, nargs="*", default=[os.cpu_count()], help="threads of all sides")
    parser.add_argument("--rounds", type=int, default=3, help="turns of all sides")
    parser.add_argument("--steps", type=int, default=3, help="steps of each side in a turn")
    parser.add_argument("--moonstep", type=Path, help="the program; by default it is built")
    parser.add_argument("--moonstep-option", action="append", default=[], help="one more argument for moonstep")
    parser.add_argument("--without-torch", action="store_true", help="does not time PyTorch")
    parser.add_argument("--cpp-python", help="a Python with stable-diffusion-cpp-python, to time that as well")
    options = parser.parse_args()
    options.moonstep = options.moonstep or moonstep_binary()
    names = [] if options.without_torch else ["PyTorch"]
    names += [CPP] if options.cpp_python else []
    heads = ["what", "threads", "moonstep", "memory"]
    for name in names:
        heads += [name, "memory", "moonstep's share"]
    print("| " + " | ".join(heads) + " |")
    print("|---" * len(heads) + "|")
    for case in options.cases or [Case.parse("sd15:512")]:
        for threads in options.threads:
            sides = measure(options, case, threads)
            ours = sides["moonstep"]
            cells = [str(case), str(threads), f"{ours.median:.2f} s", f"{ours.peak / 1e9:.2f} GB"]
            for name in names:
                side = sides.get(name)
                cells += [f"{side.median:.2f} s", f"{side.peak / 1e9:.2f} GB", f"{ours.median / side.median:.2f}"] if side else [""] * 3
            print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
