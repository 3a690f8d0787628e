"""The published CLIP vocabulary and what the reference tokenizer makes of difficult texts."""

import gzip
import json
import random
from importlib import metadata
from pathlib import Path

import open_clip
from transformers import CLIPTokenizer

from .tokenizer_texts import TEXTS, random_texts
from .writing import REFERENCE, ROOT, save_json, save_json_rows

FOLDER = "tokenizer"
SEED = 20240611
MERGE_COUNT = 49152 - 256 - 2
SMALL_MERGE_COUNT = 360


def byte_symbols():
    """The printable stand-ins of the 256 byte values, in vocabulary order."""
    kept = [*range(ord("!"), ord("~") + 1), *range(ord("\u00a1"), ord("\u00ac") + 1), *range(ord("\u00ae"), 256)]
    moved = [byte for byte in range(256) if byte not in kept]
    return [chr(byte) for byte in kept] + [chr(256 + index) for index in range(len(moved))]


def published_merges():
    packed = Path(open_clip.__file__).parent / "bpe_simple_vocab_16e6.txt.gz"
    lines = gzip.decompress(packed.read_bytes()).decode().split("\n")
    return lines[1 : MERGE_COUNT + 1]


def vocabulary(merges):
    symbols = byte_symbols()
    tokens = symbols + [symbol + "</w>" for symbol in symbols]
    tokens += [merge.replace(" ", "") for merge in merges]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    return {token: index for index, token in enumerate(tokens)}


def special(content):
    """A special token as the published tokenizer configurations spell it."""
    return {
        "__type": "AddedToken",
        "content": content,
        "lstrip": False,
        "normalized": True,
        "rstrip": False,
        "single_word": False,
    }


def configuration(pad_token, length=77, as_text=False):
    start, end = "<|startoftext|>", "<|endoftext|>"
    return {
        "add_prefix_space": False,
        "bos_token": start if as_text else special(start),
        "do_lower_case": True,
        "eos_token": end if as_text else special(end),
        "errors": "replace",
        "model_max_length": length,
        "pad_token": pad_token,
        "tokenizer_class": "CLIPTokenizer",
        "unk_token": end if as_text else special(end),
    }


def write_folder(folder, merges, config):
    """A tokenizer folder in the layout of the published models: vocab.json, merges.txt, configurations."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(
        json.dumps(vocabulary(merges), ensure_ascii=False, separators=(",", ":")), encoding="utf-8"
    )
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]) + "\n", encoding="utf-8")
    names = ("bos_token", "eos_token", "pad_token", "unk_token")
    strip = lambda token: {k: v for k, v in token.items() if k != "__type"} if isinstance(token, dict) else token
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")
    (folder / "special_tokens_map.json").write_text(
        json.dumps({name: strip(config[name]) for name in names}, indent=2) + "\n"
    )


def row(tokenizer, text):
    """Ids as the pipeline asks for them, and all of them."""
    ids = tokenizer(text, padding="max_length", max_length=77, truncation=True).input_ids
    return {"ids": ids, "ids_untruncated": tokenizer(text).input_ids}


def write_notice(folder):
    text = metadata.distribution("open_clip_torch").read_text("licenses/LICENSE").strip()
    (folder / "NOTICE.txt").write_text(
        "vocab.json and merges.txt are the byte-pair vocabulary that was published with CLIP\n"
        "(https://github.com/openai/CLIP, MIT License, Copyright (c) 2021 OpenAI), taken from the file\n"
        "bpe_simple_vocab_16e6.txt.gz of the Python package open_clip_torch, whose licence follows.\n\n" + text + "\n"
    )


def make():
    folder = ROOT / FOLDER
    merges = published_merges()
    sd1 = configuration("<|endoftext|>")
    sd2 = configuration("!")
    plain = configuration("<|endoftext|>", as_text=True)
    save_json(f"{FOLDER}/tokenizer_config_sd2.json", sd2, indent=2)
    save_json(f"{FOLDER}/tokenizer_config_plain.json", plain, indent=2)

    by_variant = {}
    for name, config in (("sd2", sd2), ("plain", plain), ("sd1", sd1)):  # sd1 last: its configuration stays
        write_folder(folder, merges, config)
        by_variant[name] = CLIPTokenizer.from_pretrained(folder)
    write_notice(folder)
    small = write_small(folder / "small", merges)

    texts = TEXTS + random_texts(random.Random(SEED))
    rows = []
    for index, (label, text) in enumerate(texts):
        entry = {"label": label, "text": text, **row(by_variant["sd1"], text)}
        if "!" in text or index % 8 == 0:
            entry["sd2"] = row(by_variant["sd2"], text)
        if "<|" in text:
            entry["plain"] = row(by_variant["plain"], text)
        rows.append(entry)
    head = {
        "reference": REFERENCE,
        "seed": SEED,
        "about": "ids: padded or cut to 77 under tokenizer_config.json; sd2, plain: under the configuration of that name",
    }
    save_json_rows(f"{FOLDER}/tokenizer_cases.json", head, "cases", rows)
    rows = [{"label": label, "text": text, "ids": small(text).input_ids} for label, text in texts[::5]]
    save_json_rows(f"{FOLDER}/small/cases.json", {"reference": REFERENCE}, "cases", rows)
    print(len(texts), "texts")


def write_small(folder, merges):
    """The first merges alone, as vocab.json + merges.txt and as tokenizer.json: both must give the same ids."""
    config = configuration("<|endoftext|>")
    (folder / "tokenizer.json").unlink(missing_ok=True)  # the reference would read it instead
    write_folder(folder, merges[:SMALL_MERGE_COUNT], config)
    tokenizer = CLIPTokenizer.from_pretrained(folder)
    saved = json.loads(tokenizer.backend_tokenizer.to_str())
    save_json(f"{FOLDER}/small/tokenizer.json", saved, indent=None)
    saved["model"]["merges"] = [" ".join(pair) for pair in saved["model"]["merges"]]
    save_json(f"{FOLDER}/small/tokenizer_text_merges.json", saved, indent=None)
    return tokenizer
