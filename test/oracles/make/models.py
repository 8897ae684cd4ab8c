"""What Hugging Face tokenizers' models make of text: random models over a few characters each, random texts (python models.py OUT [SEED] [EACH] [TEXTS]).

Writes data/tokenizers/models.json: for each model, as in tokenizer.json, lists of text, ids, tokens and offsets in code points; null for
the three where the library fails. `bytes` stands for the 256 tokens <0x00> to <0xFF>, put after the vocabulary (scored -20 in Unigram).
"""
import json
import random
import sys

from tokenizers import Tokenizer

out, seed, each, count = sys.argv[1], *(int(n) for n in (sys.argv[2:5] + [1, 24, 5][len(sys.argv) - 2:]))
draw = random.Random(seed)
characters = list("abcdewunk0xFE #<>/\0") + list("éß世界😀👩\u200d▁\u0301\U00020000\uffff한")
byte_tokens = [f"<0x{byte:02X}>" for byte in range(256)]
flip = lambda p=0.5: draw.random() < p


def word(letters, longest):
    return "".join(draw.choice(letters) for _ in range(draw.randint(1, longest)))


def numbered(tokens):
    ids = list(range(len(tokens)))
    if flip():
        draw.shuffle(ids)
    return dict(zip(tokens, ids))


def bpe(letters):
    prefix, suffix = (draw.choice([None, None, "", *some]) for some in (["##", "@", "▁▁"], ["</w>", "$", "w"]))
    p, s = prefix or "", suffix or ""
    unknown = draw.choice([None, "<unk>", "<unk>", "u", "missing", ""])
    known = [c for c in letters if flip(0.8)]
    pool = [form for c in known for form in sorted({c, p + c, c + s, p + c + s}) if flip(0.9)]
    tokens = dict.fromkeys(pool)
    if unknown in ("<unk>", "u"):
        tokens[unknown] = None
        if flip(0.1):
            pool.append(unknown)
    fallback = flip(0.4)
    if fallback and flip(0.6):
        # Only some bytes have a token.
        tokens.update(dict.fromkeys(f"<0x{byte:02X}>" for c in letters + characters[-12:] + list(p + s) for byte in c.encode() if flip(0.7)))
    merges = []
    for _ in range(draw.choice([0, 1, 3, 8, 20, 60]) if pool else 0):
        left, right = draw.choice(pool), draw.choice(pool)
        # The library takes as many bytes off as the prefix has, whatever they are.
        joined = left.encode() + right.encode()[len(p.encode()):]
        if len(right.encode()) < len(p.encode()) or joined.decode("utf-8", "replace").encode() != joined or not 0 < len(joined) < 20:
            continue
        tokens[joined.decode()] = None
        pool.append(joined.decode())
        merges.append([left, right])
    if flip(0.2):
        merges += draw.sample(merges, len(merges) // 2)
    if flip(0.3) and not any(" " in token for merge in merges for token in merge):
        merges = [" ".join(merge) for merge in merges]
    return {
        "type": "BPE", "dropout": draw.choice([None, 0.0]), "unk_token": unknown, "continuing_subword_prefix": prefix, "end_of_word_suffix": suffix,
        "fuse_unk": flip(), "byte_fallback": fallback, "ignore_merges": flip(0.3), "vocab": numbered(list(tokens)), "merges": merges,
    }, fallback and flip(0.3)


def wordpiece(letters):
    prefix, unknown = draw.choice(["##", "##", "", "@", "▁▁", "#"]), draw.choice(["[UNK]", "[UNK]", "a", ""])
    tokens = [unknown] if flip(0.9) else []
    tokens += [draw.choice(["", prefix]) + word(letters, draw.choice([1, 2, 5])) for _ in range(draw.choice([2, 6, 20, 60]))]
    tokens += [start + c for c in letters for start in ("", prefix) if flip(0.8)]
    longest = draw.choice([0, 1, 10, 100, 100, 100000])
    return {
        "type": "WordPiece", "unk_token": unknown, "continuing_subword_prefix": prefix, "max_input_chars_per_word": longest,
        "vocab": numbered(list(dict.fromkeys(tokens))),
    }, False


def word_level(letters):
    tokens = list(dict.fromkeys(word(letters, 2) for _ in range(20)))
    return {"type": "WordLevel", "vocab": numbered(tokens), "unk_token": draw.choice([tokens[0], tokens[0], "missing"])}, False


def unigram(letters):
    score = draw.choice([lambda: -draw.random() * 12, lambda: -float(draw.randint(1, 4)), lambda: draw.random() * 50 - 10, lambda: draw.choice([0.0, -1.0])])
    tokens = [c for c in letters if flip(0.7)] + [word(letters, draw.choice([2, 4, 6])) for _ in range(draw.choice([0, 4, 20, 60]))]
    unknown = draw.choice(["<unk>", "<unk>", "u", None])
    pieces = [[token, score()] for token in dict.fromkeys(tokens + ["q"])]
    if unknown and unknown not in tokens:
        pieces.insert(draw.randint(0, len(pieces)), [unknown, 0.0])
    fallback = flip(0.4)
    at = next((i for i, (token, _) in enumerate(pieces) if token == unknown), None)
    return {"type": "Unigram", "unk_id": at, "vocab": pieces, "byte_fallback": fallback}, fallback and flip()


def with_bytes(model):
    vocab = model["vocab"]
    if isinstance(vocab, list):
        return {**model, "vocab": vocab + [[token, -20.0] for token in byte_tokens]}
    return {**model, "vocab": vocab | {token: len(vocab) + i for i, token in enumerate(byte_tokens)}}


def encoded(tokenizer, text):
    try:
        encoding = tokenizer.encode(text)
        return [text, encoding.ids, encoding.tokens, encoding.offsets]
    except BaseException:
        return [text, None, None, None]


cases = []
for kind in (bpe, wordpiece, word_level, unigram):
    for _ in range(each if kind is not word_level else each // 4):
        letters = draw.sample(characters, draw.randint(2, 8))
        model, has_bytes = kind(letters)
        if has_bytes:
            model["vocab"] = {t: i for i, t in enumerate(t for t in model["vocab"] if t not in byte_tokens)} if kind is bpe else model["vocab"]
        pre_tokenizer = {"type": "Split", "pattern": {"String": " "}, "behavior": "Isolated", "invert": False} if flip(0.3) else None
        tokenizer = Tokenizer.from_str(json.dumps({"added_tokens": [], "pre_tokenizer": pre_tokenizer, "model": with_bytes(model) if has_bytes else model}))
        texts = ["".join(draw.choice(letters if flip(0.85) else characters) for _ in range(draw.choice([1, 2, 3, 5, 8, 12, 20, 45]))) for _ in range(count)]
        cases.append({"model": model, "bytes": has_bytes, "pre_tokenizer": pre_tokenizer, "texts": [encoded(tokenizer, text) for text in texts]})
with open(out, "w") as file:
    json.dump(cases, file, ensure_ascii=False, separators=(",", ":"))
