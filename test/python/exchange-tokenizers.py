"""The Python side of exchange-tokenizers.test.ts: what tokenizers and transformers make of our files, and files of their own with their results.

usage: exchange-tokenizers.py FOLDER

FOLDER/request.json is {"read": {name: directory, ...}, "write": [name, ...], "texts": [...], "corpus": [...]}.
For each directory to read, FOLDER/read/<name>.json, and FOLDER/again/<name>, which transformers writes after reading it.
For each name to write, FOLDER/<name> with tokenizer files and FOLDER/<name>/expected.json.
"""
import json
import logging
import sys
from pathlib import Path

import tokenizers
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer, PreTrainedTokenizerFast
from transformers.utils import logging as transformers_logging

ROLES = ["bos", "eos", "unk", "sep", "pad", "cls", "mask"]


def results(backend, texts):
    encodings = [backend.encode(text) for text in texts]
    pairs = [backend.encode(text, texts[0]) for text in texts]
    return {
        "ids": [encoding.ids for encoding in encodings],
        "tokens": [encoding.tokens for encoding in encodings],
        "offsets": [encoding.offsets for encoding in encodings],
        "pairs": [[encoding.ids, encoding.type_ids] for encoding in pairs],
        "decoded": [backend.decode(encoding.ids, skip_special_tokens=False) for encoding in encodings],
        "skipped": [backend.decode(encoding.ids, skip_special_tokens=True) for encoding in encodings],
    }


def about(tokenizer):
    named = {role: getattr(tokenizer, f"{role}_token") for role in ROLES}
    return {
        "class": type(tokenizer).__name__,
        "named": {role: str(token) for role, token in named.items() if token is not None},
        "size": len(tokenizer),
        "special": sorted(id for id, token in tokenizer.added_tokens_decoder.items() if token.special),
        "max_length": tokenizer.model_max_length,
        "chat_template": tokenizer.chat_template,
    }


def read(directory, texts, again):
    auto = AutoTokenizer.from_pretrained(directory)
    fast = PreTrainedTokenizerFast.from_pretrained(directory)
    raw = tokenizers.Tokenizer.from_file(str(Path(directory, "tokenizer.json")))
    auto.save_pretrained(again)
    return {
        "auto": {**about(auto), "ids": [auto(text).input_ids for text in texts]},
        "fast": {**about(fast), **results(fast.backend_tokenizer, texts)},
        "raw": results(raw, texts),
    }


def template(single, pair, tokenizer):
    tokens = [token for token in ["[CLS]", "[SEP]"] if tokenizer.token_to_id(token) is not None]
    special = [(token, tokenizer.token_to_id(token)) for token in tokens]
    return processors.TemplateProcessing(single=single, pair=pair, special_tokens=special)


def train(name, corpus):
    """A tokenizer of each kind of model, with stages that suit it."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    common = {"special_tokens": special, "show_progress": False}
    if name == "byte-level BPE":
        tokenizer = tokenizers.Tokenizer(models.BPE())
        tokenizer.normalizer = normalizers.NFC()
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
        tokenizer.post_processor = processors.ByteLevel(trim_offsets=True)
        tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(vocab_size=400, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), **common)
    elif name == "BPE with ends of words":
        tokenizer = tokenizers.Tokenizer(models.BPE(unk_token="[UNK]", end_of_word_suffix="</w>", fuse_unk=True))
        tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
        tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
        tokenizer.decoder = decoders.BPEDecoder()
        trainer = trainers.BpeTrainer(vocab_size=200, end_of_word_suffix="</w>", **common)
    elif name == "BPE with bytes":
        tokenizer = tokenizers.Tokenizer(models.BPE(unk_token="[UNK]", byte_fallback=True, fuse_unk=True))
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        tokenizer.decoder = decoders.Sequence(
            [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
        )
        bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
        trainer = trainers.BpeTrainer(vocab_size=500, **{**common, "special_tokens": special + bytes_})
    elif name == "WordPiece":
        tokenizer = tokenizers.Tokenizer(models.WordPiece(unk_token="[UNK]"))
        tokenizer.normalizer = normalizers.BertNormalizer()
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        tokenizer.decoder = decoders.WordPiece()
        trainer = trainers.WordPieceTrainer(vocab_size=300, **common)
    elif name == "words":
        tokenizer = tokenizers.Tokenizer(models.WordLevel(unk_token="[UNK]"))
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation()])
        trainer = trainers.WordLevelTrainer(vocab_size=100, **common)
    else:
        tokenizer = tokenizers.Tokenizer(models.Unigram())
        tokenizer.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC()])
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        tokenizer.decoder = decoders.Metaspace()
        trainer = trainers.UnigramTrainer(vocab_size=200, unk_token="[UNK]", **common)
    tokenizer.train_from_iterator(corpus, trainer)
    if tokenizer.post_processor is None:
        single, pair = "[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1"
        tokenizer.post_processor = template(single, pair, tokenizer)
    tokenizer.add_tokens([tokenizers.AddedToken("entity", single_word=True, lstrip=True)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token=tokenizers.AddedToken("[SEP]", special=True),
        mask_token=tokenizers.AddedToken("[MASK]", lstrip=True, special=True),
        additional_special_tokens=["<extra>"],
        model_max_length=99,
        chat_template="{% for message in messages %}{{ message.content }}{% endfor %}",
    )


def main():
    for name in ["transformers", "tokenizers"]:
        transformers_logging.get_logger(name).setLevel(logging.ERROR)
    folder = Path(sys.argv[1])
    request = json.loads((folder / "request.json").read_text())
    texts = request["texts"]
    for name, directory in request["read"].items():
        (folder / "read").mkdir(exist_ok=True)
        result = read(directory, texts, folder / "again" / name)
        (folder / "read" / f"{name}.json").write_text(json.dumps(result))
    for name in request["write"]:
        tokenizer = train(name, request["corpus"])
        tokenizer.save_pretrained(folder / name)
        expected = {**about(tokenizer), **results(tokenizer.backend_tokenizer, texts)}
        (folder / name / "expected.json").write_text(json.dumps(expected))


if __name__ == "__main__":
    main()
