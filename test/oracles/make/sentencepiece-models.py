"""Records what sentencepiece makes of texts with small models of every kind and option.

usage: sentencepiece-models.py > test/oracles/data/tokenizers/sentencepiece.json

"models": name, the file in base64, how many pieces it has, and rows of text, ids and the text that these are decoded to.
"""
import base64
import io
import json
import random
import tempfile

import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as messages

CORPUS = [
    "Mia went to the park with her dog. The dog ran and the ducks swam away.",
    "Tom has three apples, and he gives 2 of them to Mia (1 is for the dog).",
    "A naïve CAFÉ in the old town sells 12 kinds of tea and 30 kinds of bread!",
    "Die Straße ist lang. Привет, как дела? 你好，世界。 안녕하세요",
] * 4
WORDS = " ".join(CORPUS).split() + ["<sep>", "Dog", "CAFÉ", "1,000", "0000000000", "aaaaaaaa", "x y", "<s>", "<unk>", "[CLS]", "▁", "ⅷ", "🙂🇩🇪", "e\u0301", "ß"]
SPACES = [" ", " ", " ", "  ", "", "\n", "\t", "\u00a0", "\u3000"]
RULES = {"A": "a", "C": "c", "D": "d", "É": "é", "e\u0301": "é", "\u00a0": " ", "\u3000": " ", "\t": " ", "\n": " ", "ß": "ss", "Ⅷ": "viii", "\u00ad": "", "ab": "xyz"}

rules = tempfile.NamedTemporaryFile("w", suffix=".tsv")
for old, new in RULES.items():
    rules.write(" ".join(f"{ord(c):X}" for c in old) + "\t" + " ".join(f"{ord(c):X}" for c in new) + "\n")
rules.flush()

PLAIN = {"normalization_rule_name": "identity"}
MAPPED = {"normalization_rule_tsv": rules.name}
SUFFIX = {"treat_whitespace_as_suffix": True}
AS_IS = {"add_dummy_prefix": False, "remove_extra_whitespaces": False}
SYMBOLS = {"user_defined_symbols": ["<sep>", "Dog", "CAFÉ", "▁the", "x y"], "control_symbols": ["[CLS]"]}
OPTIONS = {
    "plain": {**PLAIN},
    "mapped, symbols": {**MAPPED, **SYMBOLS},
    "suffix": {**MAPPED, **SUFFIX, "unk_surface": " ? "},
    "spaces as they are": {**PLAIN, **AS_IS, "split_digits": True, "allow_whitespace_only_pieces": True},
    "unused": {**MAPPED, "unused": True, "unk_surface": "", "pad_id": 0, "unk_id": 3},
    "across words": {**PLAIN, "split_by_whitespace": False, "remove_extra_whitespaces": False, "unk_piece": "[UNK]"},
    "spaces not escaped": {**PLAIN, "escape": False},
    "bytes": {**PLAIN, "byte_fallback": True, **SYMBOLS},
    "bytes, unused": {**MAPPED, "byte_fallback": True, "unused": True},
}


def train(kind, byte_fallback=False, unused=False, escape=True, **options):
    model = io.BytesIO()
    more = {"byte_fallback": True, "vocab_size": 400} if byte_fallback else {"vocab_size": 130}
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS), model_writer=model, model_type=kind, hard_vocab_limit=False, minloglevel=2, num_threads=1, **more, **options
    )
    proto = messages.ModelProto()
    proto.ParseFromString(model.getvalue())
    proto.normalizer_spec.ClearField("normalization_rule_tsv")
    proto.normalizer_spec.escape_whitespaces = escape
    pieces = [piece for piece in proto.pieces if piece.type == piece.NORMAL]
    for piece in random.Random(1).sample(pieces, len(pieces) // 5) if unused else []:
        piece.type = piece.UNUSED
    return proto.SerializeToString()


def text(rng):
    return "".join(rng.choice(WORDS) + rng.choice(SPACES) for _ in range(rng.randrange(1, 7)))


models = []
for kind in ["unigram", "bpe", "word", "char"]:
    for name, options in OPTIONS.items():
        if "bytes" in name and kind in ("word", "char"):
            continue
        data = train(kind, **options)
        processor = sentencepiece.SentencePieceProcessor(model_proto=data)
        rng = random.Random(f"{kind} {name}")
        texts = ["", "dog", " The  dog ", "0" * 30] + [text(rng) for _ in range(12)]
        ids = [processor.encode(each) for each in texts]
        rows = [[each, found, processor.decode(found)] for each, found in zip(texts, ids)]
        models.append({"name": f"{kind}, {name}", "file": base64.b64encode(data).decode(), "size": len(processor), "rows": rows})

print(json.dumps({"models": models}, ensure_ascii=False, separators=(",", ":")))
