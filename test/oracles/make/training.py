"""Tokenizers trained with many settings: writes ../data/tokenizers/training.json.

    python test/oracles/make/training.py                           # tokenizers 0.23

A case holds texts (or none: those of bpe-training/corpus.json), settings by their names here, and what was learned. Where characters have
affixes within words their ids depend on the order of a hash table, so the alphabet is part of the question there. A case is dropped where
several runs differ in anything else.
"""
import json
import random
from pathlib import Path

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

DATA = Path(__file__).resolve().parent.parent / "data" / "tokenizers"
CORPUS = json.loads((DATA / "bpe-training" / "corpus.json").read_text())
ALPHABETS = ["ab", "abc", "abcde", "aé中", "ab😀😁x", "abcdefghij", "012345ab_-"]
NAMES = {
    "vocabSize": "vocab_size",
    "minFrequency": "min_frequency",
    "specialTokens": "special_tokens",
    "initialAlphabet": "initial_alphabet",
    "limitAlphabet": "limit_alphabet",
    "maxTokenLength": "max_token_length",
    "continuingPrefix": "continuing_subword_prefix",
    "endOfWord": "end_of_word_suffix",
}
BYTES = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
SPACES = {"type": "WhitespaceSplit"}


def sequence(name, stages):
    return stages[0] if len(stages) == 1 else {"type": "Sequence", name: stages}


def train(case):
    settings = case["settings"]
    options = {NAMES[key]: value for key, value in settings.items() if key in NAMES}
    words = settings["model"] == "words"
    shell = json.loads(Tokenizer(models.WordLevel() if words else models.BPE()).to_str())
    shell["normalizer"] = settings.get("normalizer")
    shell["pre_tokenizer"] = settings["preTokenizer"]
    tokenizer = Tokenizer.from_str(json.dumps(shell))
    if settings["preTokenizer"] and settings["preTokenizer"]["type"] == "ByteLevel" and not words:
        options.setdefault("initial_alphabet", pre_tokenizers.ByteLevel.alphabet())
    trainer = (trainers.WordLevelTrainer if words else trainers.BpeTrainer)(show_progress=False, **options)
    tokenizer.train_from_iterator(case.get("texts", CORPUS), trainer)
    model = json.loads(tokenizer.to_str())["model"]
    vocab = sorted(model["vocab"], key=model["vocab"].get)
    if words:
        return {"tokens": vocab}
    learned = {left + right.removeprefix(settings.get("continuingPrefix", "")) for left, right in model["merges"]}
    special = len(settings["specialTokens"])
    begin = next((i for i, token in enumerate(vocab) if i >= special and token in learned), len(vocab))
    return {"alphabet": vocab[:begin], "tokens": vocab[begin:], "merges": [" ".join(merge) for merge in model["merges"]]}


def stable(case):
    """What all runs agree on, or nothing."""
    affixed = "continuingPrefix" in case["settings"] or "endOfWord" in case["settings"]
    first = train(case)
    if "alphabet" in first and len(first["alphabet"]) > case["settings"]["vocabSize"]:
        return None
    return first if affixed or all(train(case) == first for _ in range(7)) else None


def random_case(rng):
    letters = rng.choice(ALPHABETS)
    longest = rng.choice([3, 8, 16])
    words = ["".join(rng.choices(letters, k=rng.randint(1, longest))) for _ in range(rng.choice([3, 10, 30]))]
    texts = [" ".join(rng.choices(words, k=rng.choice([10, 30]))) for _ in range(rng.randint(1, 2))]
    settings = {"model": "bpe", "preTokenizer": SPACES, "vocabSize": rng.choice([10, 20, 30, 60])}
    if rng.random() < 0.5:
        settings["minFrequency"] = rng.choice([1, 2, 5])
    settings["specialTokens"] = rng.sample(["<s>", "[UNK]", "ab", "a"], rng.randint(0, 2))
    if rng.random() < 0.3:
        settings["initialAlphabet"] = sorted(rng.sample("abcxyz中", rng.randint(1, 4)))
    if rng.random() < 0.3:
        settings["limitAlphabet"] = rng.randint(2, 5)
    if rng.random() < 0.4:
        settings["maxTokenLength"] = rng.randint(1, 8)
    if rng.random() < 0.3:
        settings["continuingPrefix"] = rng.choice(["##", "@@"])
    if rng.random() < 0.3:
        settings["endOfWord"] = "</w>"
    if "limitAlphabet" in settings and ("continuingPrefix" in settings or "endOfWord" in settings):
        del settings["limitAlphabet"]
    return {"texts": texts, "settings": settings}


def corpus_cases():
    def case(model, size, pre_tokenizer, **more):
        return {"settings": {"model": model, "vocabSize": size, "preTokenizer": pre_tokenizer, "specialTokens": [], **more}}

    prefixed = {**BYTES, "add_prefix_space": True}
    metaspace = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    digits = {"type": "Digits", "individual_digits": True}
    lower = {"type": "Lowercase"}
    yield case("bpe", 420, BYTES, maxTokenLength=4)
    yield case("bpe", 1000, BYTES, minFrequency=40, specialTokens=["<pad>", "<s>", "</s>"])
    yield case("bpe", 360, prefixed, limitAlphabet=256)
    yield case("bpe", 330, sequence("pretokenizers", [digits, {**BYTES, "use_regex": False}]), initialAlphabet=["Ġ", "a"])
    yield case("bpe", 220, metaspace, specialTokens=["<unk>"])
    yield case("bpe", 200, {"type": "Whitespace"}, normalizer=sequence("normalizers", [{"type": "NFKD"}, lower]))
    yield case("bpe", 200, {"type": "BertPreTokenizer"}, normalizer={"type": "StripAccents"}, maxTokenLength=6)
    yield case("bpe", 200, None, maxTokenLength=12)
    yield case("words", 60, {"type": "Whitespace"}, specialTokens=["<unk>"])
    yield case("words", 1000, {"type": "WhitespaceSplit"}, minFrequency=10)
    yield case("words", 1000, {"type": "UnicodeScripts"}, minFrequency=6, normalizer=lower)
    yield case("words", 70, {"type": "Punctuation", "behavior": "Isolated"}, specialTokens=["[UNK]", "[PAD]"])


def main():
    rng = random.Random(6)
    cases = list(corpus_cases()) + [random_case(rng) for _ in range(100)]
    kept = [{**case, **learned} for case in cases if (learned := stable(case))]
    (DATA / "training.json").write_text("[\n" + ",\n".join(json.dumps(case, ensure_ascii=False) for case in kept) + "\n]\n")
    print(len(kept), "of", len(cases), sum("texts" not in case for case in kept))


main()
