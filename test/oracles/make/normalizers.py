"""What every normalizer of Hugging Face tokenizers makes of mixed text: the text, and the characters that each of its characters
stands for. Writes data/tokenizers/normalizers.json. Needs tokenizers 0.23.3."""

import json
import os
import random

from tokenizers import Regex, Tokenizer, models, pre_tokenizers

here = os.path.dirname(os.path.abspath(__file__))
target = os.path.join(here, "..", "data", "tokenizers")
draw = random.Random(17)

with open(os.path.join(target, "unigram-precompiled", "tokenizer.json"), encoding="utf-8") as file:
    precompiled = json.load(file)["normalizer"]["normalizers"][0]

ranges = [(0x20, 0x7E)] * 4 + [
    (0x00, 0x1F), (0x7F, 0xFF), (0xC0, 0x17F), (0x300, 0x36F), (0x370, 0x4FF), (0x590, 0x610), (0x6D0, 0x70F), (0x8D0, 0x8E2),
    (0x900, 0x97F), (0x980, 0xDFF), (0xE00, 0xE7F), (0xF00, 0xFBC), (0x1100, 0x11FF), (0xAC00, 0xD7A3), (0x1AB0, 0x1ADF),
    (0x1E00, 0x1FFF), (0x2000, 0x218F), (0x2460, 0x27BF), (0x3000, 0x33FF), (0x4E00, 0x9FFF), (0xF900, 0xFFFF), (0x10A00, 0x11FFF),
    (0x1D100, 0x1D7FF), (0x1E000, 0x1E95F), (0x1F1E6, 0x1F1FF), (0x1F300, 0x1FAFF), (0x20000, 0x2FA1D), (0xE0000, 0xE01EF),
]
odd = [
    "\u0130", "\u03a3", "\u03c3\u03a3 ", "\r\n", "\n", "\t", "\0", "\ufffd", "\u200d", "e\u0301", "a\u0301\u0323", "q\u0307\u0323",
    "\u0344", "\u0f73", "\u212b", "\u1100\u1161\u11a8", "\uac00\u11a8", "\u09c7\u09be", "\u3099", "\uff76\uff9e", "\u0915\u094d",
    "\u0958", "\u00a9", "\u2122", "\x1e", "\u0345", "\u302e", "\u1cf2", "\u0600", "\ufb01", "\u337f", "\U0001d15e", "\u2581", " ", "  ",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f44d\U0001f3fd",
]

normalizers = [{"type": name} for name in ("NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Nmt", "ByteLevel")]
normalizers += [{"type": "Strip", "strip_left": left, "strip_right": right} for left, right in ((True, True), (True, False), (False, True))]
normalizers += [{"type": "Prepend", "prepend": text} for text in ("\u2581", "", "ab")]
normalizers += [
    {"type": "Replace", "pattern": pattern, "content": content}
    for pattern in ({"String": " "}, {"String": ""}, {"Regex": "\\s+"}, {"Regex": "[a-m]*"}, {"Regex": "[\u0300-\u036f]+"})
    for content in ("", "\u2581", "\U0001f600a")
]
normalizers += [
    {"type": "BertNormalizer", "clean_text": clean, "handle_chinese_chars": spaces, "strip_accents": strip, "lowercase": lower}
    for clean, spaces, strip, lower in (
        (True, True, None, True), (True, True, None, False), (False, False, True, False), (True, False, False, True), (False, True, True, True),
    )
]
sequences = [
    [precompiled, {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}],
    [{"type": "NFKD"}, {"type": "StripAccents"}, {"type": "Lowercase"}, precompiled],
    [{"type": "Strip", "strip_left": True, "strip_right": False}, {"type": "Replace", "pattern": {"Regex": "x*"}, "content": "-"}],
    [{"type": "Prepend", "prepend": "\u2581"}, {"type": "NFC"}, {"type": "ByteLevel"}],
    [],
]
normalizers += [precompiled, precompiled] + [{"type": "Sequence", "normalizers": items} for items in sequences]


def character():
    kind = draw.random()
    if kind < 0.35:
        return draw.choice(odd)
    first, last = draw.choice(ranges)
    return chr(draw.randint(first, last))


def reading(normalizer, text):
    """The normalized text and its alignment: each character as a piece of its own has offsets of its own."""
    blank = json.loads(Tokenizer(models.WordLevel({"unknown": 0}, unk_token="unknown")).to_str())
    tokenizer = Tokenizer.from_str(json.dumps({**blank, "normalizer": normalizer}))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("[\\s\\S]"), "isolated")
    return tokenizer.normalizer.normalize_str(text), [end for pair in tokenizer.encode(text).offsets for end in pair]


def short(normalizer):
    """The precompiled map is long, and in a folder of its own."""
    if normalizer is precompiled:
        return {"type": "Precompiled", "precompiled_charsmap": "unigram-precompiled"}
    items = normalizer.get("normalizers")
    return normalizer if items is None else {**normalizer, "normalizers": [short(item) for item in items]}


cases = []
for normalizer in normalizers:
    texts = ["", " \t a b\n "] + ["".join(character() for _ in range(draw.choice((2, 6, 12)))) for _ in range(12)]
    cases.append({"normalizer": short(normalizer), "readings": [[text, *reading(normalizer, text)] for text in texts]})

with open(os.path.join(target, "normalizers.json"), "w", encoding="utf-8") as file:
    json.dump(cases, file, separators=(",", ":"))
    file.write("\n")
