"""PyTorch's side of the benchmark: one process for each case, so that peak memory is the case's own."""

import json
import sys
import time
from pathlib import Path

GUIDANCE = 7.5


def peak_memory() -> int:
    """Peak resident bytes of this process."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def guided_step(folder: Path, kind: str, size: int, batch: int):
    """A function that runs the UNet once on both halves and combines them."""
    import torch
    from diffusers import UNet2DConditionModel

    unet = UNet2DConditionModel.from_pretrained(folder / "unet", torch_dtype=torch.float32).eval()
    generator = torch.Generator().manual_seed(0)
    latents = torch.randn((batch, 4, size // 8, size // 8), generator=generator)
    context = torch.randn((2 * batch, 77, unet.config.cross_attention_dim), generator=generator)
    added = None
    if kind == "sdxl":
        added = {"text_embeds": torch.randn((2 * batch, 1280), generator=generator),
                 "time_ids": torch.tensor([[size, size, 0, 0, size, size]] * (2 * batch), dtype=torch.float32)}

    def step() -> None:
        both = unet(
            torch.cat([latents, latents]), 501, encoder_hidden_states=context, added_cond_kwargs=added,
            return_dict=False,
        )[0]
        unconditional, conditional = both.chunk(2)
        unconditional + GUIDANCE * (conditional - unconditional)

    return step


def decoding(folder: Path, size: int):
    """A function that decodes one picture."""
    import torch
    from diffusers import AutoencoderKL

    vae = AutoencoderKL.from_pretrained(folder / "vae", torch_dtype=torch.float32).eval()
    latents = torch.randn((1, 4, size // 8, size // 8), generator=torch.Generator().manual_seed(0))
    return lambda: vae.decode(latents, return_dict=False)


def main() -> None:
    """Answers each line on standard input with the seconds of one call."""
    import torch

    folder, kind, part, size, batch, threads = Path(sys.argv[1]), *sys.argv[2:4], *map(int, sys.argv[4:7])
    torch.set_num_threads(threads)
    call = decoding(folder, size) if part == "vae" else guided_step(folder, kind, size, batch)
    print("ready", flush=True)
    with torch.inference_mode():
        for _ in sys.stdin:
            start = time.perf_counter()
            call()
            print(json.dumps({"seconds": time.perf_counter() - start, "peak": peak_memory()}), flush=True)


if __name__ == "__main__":
    main()
