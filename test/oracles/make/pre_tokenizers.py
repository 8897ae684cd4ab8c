"""Records what Hugging Face tokenizers cut random texts into, with random pre-tokenizers.

    python test/oracles/make/pre_tokenizers.py test/oracles/data/tokenizers/pre-tokenizers.json
"""
import json
import random
import sys

from random_text import random_text
from tokenizers import Tokenizer

BEHAVIORS = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]
SIMPLE = ["BertPreTokenizer", "UnicodeScripts", "Whitespace", "WhitespaceSplit"]
SET = ["ByteLevel", "CharDelimiterSplit", "Digits", "FixedLength", "Metaspace", "Punctuation", "Split"]
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
PATTERNS = [{"String": s} for s in (" ", "a", "▁", "😀", "日", ".", "  ")] + [
    {"Regex": s} for s in (r"\s+", r"\p{N}{1,3}", r"\p{L}+", r"[0-9]", r" ?\p{L}+| ?\p{N}+|\s+", r"x*", r"\d+|\s", GPT2)
]


def fields(draw, kind):
    chance = draw.random
    if kind == "ByteLevel":
        return {"add_prefix_space": chance() < 0.5, "trim_offsets": True, "use_regex": chance() < 0.5}
    if kind == "CharDelimiterSplit":
        return {"delimiter": draw.choice(" a.😀▁")}
    if kind == "Digits":
        return {"individual_digits": chance() < 0.5}
    if kind == "FixedLength":
        return {"length": draw.choice([1, 2, 3, 7])} if chance() < 0.8 else {}
    if kind == "Punctuation":
        return {"behavior": draw.choice(BEHAVIORS)} if chance() < 0.9 else {}
    if kind == "Split":
        return {"pattern": draw.choice(PATTERNS), "behavior": draw.choice(BEHAVIORS), "invert": chance() < 0.4}
    if kind == "Metaspace":
        result = {"replacement": draw.choice("▁▁▁_ 😀Ġ")}
        if chance() < 0.9:
            result["prepend_scheme"] = draw.choice(["always", "first", "never"])
        if chance() < 0.7:
            result["split"] = chance() < 0.6
        if chance() < 0.2:
            result.update(str_rep="zz", add_prefix_space=True)
        return result
    return {}


def pre_tokenizer(draw, depth=0):
    kinds = SIMPLE + SET + ["Sequence"] * (6 if depth == 0 else 2 if depth == 1 else 0)
    kind = draw.choice(kinds)
    if kind == "Sequence":
        parts = [pre_tokenizer(draw, depth + 1) for _ in range(draw.randrange(4))]
        return {"type": kind, "pretokenizers": parts}
    return {"type": kind, **fields(draw, kind)}


MODEL = {"type": "WordLevel", "vocab": {"?": 0}, "unk_token": "?"}


def main(path):
    draw = random.Random(6)
    lines = []
    for _ in range(170):
        stage = pre_tokenizer(draw)
        split = Tokenizer.from_str(json.dumps({"pre_tokenizer": stage, "model": MODEL})).pre_tokenizer.pre_tokenize_str
        cases = [[text, split(text)] for text in (random_text(draw) for _ in range(3)) if text]
        lines.append(json.dumps({"pre_tokenizer": stage, "cases": cases}, ensure_ascii=False, separators=(",", ":")))
    with open(path, "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(lines) + "\n]\n")


main(sys.argv[1])
