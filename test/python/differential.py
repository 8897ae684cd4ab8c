"""The Python side of differential.test.ts: random tokenizers made by Hugging Face tokenizers, and what they make of random texts.

usage: differential.py FOLDER KIND TEXTS VARIANTS SEED

Writes, for each variant v of a kind of model, FOLDER/KIND-v.json (a tokenizer.json) and FOLDER/KIND-v.jsonl: a line
[text, ids, offsets, tokens, ids without special tokens, decoded, decoded without special tokens] for each text, or for each pair
[[a, b], ids, offsets, tokens, type ids]. Offsets count code points.
"""
import json
import random
import re
import sys
import unicodedata
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

WORDS = """the a model reads small rivers quietly tokenizer attention's don't I'll they'd WE'RE it's naïve café résumé Straße ΣΊΣΥΦΟΣ İstanbul ǅ
今天天气很好 東京は大きい 안녕하세요 세계 مرحبا بالعالم สวัสดีชาวโลก Привет мир καλημέρα हिन्दी भाषा नमस्ते 2026 3.14 1,000 x=y*2; f(x) != None // # foo_bar
https://example.org/a?b=1&c=%20d user@mail.example 👩‍👩‍👧 👋🏽 🇫🇷🇩🇪 ❤️ 1️⃣ ﬁne ﬂow ½ ² Ⅷ ㎡ Å Ω ẛ̣ क़ ᄒ ᅡ ᆫ ｶﾀｶﾅ ＡＢＣ <mask> <s> </s> [CLS] [SEP] <unk> <|endoftext|> kebab zero""".split()
SPACES = ["\n", "\t", "\r\n", "\r", "\u00a0", "\u3000", "\u2003", "\u200b", "\u0085", "\u2028", "\x0b", "\x0c", "\x1c", "\u1680", "\ufeff", "\u202f"]
CONTROLS = ["\x00", "\x01", "\x1b", "\x7f", "\u0080", "\u00ad", "\u200d", "\u200c", "\u202e", "\u2066", "\ufffd", "\ufffe", "\U000e0001", "\ue000"]
MARKS = ["\u0301", "\u0308", "\u0323", "\u0345", "\u093c", "\u064e", "\u0651", "\ufe0f", "\u20e3", "\u3099", "\u0e31", "\u05b8", "\u1ab0", "\U0001d165"]
PUNCTUATION = list(".,!?'\"-_()[]{}<>/\\|@#$%^&*+=~`:;") + ["…", "—", "“", "”", "’", "。", "，", "؟", "¿", "·", "‿", "€", "±", "×", "▁", "Ġ", "##", "@@", "</w>"]
PLANES = [(0x20, 0x7F), (0x80, 0x250), (0x250, 0x600), (0x600, 0x1100), (0x1100, 0x2000), (0x2000, 0x3100), (0x3100, 0xA000), (0xA000, 0xD800), (0xE000, 0x10000),
          (0x10000, 0x14000), (0x16000, 0x1F000), (0x1F000, 0x20000), (0x20000, 0x2A000), (0x2A000, 0x40000), (0xE0000, 0xE0200), (0x10000, 0x110000)]
SPECIAL = ["<unk>", "<s>", "</s>", "<pad>", "<mask>", "[CLS]", "[SEP]"]


def character(r):
    """From any plane: assigned since Unicode 14 at the latest, or, seldom, from planes that are empty: patterns know 16 there, 17 here."""
    while True:
        low, high = r.choice(PLANES)
        c = chr(r.randrange(low, high))
        if unicodedata.category(c) != "Cn" or ("\U00040000" <= c < "\U000e0000" and r.random() < 0.1):
            return c


def piece(r):
    x = r.random()
    if x < 0.4:
        return r.choice(WORDS)
    if x < 0.5:
        return r.choice(PUNCTUATION) * r.choice([1, 1, 1, 2, 3])
    if x < 0.58:
        return r.choice(SPACES) * r.choice([1, 1, 2])
    if x < 0.62:
        return r.choice(CONTROLS)
    if x < 0.68:
        return r.choice("aeinouAЕκ가か") + "".join(r.choice(MARKS) for _ in range(r.randint(1, 3)))
    if x < 0.72:
        return str(r.randrange(10 ** r.randint(1, 9)))
    if x < 0.76:
        return r.choice("ab0x^ .é字🙂") * r.randint(2, 40)
    return "".join(character(r) for _ in range(r.randint(1, 5)))


def text(r):
    return "".join(piece(r) + r.choice(["", " ", " ", " ", "  "]) for _ in range(r.choice([1, 2, 3, 5, 8, 13])))


