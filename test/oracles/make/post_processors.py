"""Records what Hugging Face tokenizers give for random post-processors, truncation, padding, texts and pairs.

    python test/oracles/make/post_processors.py test/oracles/data/tokenizers/bytelevel-bpe/tokenizer.json \
        test/oracles/data/tokenizers/post-processors.json
"""
import json
import random
import sys

from random_text import random_text
from tokenizers import Tokenizer

draw = random.Random(8)
CLS, SEP = ["[CLS]", 2], ["[SEP]", 3]
SPECIAL = {
    "[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]},
    "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]},
    "several": {"id": "several", "ids": [5, 6, 7], "tokens": ["x", " y ", "z"]},
    "none": {"id": "none", "ids": [], "tokens": []},
}


def template():
    def pieces(needed):
        sequences = list(needed) + ([draw.choice(needed)] if draw.random() < 0.15 else [])
        result = [{"Sequence": {"id": name, "type_id": draw.randrange(3)}} for name in sequences]
        for _ in range(draw.choice([0, 1, 2, 2, 3])):
            result.append({"SpecialToken": {"id": draw.choice(list(SPECIAL)), "type_id": draw.randrange(3)}})
        draw.shuffle(result)
        return result

    return {"type": "TemplateProcessing", "single": pieces("A"), "pair": pieces("AB"), "special_tokens": SPECIAL}


def processor(depth=0):
    kinds = ["TemplateProcessing", "BertProcessing", "RobertaProcessing", "ByteLevel"]
    kind = draw.choice(kinds + ["Sequence"] * (depth == 0))
    trim = {"add_prefix_space": draw.random() < 0.5, "trim_offsets": draw.random() < 0.7}
    if kind == "TemplateProcessing":
        return template()
    if kind == "BertProcessing":
        return {"type": kind, "sep": SEP, "cls": CLS}
    if kind == "RobertaProcessing":
        return {"type": kind, "sep": SEP, "cls": CLS, **trim}
    if kind == "ByteLevel":
        return {"type": kind, **trim}
    return {"type": kind, "processors": [processor(1) for _ in range(draw.randrange(4))]}


def truncation():
    if draw.random() < 0.25:
        return None
    return {
        "direction": draw.choice(["Left", "Right"]),
        "max_length": draw.choice([0, 1, 2, 3, 4, 5, 6, 8, 10, 15]),
        "strategy": draw.choice(["LongestFirst", "OnlyFirst", "OnlySecond"]),
        "stride": draw.choice([0, 0, 1, 2, 3]),
    }


def padding():
    if draw.random() < 0.4:
        return None
    return {
        "strategy": draw.choice(["BatchLongest", {"Fixed": draw.choice([0, 3, 8, 20])}]),
        "direction": draw.choice(["Left", "Right"]),
        "pad_to_multiple_of": draw.choice([None, None, 0, 1, 4, 7]),
        "pad_id": 1,
        "pad_type_id": draw.randrange(3),
        "pad_token": "[PAD]",
    }


def columns(encoding):
    """Ids, tokens, offsets, segments, attention, special tokens, and the same of what overflows."""
    return [
        encoding.ids,
        encoding.tokens,
        encoding.offsets,
        encoding.type_ids,
        "".join(map(str, encoding.attention_mask)),
        "".join(map(str, encoding.special_tokens_mask)),
        [columns(part) for part in encoding.overflowing],
    ]


def text():
    return random_text(draw, 6)[:10]


def main(source, path):
    with open(source, encoding="utf-8") as file:
        model = json.load(file)
    lines = []
    while len(lines) < 110:
        length, stage = truncation(), None if draw.random() < 0.1 else processor()
        if length and length["stride"] >= max(1, length["max_length"]):
            continue
        pre = {"type": "ByteLevel", "add_prefix_space": draw.random() < 0.5, "trim_offsets": True, "use_regex": True}
        settings = {"pre_tokenizer": pre, "post_processor": stage, "truncation": length, "padding": padding()}
        tokenizer = Tokenizer.from_str(json.dumps({**model, "added_tokens": [], **settings}))
        special = draw.random() < 0.8
        batch = [(text(), text()) if draw.random() < 0.5 else text() for _ in range(draw.choice([1, 1, 2, 3]))]
        # Where there is no room for the special tokens, it forgets to truncate.
        pair = any(isinstance(each, tuple) for each in batch)
        if length and special and tokenizer.num_special_tokens_to_add(pair) > length["max_length"]:
            continue
        try:
            expected = [columns(each) for each in tokenizer.encode_batch(batch, add_special_tokens=special)]
        except BaseException:  # A refusal, or a panic.
            expected = None
        if expected and len(json.dumps(expected)) > 1600:
            continue
        case = {**settings, "batch": batch, "special": special, "expected": expected}
        lines.append(json.dumps(case, ensure_ascii=False, separators=(",", ":")))
    with open(path, "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(lines) + "\n]\n")


main(sys.argv[1], sys.argv[2])
