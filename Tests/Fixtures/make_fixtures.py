"""Writes the reference numbers that Moonstep's tests compare with.

    python make_fixtures.py            every part
    python make_fixtures.py NAME...    only the parts named, in the order below

Needs the packages of requirements.txt and no network. The same versions write the same bytes.
"""

import argparse
import importlib
import os

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["ATEN_CPU_CAPABILITY"] = "avx2"  # the instruction set decides the last bits, of normal noise too
os.environ["ONEDNN_MAX_CPU_ISA"] = "AVX2"
os.environ["MKL_CBWR"] = "COMPATIBLE"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

PARTS = [
    "tokenizer", "generator", "schedulers", "models", "layers", "networks", "traces", "moonlet", "images",
    "clip_networks", "guide_networks", "community", "guide_models", "guide_traces", "plugin_tricks_a",
    "plugin_tricks_b", "lua_forms",
]  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description="Writes the reference numbers of Moonstep's tests.")
    parser.add_argument("parts", nargs="*", metavar="NAME", help=f"one of {', '.join(PARTS)}; default all")
    chosen = parser.parse_args().parts or PARTS
    unknown = sorted(set(chosen) - set(PARTS))
    if unknown:
        parser.error(f"unknown part {unknown[0]}; the parts are {', '.join(PARTS)}")

    import diffusers
    import torch
    import transformers

    for library in (diffusers, transformers):
        library.logging.set_verbosity_error()
        library.logging.disable_progress_bar()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.set_grad_enabled(False)
    for part in PARTS:
        if part in chosen:
            print(f"== {part}", flush=True)
            importlib.import_module(f"oracle.{part}").make()


if __name__ == "__main__":
    main()
