"""The Rust libraries' sides of the tokenizer benchmarks: tiktoken, and Hugging Face tokenizers.

usage: peer.py tiktoken|tokenizers FOLDER         encodes texts as it is asked by lines of JSON
       peer.py tiktoken|tokenizers FOLDER FILE    loads the library and the tokenizer, encodes a file and answers once
       peer.py train SIZE FILE                    learns byte-level BPE from the lines of a file and answers once
"""
import array
import hashlib
import json
import os
import resource
import sys
import time

task, where = sys.argv[1:3]

GPT2_PATTERN = r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""


def bytes_of_characters():
    """The character that stands for each byte in GPT-2's vocabulary, the other way round."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in plain]
    return {**{chr(b): b for b in plain}, **{chr(256 + i): b for i, b in enumerate(others)}}


def open_tiktoken():
    import tiktoken

    table = bytes_of_characters()
    vocab = json.load(open(os.path.join(where, "tokenizer.json"), encoding="utf-8"))["model"]["vocab"]
    special = {"<|endoftext|>": vocab.pop("<|endoftext|>")}
    ranks = {bytes(table[c] for c in token): rank for token, rank in vocab.items()}

    def fresh():
        encoding = tiktoken.Encoding("gpt2", pat_str=GPT2_PATTERN, mergeable_ranks=ranks, special_tokens=special)
        return encoding.encode_ordinary, lambda ids: ids

    return tiktoken.__version__, fresh


def open_tokenizers():
    import tokenizers

    def fresh():
        tokenizer = tokenizers.Tokenizer.from_file(os.path.join(where, "tokenizer.json"))
        return tokenizer.encode, lambda encoding: encoding.ids

    return tokenizers.__version__, fresh


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


def encode_all(encode, ids_of, texts, start=None):
    start = start or time.perf_counter()
    encodings = [encode(each) for each in texts]
    seconds = time.perf_counter() - start
    ids = [ids_of(encoding) for encoding in encodings]
    digest = hashlib.sha256(b"".join(array.array("i", each).tobytes() for each in ids)).hexdigest()
    print(json.dumps({"seconds": seconds, "tokens": sum(map(len, ids)), "hash": digest}), flush=True)


openers = {"tiktoken": open_tiktoken, "tokenizers": open_tokenizers}


def once(path):
    text = read(path)
    start = time.perf_counter()
    _, fresh = openers[task]()
    encode_all(*fresh(), [text], start)


def answer():
    version, fresh = openers[task]()
    encode, ids_of = fresh()
    print(json.dumps({"version": version}), flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        text = read(question["file"])
        texts = text.split("\n")[: question["lines"]] if "lines" in question else [text]
        if question.get("fresh"):
            encode, ids_of = fresh()
        encode_all(encode, ids_of, texts)


def train():
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=int(where),
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    start = time.perf_counter()
    tokenizer.train([sys.argv[3]], trainer)
    seconds = time.perf_counter() - start
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    digest = hashlib.sha256("\n".join(map(" ".join, merges)).encode()).hexdigest()
    peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": seconds, "peak": peak, "hash": digest}))


if task == "train":
    train()
elif len(sys.argv) > 3:
    once(sys.argv[3])
else:
    answer()
