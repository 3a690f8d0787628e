"""The tokenizer: a byte-level BPE vocabulary in CLIP's format, learnt from captions."""

import json
import random
from pathlib import Path

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import CLIPTokenizer

import scenes

LENGTH = 32
WORDS = Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")
# Words of other people's prompts: none of them is drawn, all should be tokens and not letters.
OTHERS = (
    "a an and are as at be by for from has have in is it its of on or that the there these this to two three four five with without "
    "over under above below behind near inside outside between riding eating playing holding wearing sitting standing flying running "
    "swimming sleeping jumping night day morning evening sunset sunrise street city forest garden field river lake sea sky space room "
    "kitchen table window light dark bright warm cold wet dry soft hard round flat long short tall fast slow young ancient modern "
    "photograph portrait landscape realistic render oil watercolor sketch pencil style artist famous detailed cinematic dramatic "
    "fantasy magic golden silver metal wooden glass paper plastic stone water snow rain cloudy sunny colorful black and white close up"
)


def make(maker, scenes_of_corpus, size=2400):
    """A vocabulary of about `size` tokens from captions of `scenes_of_corpus` and the words of other people's prompts."""
    corpus = [maker.caption(scene) for scene in scenes_of_corpus for _ in range(2)]
    for names in maker.names:
        corpus += names * 6 + [scenes.plural(name) for name in names]
    corpus += [", ".join(scenes.PRAISE + scenes.BLAME + scenes.ADJECTIVES), OTHERS] * 6
    tokenizer = Tokenizer(models.BPE(continuing_subword_prefix="", end_of_word_suffix="</w>", unk_token="<|endoftext|>"))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(WORDS, behavior="removed", invert=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=alphabet, end_of_word_suffix="</w>", special_tokens=[], show_progress=False
    )
    tokenizer.train_from_iterator(corpus, trainer)
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in merges]
    tokens = alphabet + [letter + "</w>" for letter in alphabet] + [merge.replace(" ", "") for merge in merges]
    tokens = list(dict.fromkeys(tokens)) + ["<|startoftext|>", "<|endoftext|>"]
    return {token: number for number, token in enumerate(tokens)}, merges


def save(vocabulary, merges, folder: Path):
    """Writes the vocabulary as `vocab.json` and `merges.txt`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
    end = "<|endoftext|>"
    config = dict(
        tokenizer_class="CLIPTokenizer", model_max_length=LENGTH, bos_token="<|startoftext|>", eos_token=end, unk_token=end,
        pad_token=end, do_lower_case=True, errors="replace", add_prefix_space=False,
    )
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=1))


def load(folder):
    """The tokenizer of a folder."""
    return CLIPTokenizer.from_pretrained(folder)


def babble(draw: random.Random):
    """A word that nobody knows, of one to three syllables."""
    return "".join(draw.choice("bcdfghjklmnprstvwz") + draw.choice("aeiou") + draw.choice(["", "", "n", "r", "s", "x", "ck"]) for _ in range(draw.randint(1, 3)))