def some(r, choices, most=3):
    return [choice() for choice in r.sample(choices, r.randint(0, most))]


def normalizer(r):
    flag = lambda: r.random() < 0.5
    chosen = some(r, [
        normalizers.NFC, normalizers.NFD, normalizers.NFKC, normalizers.NFKD, normalizers.Lowercase, normalizers.Nmt,
        normalizers.StripAccents, lambda: normalizers.Strip(flag(), flag()), lambda: normalizers.Prepend(r.choice(["▁", " ", "né"])),
        lambda: normalizers.Replace(r.choice(["a", "``", " ", "e"]), r.choice(["", "b", "▁", "xyz"])),
        lambda: normalizers.Replace(Regex(r.choice([" {2,}", r"\s+", r"\p{M}", r"[aeiou]", r"\d"])), r.choice(["", " ", "0", "▁"])),
        lambda: normalizers.BertNormalizer(clean_text=flag(), handle_chinese_chars=flag(), strip_accents=r.choice([None, True, False]), lowercase=flag()),
    ])
    return None if not chosen else chosen[0] if len(chosen) == 1 else normalizers.Sequence(chosen)


def metaspace(r, of):
    return of.Metaspace(replacement="▁", prepend_scheme=r.choice(["always", "never", "first"]), **({"split": r.random() < 0.7} if of is pre_tokenizers else {}))


def pre_tokenizer(r, must=None):
    flag = lambda: r.random() < 0.5
    behavior = lambda: r.choice(["removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"])
    chosen = some(r, [
        pre_tokenizers.Whitespace, pre_tokenizers.WhitespaceSplit, pre_tokenizers.BertPreTokenizer, pre_tokenizers.UnicodeScripts,
        lambda: pre_tokenizers.Punctuation(behavior()), lambda: pre_tokenizers.Digits(flag()), lambda: pre_tokenizers.CharDelimiterSplit(r.choice(" aé,")),
        lambda: pre_tokenizers.Split(r.choice([" ", "e", "a", "字"]), behavior(), flag()),
        lambda: pre_tokenizers.Split(Regex(r.choice([r"\s+", r"\p{L}+", r"\w+|[^\w\s]+", r"(?i:'s|'t|'re)|\p{N}{1,3}", r"[\r\n]+", r"\d"])), behavior(), flag()),
        lambda: pre_tokenizers.FixedLength(r.randint(1, 7)), lambda: metaspace(r, pre_tokenizers),
    ], 2)
    if must:
        chosen = [*chosen[: r.randint(0, 1)], must]
    return None if not chosen else chosen[0] if len(chosen) == 1 else pre_tokenizers.Sequence(chosen)


def byte_level(r):
    return pre_tokenizers.ByteLevel(add_prefix_space=r.random() < 0.3, use_regex=r.random() < 0.7)


def decoder(r):
    chosen = some(r, [
        decoders.ByteLevel, decoders.ByteFallback, decoders.Fuse, decoders.CTC, decoders.BPEDecoder, lambda: decoders.WordPiece("##", r.random() < 0.5),
        lambda: decoders.Strip(r.choice([" ", "▁", "a"]), r.randint(0, 2), r.randint(0, 2)), lambda: decoders.Replace(r.choice(["▁", "a", Regex("[aeiou]+")]), r.choice([" ", "", "bc"])), lambda: metaspace(r, decoders),
    ])
    return None if not chosen else chosen[0] if len(chosen) == 1 else decoders.Sequence(chosen)


def post_processor(r, t):
    known = [(s, t.token_to_id(s)) for s in SPECIAL if t.token_to_id(s) is not None]
    x = r.random()
    if x < 0.3 or len(known) < 2:
        return r.choice([None, processors.ByteLevel(trim_offsets=r.random() < 0.5)])
    a, b = r.sample(known, 2)
    if x < 0.45:
        return processors.BertProcessing(a, b)
    if x < 0.6:
        return processors.RobertaProcessing(a, b, trim_offsets=r.random() < 0.5, add_prefix_space=r.random() < 0.5)
    template = processors.TemplateProcessing(single=r.choice(["{a} $A {b}", "$A {b}", "{a}:3 $A:2", "$A"]).format(a=a[0], b=b[0]),
                                             pair=r.choice(["{a} $A {b} $B:1 {b}:1", "$B:1 {a} $A", "$A $B"]).format(a=a[0], b=b[0]), special_tokens=[a, b])
    return template if x < 0.85 else processors.Sequence([processors.ByteLevel(trim_offsets=r.random() < 0.5), template])


