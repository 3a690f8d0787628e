"""stable-diffusion.cpp's side of the benchmark: one process for each case, so that peak memory is the case's own.

Needs the package stable-diffusion-cpp-python, which builds it for the processor at hand.
"""

import json
import sys
import time
from pathlib import Path

from torch_side import GUIDANCE, peak_memory

PROMPT = "a photograph of an astronaut riding a horse"


def main() -> None:
    """Answers each line on standard input with the seconds of one guided step, or of decoding a picture."""
    from stable_diffusion_cpp import StableDiffusion

    folder, kind, part, size, batch, threads = Path(sys.argv[1]), *sys.argv[2:4], *map(int, sys.argv[4:7])
    if kind != "sd15" or batch != 1:
        sys.exit("only sd15 and single pictures are timed")
    model = StableDiffusion(
        model_path=str(folder.with_name(folder.name + ".safetensors")), n_threads=threads, verbose=False)
    print("ready", flush=True)
    steps = 2 if part == "step" else 1
    for _ in sys.stdin:
        marks = []

        def note(step: int, of: int, seconds: float) -> None:
            marks.append((step, of, time.perf_counter()))

        model.generate_image(
            prompt=PROMPT, width=size, height=size, cfg_scale=GUIDANCE if part == "step" else 1.0, sample_steps=steps,
            sample_method="euler", seed=0, progress_callback=note)
        ends = {step: when for step, of, when in marks if of == steps}
        # The sampler ends and the picture is decoded after the last step's mark.
        seconds = ends[2] - ends[1] if part == "step" else time.perf_counter() - ends[1]
        print(json.dumps({"seconds": seconds, "peak": peak_memory()}), flush=True)


if __name__ == "__main__":
    main()
