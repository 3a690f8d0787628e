#!/usr/bin/env python3
"""Times what plugins cost: a hook call, a handle, and tensor operations beside the same in Swift and in NumPy.

All run on one thread, and its processor time is what counts. Needs the package numpy; `README.md` says more.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OPERATIONS = Path(__file__).resolve().parent / "plugin-costs/operations.lua"


def numpy_seconds(rounds: int) -> dict:
    """The least seconds of each operation of `operations.lua` in NumPy."""
    import numpy as np

    generator = np.random.default_rng(7)
    a = generator.standard_normal((1000, 1000), dtype=np.float32)
    b = generator.standard_normal((1000, 1000), dtype=np.float32)
    mask = a > 0
    operations = {
        "add": (10, lambda: a + b),
        "mul": (10, lambda: a * b),
        "exp": (10, lambda: np.exp(a)),
        "mean_last": (10, lambda: a.mean(1)),
        "mean_first": (10, lambda: a.mean(0)),
        "where": (10, lambda: np.where(mask, a, b)),
        "matmul": (1, lambda: a @ b),
        "clamp": (10, lambda: a.clip(-0.5, 0.5)),
        "sum": (10, lambda: a.sum()),
        "transpose": (10, lambda: np.ascontiguousarray(a.T)),
        "std": (5, lambda: a.std(ddof=1)),
        "quantile": (2, lambda: np.quantile(a, 0.9)),
    }
    seconds = {}
    for name, (count, run) in operations.items():
        best = float("inf")
        for _ in range(rounds):
            start = time.thread_time()
            for _ in range(count):
                run()
            best = min(best, (time.thread_time() - start) / count)
        seconds[name] = best
    return seconds


def built_binary() -> Path:
    """The release build, made when it is missing."""
    command = ["swift", "build", "-c", "release", "--product", "plugin-costs"]
    subprocess.run(command, cwd=ROOT, check=True, stdout=sys.stderr)
    folder = subprocess.run(command + ["--show-bin-path"], cwd=ROOT, check=True, capture_output=True, text=True)
    return Path(folder.stdout.strip()) / "plugin-costs"


def main() -> None:
    """Reads the options, takes the times and tells them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=ROOT / "examples/moonlet", help="any model: its run is not timed")
    parser.add_argument("--turns", type=int, default=5, help="turns of NumPy and moonstep")
    parser.add_argument("--rounds", type=int, default=20, help="how often each is timed in a turn")
    parser.add_argument("--binary", type=Path, help="the program plugin-costs; by default it is built")
    parser.add_argument("--numpy-worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.numpy_worker:
        print(json.dumps(numpy_seconds(options.rounds)))
        return
    environment = {key: value for key, value in os.environ.items() if key != "OPENBLAS_CORETYPE"}
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        environment[name] = "1"
    binary = options.binary or built_binary()
    least: dict = {}

    def take(prefix: str, command: list) -> None:
        """Runs a worker and keeps the least of its times."""
        output = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
        for name, seconds in json.loads(output).items():
            least[prefix + name] = min(seconds, least.get(prefix + name, float("inf")))

    for turn in range(options.turns):
        take("numpy_", [sys.executable, __file__, "--numpy-worker", "--rounds", str(options.rounds)])
        take("", [binary, options.model, OPERATIONS, str(options.rounds)])
        print(f"turn {turn + 1} of {options.turns}", file=sys.stderr)
    print(f"a hook call that does nothing: {least['hook'] * 1e6:.2f} us")
    for name in ("ndim", "size", "narrow"):
        print(f"a handle, {name}: {least['handle_' + name] * 1e6:.2f} us")
    print(f"{'a million elements':20}{'Lua':>11}{'Swift':>11}{'NumPy':>11}{'Lua/Swift':>11}{'Lua/NumPy':>11}")
    for name in [key.removeprefix("numpy_") for key in least if key.startswith("numpy_")]:
        lua, swift, numpy = (least[f"{side}_{name}"] for side in ("lua", "swift", "numpy"))
        times = "".join(f"{seconds * 1e6:8.0f} us" for seconds in (lua, swift, numpy))
        print(f"{name:20}{times}{lua / swift:11.2f}{lua / numpy:11.2f}")


if __name__ == "__main__":
    main()