def trained(r, kind, corpus):
    size = r.randint(150, 900)
    rest = {"vocab_size": size, "special_tokens": SPECIAL if r.random() < 0.9 else ["<unk>"], "show_progress": False}
    flag = lambda p=0.5: r.random() < p
    if kind == "byte-level BPE":
        t = Tokenizer(models.BPE(ignore_merges=flag(0.3)))
        t.pre_tokenizer = pre_tokenizer(r, byte_level(r))
        trainer = trainers.BpeTrainer(**{**rest, "vocab_size": size + 256}, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()))
    elif kind == "BPE":
        suffix = {"end_of_word_suffix": "</w>"} if flag(0.3) else {}
        prefix = {"continuing_subword_prefix": "##"} if flag(0.2) else {}
        # With an affix the library writes its bytes too, and their offsets count beyond the end of the text.
        fallback = not suffix and not prefix and flag()
        t = Tokenizer(models.BPE(unk_token="<unk>" if flag(0.8) else None, fuse_unk=flag(), byte_fallback=fallback, ignore_merges=flag(0.3), **suffix, **prefix))
        t.pre_tokenizer = pre_tokenizer(r)
        special = rest["special_tokens"] + ([f"<0x{b:02X}>" for b in range(256)] if flag() else [])
        trainer = trainers.BpeTrainer(**{**rest, "special_tokens": special, "vocab_size": size + len(special)}, **suffix, **prefix)
    elif kind == "WordPiece":
        t = Tokenizer(models.WordPiece(unk_token="<unk>", max_input_chars_per_word=r.choice([5, 20, 100])))
        t.pre_tokenizer = pre_tokenizer(r)
        trainer = trainers.WordPieceTrainer(**rest)
    elif kind == "Unigram":
        t = Tokenizer(models.Unigram())
        t.pre_tokenizer = pre_tokenizer(r)
        trainer = trainers.UnigramTrainer(**{**rest, "vocab_size": size + 500}, unk_token="<unk>")
    else:
        t = Tokenizer(models.WordLevel(unk_token="<unk>"))
        t.pre_tokenizer = pre_tokenizer(r, pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated") if kind == "characters" else None)
        trainer = trainers.WordLevelTrainer(**rest)
    t.normalizer = normalizer(r)
    t.train_from_iterator(corpus, trainer)
    if kind == "Unigram" and flag(0.4):  # bytes for what is unknown
        j = json.loads(t.to_str())
        j["model"]["byte_fallback"] = True
        j["model"]["vocab"] += [[f"<0x{b:02X}>", -20.0] for b in range(256)]
        t = Tokenizer.from_str(json.dumps(j))
    t.decoder = decoder(r)
    if flag(0.8):
        word = lambda: AddedToken(r.choice(["kebab", "zero", "the", "é", "ΣΊ", "a b", "字", "naïve", "👩", ".", "Straße"]), single_word=flag(), lstrip=flag(), rstrip=flag(), normalized=flag())
        t.add_tokens([word() for _ in range(r.randint(1, 4))])
        t.add_special_tokens([AddedToken(r.choice(["<|endoftext|>", "<mask>", "<new>"]), lstrip=flag(), rstrip=flag(), normalized=flag(0.2), single_word=flag(0.2))])
    t.post_processor = post_processor(r, t)
    return t


def answer(t, r, line):
    if isinstance(line, list):
        e = t.encode(*line)
        return [line, e.ids, e.offsets, e.tokens, e.type_ids]
    e = t.encode(line)
    return [line, e.ids, e.offsets, e.tokens, t.encode(line, add_special_tokens=False).ids,
            t.decode(e.ids, skip_special_tokens=False), t.decode(e.ids, skip_special_tokens=True)]


def main(folder, kind, texts, variants, seed):
    for v in range(variants):
        r = random.Random(f"{kind} {seed} {v}")
        # Unigram keeps every character it sees, so it is shown fewer. Trainers given a special token as text write it twice.
        corpus = [" ".join(r.choices(WORDS, k=8)) if kind == "Unigram" else text(r) for _ in range(300)]
        t = trained(r, kind, [re.sub("|".join(map(re.escape, SPECIAL)), "", line) for line in corpus])
        path = Path(folder) / f"{kind}-{v}"
        Path(f"{path}.json").write_text(t.to_str(), encoding="utf-8")
        t = Tokenizer.from_file(f"{path}.json")  # what was built remembers more than it writes
        with open(f"{path}.jsonl", "w", encoding="utf-8") as out:
            for i in range(texts // variants):
                line = [text(r), text(r)] if i % 10 == 9 else text(r)
                try:
                    out.write(json.dumps(answer(t, r, line)) + "\n")
                except BaseException as error:  # the library panics for some: nothing to compare with
                    out.write(json.dumps([line, str(error)[:200]]) + "\n")


main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
