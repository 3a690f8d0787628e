#!/usr/bin/env python3
"""Times one guided 512-pixel step of a full-size Stable Diffusion 1.5 UNet in PyTorch and in moonstep, in turns.

Needs the packages torch, diffusers and transformers. The model has random weights; `README.md` says more.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOKENIZER = ROOT / "Tests/Fixtures/tokenizer"
TOKENIZER_FILES = ["vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json"]
GUIDANCE = 7.5


def build_model(folder: Path) -> None:
    """Writes a model with the published sizes of Stable Diffusion 1.5 and random float16 weights."""
    import torch
    from diffusers import AutoencoderKL, PNDMScheduler, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    torch.manual_seed(0)
    half = torch.float16
    unfinished = folder.with_name(folder.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    unet = UNet2DConditionModel(
        sample_size=64, in_channels=4, out_channels=4, block_out_channels=(320, 640, 1280, 1280), layers_per_block=2,
        attention_head_dim=8, cross_attention_dim=768,
    )
    unet.to(half).save_pretrained(unfinished / "unet")
    del unet
    autoencoder = AutoencoderKL(
        sample_size=512, block_out_channels=(128, 256, 512, 512), layers_per_block=2, latent_channels=4,
        down_block_types=["DownEncoderBlock2D"] * 4, up_block_types=["UpDecoderBlock2D"] * 4, scaling_factor=0.18215,
    )
    autoencoder.to(half).save_pretrained(unfinished / "vae")
    text = CLIPTextConfig(
        vocab_size=49408, hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12,
        max_position_embeddings=77, projection_dim=768, hidden_act="quick_gelu", bos_token_id=49406,
        eos_token_id=49407, pad_token_id=49407,
    )
    CLIPTextModel(text).to(half).save_pretrained(unfinished / "text_encoder")
    PNDMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", skip_prk_steps=True, set_alpha_to_one=False,
        steps_offset=1,
    ).save_pretrained(unfinished / "scheduler")
    (unfinished / "tokenizer").mkdir()
    for name in TOKENIZER_FILES:
        shutil.copy(TOKENIZER / name, unfinished / "tokenizer" / name)
    index = {
        "_class_name": "StableDiffusionPipeline",
        "_diffusers_version": "0.42.1",
        "feature_extractor": [None, None],
        "safety_checker": [None, None],
        "requires_safety_checker": False,
        "scheduler": ["diffusers", "PNDMScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }
    (unfinished / "model_index.json").write_text(json.dumps(index, indent=2))
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)


def peak_memory() -> int:
    """Peak resident bytes of this process."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def torch_worker(model: Path, threads: int) -> None:
    """Runs one guided step for each line on standard input, and answers with its seconds and the peak memory."""
    import torch
    from diffusers import UNet2DConditionModel

    torch.set_num_threads(threads)
    unet = UNet2DConditionModel.from_pretrained(model / "unet", torch_dtype=torch.float32).eval()
    generator = torch.Generator().manual_seed(0)
    latents = torch.randn((1, 4, 64, 64), generator=generator)
    context = torch.randn((2, 77, 768), generator=generator)
    print("ready", flush=True)
    with torch.inference_mode():
        for _ in sys.stdin:
            start = time.perf_counter()
            both = unet(torch.cat([latents, latents]), 501, encoder_hidden_states=context, return_dict=False)[0]
            unconditional, conditional = both.chunk(2)
            unconditional + GUIDANCE * (conditional - unconditional)
            seconds = time.perf_counter() - start
            print(json.dumps({"seconds": seconds, "peak": peak_memory()}), flush=True)


def moonstep_binary() -> Path:
    """The release build, made when it is missing."""
    command = ["swift", "build", "-c", "release", "--product", "moonstep"]
    subprocess.run(command, cwd=ROOT, check=True, stdout=sys.stderr)
    folder = subprocess.run(command + ["--show-bin-path"], cwd=ROOT, check=True, capture_output=True, text=True)
    return Path(folder.stdout.strip()) / "moonstep"


def run_moonstep(binary: Path, model: Path, steps: int, threads: int, environment: dict) -> dict:
    """The report of one whole run."""
    command = [
        binary, "generate", "--model", model, "--prompt", "a photograph of an astronaut riding a horse", "--steps",
        str(steps), "--guidance-scale", str(GUIDANCE), "--seed", "0", "--threads", str(threads), "--json", "--quiet",
        "--output", model.with_name("benchmark.png"),
    ]
    result = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(result.stdout)


def main() -> None:
    """Reads the options, takes the times and tells them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=ROOT / "out/benchmark-model", help="made when it is missing")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="threads of both sides")
    parser.add_argument("--rounds", type=int, default=3, help="turns of PyTorch and moonstep")
    parser.add_argument("--steps", type=int, default=3, help="steps of each side in a turn")
    parser.add_argument("--moonstep", type=Path, help="the program; by default it is built")
    parser.add_argument("--torch-worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.torch_worker:
        torch_worker(options.model, options.threads)
        return
    # OpenBLAS finds out by itself what the processor can do, unless this names another one.
    environment = {key: value for key, value in os.environ.items() if key != "OPENBLAS_CORETYPE"}
    environment["OMP_NUM_THREADS"] = str(options.threads)
    if not (options.model / "model_index.json").exists():
        print(f"Writing {options.model}", file=sys.stderr)
        build_model(options.model)
    binary = options.moonstep or moonstep_binary()
    worker = subprocess.Popen(
        [sys.executable, __file__, "--torch-worker", "--model", options.model, "--threads", str(options.threads)],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )
    worker.stdout.readline()

    def torch_step() -> dict:
        worker.stdin.write("step\n")
        worker.stdin.flush()
        return json.loads(worker.stdout.readline())

    torch_step()  # The first one still fetches memory.
    torch_seconds, moonstep_seconds, torch_peak, moonstep_peak = [], [], 0, 0
    for turn in range(options.rounds):
        for _ in range(options.steps):
            answer = torch_step()
            torch_seconds.append(answer["seconds"])
            torch_peak = answer["peak"]
        report = run_moonstep(binary, options.model, options.steps, options.threads, environment)
        moonstep_seconds += report["step_seconds"]
        moonstep_peak = max(moonstep_peak, report["peak_memory_bytes"])
        print(
            f"turn {turn + 1}: PyTorch {statistics.median(torch_seconds):.2f} s, "
            f"moonstep {statistics.median(moonstep_seconds):.2f} s a step",
            file=sys.stderr,
        )
    worker.stdin.close()
    worker.wait()
    torch_median, moonstep_median = statistics.median(torch_seconds), statistics.median(moonstep_seconds)
    print(f"PyTorch:  {torch_median:.2f} s a step, peak memory {torch_peak / 1e9:.2f} GB (UNet in float32)")
    print(f"moonstep: {moonstep_median:.2f} s a step, peak memory {moonstep_peak / 1e9:.2f} GB (whole run, float16 weights)")
    print(f"moonstep takes {moonstep_median / torch_median:.2f} of PyTorch's time with {options.threads} threads.")


if __name__ == "__main__":
    main()
