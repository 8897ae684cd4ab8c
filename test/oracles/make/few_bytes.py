"""Records what Hugging Face tokenizers give with byte-level vocabularies that lack bytes: what has no token is left out, and offsets shift.

    python test/oracles/make/few_bytes.py test/oracles/data/tokenizers/few-bytes.json
"""
import json
import random
import sys

from random_text import random_text
from tokenizers import Tokenizer, pre_tokenizers

draw = random.Random(31)
BYTES = sorted(pre_tokenizers.ByteLevel.alphabet())


def flip(p=0.5):
    return draw.random() < p


def model():
    tokens, merges = draw.sample(BYTES, draw.choice([60, 120, 180, 230])), []
    for _ in range(draw.randrange(30)):
        pair = [draw.choice(tokens), draw.choice(tokens)]
        if "".join(pair) not in tokens:
            tokens.append("".join(pair))
            merges.append(pair)
    unknown = draw.choice([None, None, None, "<unk>"])
    vocabulary = tokens + ([unknown] if unknown else [])
    return {"type": "BPE", "vocab": {token: i for i, token in enumerate(vocabulary)}, "merges": merges, "unk_token": unknown, "fuse_unk": flip()}


def settings():
    level = {"type": "ByteLevel", "add_prefix_space": flip(), "trim_offsets": True, "use_regex": flip(0.8)}
    again = {"type": "Split", "pattern": {"String": "Ġ"}, "behavior": "MergedWithNext", "invert": False}
    pre = draw.choice([level, level, {"type": "Sequence", "pretokenizers": [level, again]}, {"type": "Sequence", "pretokenizers": [level, level]}])
    normalizer = draw.choice([None, None, {"type": "NFD"}, {"type": "Lowercase"}, {"type": "Prepend", "prepend": "▁"}])
    return {"normalizer": normalizer, "pre_tokenizer": pre, "post_processor": draw.choice([None, {**level, "trim_offsets": flip()}])}


lines = []
for _ in range(14):
    file = {**settings(), "model": model()}
    tokenizer = Tokenizer.from_str(json.dumps({"added_tokens": [], **file}))
    texts = [random_text(draw, 8) if flip() else "".join(draw.choices("aé日😀 \n½\u0301x²", k=draw.randrange(1, 12))) for _ in range(9)]
    found = [tokenizer.encode(text) for text in texts]
    cases = [[text, each.ids, each.offsets] for text, each in zip(texts, found)]
    lines.append(json.dumps({**file, "cases": cases}, ensure_ascii=False, separators=(",", ":")))
with open(sys.argv[1], "w", encoding="utf-8") as out:
    out.write("[\n" + ",\n".join(lines) + "\n]\n")
