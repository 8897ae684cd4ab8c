"""Records where Hugging Face tokenizers find random added tokens, with random normalizers and pre-tokenizers.

    python test/oracles/make/added_tokens.py test/oracles/data/tokenizers/added-tokens.json
"""
import json
import random
import sys

from random_text import random_text
from tokenizers import AddedToken, Tokenizer

draw = random.Random(9)
WORDS = ["[UNK]", "a", "b", "word", "the", "Hello", "é", "日", " ", "▁", "The", "x", "3", "."]
MODEL = {"type": "WordLevel", "vocab": {word: i for i, word in enumerate(WORDS)}, "unk_token": "[UNK]"}
PREPEND = {"type": "Prepend", "prepend": "▁"}
MARK = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
STRIP = {"type": "Strip", "strip_left": True, "strip_right": True}
NORMALIZERS = [None, None, None, {"type": "Lowercase"}, PREPEND, MARK, STRIP, {"type": "NFD"}, {"type": "NFKC"}] + [
    {"type": "Sequence", "normalizers": [PREPEND, MARK]}
]
METASPACE = {"type": "Metaspace", "replacement": "▁", "split": True}
PRE_TOKENIZERS = [None, {"type": "WhitespaceSplit"}, {"type": "Whitespace"}, {"type": "BertPreTokenizer"}] + [
    {**METASPACE, "prepend_scheme": "first"},
    {**METASPACE, "prepend_scheme": "always"},
    {"type": "Split", "pattern": {"Regex": "."}, "behavior": "Isolated", "invert": False},
]
CONTENTS = ["<s>", "</s>", "[MASK]", "the", "The", "THE", "a", "ab", "abc", "b", "  ", "\n", " ", "é", "É", "e\u0301", "word"] + [
    "Hello", "hello", "日", "日本", "👩", "👩\u200d👧", "<", "s>", "[", "12", "123", "1", "'s", " the", "the ", " X ", "ﬁ", "ß", "_", "--",
]


def tokenizer():
    settings = {"normalizer": draw.choice(NORMALIZERS), "pre_tokenizer": draw.choice(PRE_TOKENIZERS), "model": MODEL}
    result = Tokenizer.from_str(json.dumps(settings))
    seen = {""}
    for content in draw.sample(CONTENTS, draw.randrange(1, 9)):
        normalized = draw.random() < 0.4
        # Two tokens of one normalized form would be found at random, and an empty form everywhere.
        form = result.normalizer.normalize_str(content) if normalized and result.normalizer else content
        if normalized and form in seen:
            continue
        seen.add(form if normalized else "")
        flags = {name: draw.random() < 0.3 for name in ("single_word", "lstrip", "rstrip")}
        token = AddedToken(content, normalized=normalized, **flags)
        # Not words of the model: it may give those for text where special tokens are to be text, which we do not.
        special = content not in WORDS and draw.random() < 0.5
        (result.add_special_tokens if special else result.add_tokens)([token])
    return result


def text():
    result = random_text(draw, 6)
    for _ in range(draw.randrange(1, 5)):
        at = draw.randrange(len(result) + 1)
        result = result[:at] + draw.choice(CONTENTS) + result[at:]
    return result


def main(path):
    lines = []
    while len(lines) < 90:
        one = tokenizer()
        cases = []
        for _ in range(3):
            case = text()
            one.encode_special_tokens = draw.random() < 0.3
            try:
                found = one.encode(case)
            except BaseException:  # A panic, where white space has gone with the token before.
                continue
            decoded = [one.decode(found.ids, skip_special_tokens=skip) for skip in (False, True)]
            cases.append([case, one.encode_special_tokens, found.ids, found.tokens, found.offsets, *decoded])
        file = json.loads(one.to_str())
        kept = {name: file[name] for name in ("added_tokens", "normalizer", "pre_tokenizer")}
        lines.append(json.dumps({**kept, "cases": cases}, ensure_ascii=False, separators=(",", ":")))
    with open(path, "w", encoding="utf-8") as out:
        out.write(json.dumps(MODEL, ensure_ascii=False, separators=(",", ":")).join(['{"model":', ',"tokenizers":[\n']))
        out.write(",\n".join(lines) + "\n]}\n")


main(sys.argv[1])
