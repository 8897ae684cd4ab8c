"""What Hugging Face tokenizers decodes: random decoders over random lists of tokens (python decoders.py OUT [SEED] [DECODERS] [LISTS]).

Writes data/tokenizers/decoders.json: the tokens, and for each decoder, as in tokenizer.json, lists of ids with their texts; null where the
library fails.
"""
import json
import random
import sys

from tokenizers import Tokenizer

out, seed, count, lists = sys.argv[1], *(int(n) for n in (sys.argv[2:5] + [1, 130, 5][len(sys.argv) - 2:]))
draw = random.Random(seed)

tokens = [
    "", " ", "a", "b", "the", "##ing", "##", "#", "▁", "▁▁", "▁the", "a▁b", "▁.", "</w>", "lo</w>", "a</w>b", "</", "w>", "/w></w>",
    "<0x61>", "<0x0A>", "<0xE2>", "<0x82>", "<0xAC>", "<0xac>", "<0xF0>", "<0x9F>", "<0x98>", "<0x80>", "<0xFF>", "<0x+F>", "<0x-1>",
    "<0xé>", "<0xZZ>", "<0x6", "1>", "<pad>", "<", "|", "||", "h|e", "<pad>e<pad>", " .", ".", " do not", " n't", "n't", "'", " ' ", "'s", " '",
    "do", "not", ",", "!", "?", "'ve", "é", "€", "😀", "👩\u200d👧", "e\u0301", "\ufffd", "\n", "\t", "Ġ", "Ġhi", "Ã", "©", "â", "Ĥ", "¬", "ðŁĺĢ",
    "aaa", "ababa", "xx", "x", "日本", "\u3000",
]


def one():
    kind = draw.choice(["ByteLevel", "WordPiece", "Metaspace", "BPEDecoder", "ByteFallback", "Fuse", "Strip", "Replace", "CTC"])
    character = lambda: draw.choice(["▁", " ", "a", "é", "😀", "#", "."])
    word = lambda: draw.choice(["##", "</w>", "", "a", "aa", "aba", " ", "▁", "<pad>", "é", "|", "x", "\n", "😀"])
    flip = lambda: draw.random() < 0.5
    if kind == "ByteLevel":
        return {"type": kind, "add_prefix_space": True, "trim_offsets": True, "use_regex": True}
    if kind == "WordPiece":
        return {"type": kind, "prefix": word(), "cleanup": flip()}
    if kind == "Metaspace":
        return {"type": kind, "replacement": character(), "prepend_scheme": draw.choice(["always", "first", "never"]), "split": flip()}
    if kind == "BPEDecoder":
        return {"type": kind, "suffix": word()}
    if kind == "Strip":
        return {"type": kind, "content": character(), "start": draw.randrange(4), "stop": draw.choice([0, 0, 1, 2])}
    if kind == "Replace":
        regex = draw.choice(["a", "a*", "(?i)THE", r"\p{P}", r"^|$", "[ab]+", r"\s+", "^a", "b$", r"(?<=a)b", r"▁", r" ?\.", r"\w(?=e)", "^ "])
        return {"type": kind, "pattern": {"Regex": regex} if flip() else {"String": word()}, "content": draw.choice(["", " ", "▁", "ab", "aa", "😀", "<0xE2>"])}
    if kind == "CTC":
        return {"type": kind, "pad_token": word(), "word_delimiter_token": word(), "cleanup": flip()}
    return {"type": kind}


def decoder():
    if draw.random() < 0.4:
        return one()
    inner = [one() if draw.random() < 0.95 else {"type": "Sequence", "decoders": [one() for _ in range(2)]} for _ in range(draw.randrange(1, 5))]
    return {"type": "Sequence", "decoders": inner}


def build(decoder):
    vocabulary = {token: i for i, token in enumerate(tokens)}
    return Tokenizer.from_str(json.dumps({
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None, "pre_tokenizer": None,
        "post_processor": None, "decoder": decoder, "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "a"},
    }))


def ids():
    if draw.random() < 0.3:  # runs of what belongs together
        some = draw.sample(range(len(tokens)), 4)
        return [draw.choice(some) for _ in range(draw.randrange(1, 14))]
    if draw.random() < 0.3:
        first = tokens.index("<0x61>")
        return [draw.randrange(first, first + 12) if draw.random() < 0.8 else draw.randrange(len(tokens)) for _ in range(draw.randrange(1, 12))]
    return [draw.randrange(len(tokens)) for _ in range(draw.randrange(0, 10))]


def answer(tokenizer, ids):
    try:
        return tokenizer.decode(ids, skip_special_tokens=False)
    except BaseException:
        return None


records = []
for i in range(count):
    json_ = None if i == 0 else decoder()
    tokenizer = build(json_)
    records.append({"decoder": json_, "lists": [(given := ids(), answer(tokenizer, given)) for _ in range(lists)]})
with open(out, "w", encoding="utf-8") as file:
    json.dump({"tokens": tokens, "records": records}, file, ensure_ascii=False, separators=(",", ":"))
    file.write("\n")
