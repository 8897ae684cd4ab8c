"""The Python side of differential.test.ts: random tokenizers made by Hugging Face tokenizers, and what they make of random texts.

usage: differential.py FOLDER KIND TEXTS VARIANTS SEED

Writes, for each variant v of a kind of model, FOLDER/KIND-v.json (a tokenizer.json) and FOLDER/KIND-v.jsonl: a line
{text, ids, offsets, tokens, type_ids, special_tokens_mask, attention_mask, overflowing, bare (ids without special tokens), all and plain
(decoded with and without special tokens), random (ids drawn at random) and said (what those decode to)}, `text` being a pair in every
tenth line, which lacks what is decoded; or {text, error} where the library refuses the text, {text, panic} where it fails. Offsets count code points.
"""
import base64
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
PATTERNS = [
    r"\s+", r"\p{L}+", r"\w+|[^\w\s]+", r"(?i:'s|'t|'re)|\p{N}{1,3}", r"[\r\n]+", r"\d", r"\p{N}{1,3}(?=(?:\p{N}{3})*\b)", r"[^\S\n]+", r"(?<=\p{Ll})(?=\p{Lu})",
    r"(?<!\s)\s(?=\S)", r"(?>a+|[^\p{L}]+)e", r"\p{L}++|\p{N}?+", r"\p{Han}+|[\p{Hiragana}\p{Katakana}ー]+", r"[a-z&&[^aeiou]]+", r"(?<q>.)\k<q>", r"\X", r"\R|\h+", r"(?m:.)x?",
    r"(?i)straße|ΣΊ|[k-s]+", r"\b\w|\B\W", r"^.|.$", r"\A.|.\z", r"[[:punct:]]+|[[:^alpha:]]{2,4}?", r"a\Kb|e", r"\p{^Ll}+?\b", r"(?x) \s+ (?# spaces ) | [,.] ", r"[^\x00-\x{7f}]+",
    r"(?:\p{M}|\u200d|\ufe0f)+", r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
]
DATA = Path(__file__).parents[1] / "oracles/data/tokenizers"
CHARSMAP = base64.b64decode(json.loads((DATA / "unigram-precompiled/tokenizer.json").read_text("utf-8"))["normalizer"]["normalizers"][0]["precompiled_charsmap"])
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


def stages(r, chosen, of):
    """None, one, or a sequence, in which there may be another."""
    if len(chosen) > 2 and r.random() < 0.4:
        cut = r.randint(1, len(chosen) - 1)
        chosen = [of.Sequence(chosen[:cut]), *chosen[cut:]]
    return None if not chosen else chosen[0] if len(chosen) == 1 else of.Sequence(chosen)


def pattern(r):
    return Regex(r.choice(PATTERNS))


def normalizer(r):
    flag = lambda: r.random() < 0.5
    chosen = some(r, [
        normalizers.NFC, normalizers.NFD, normalizers.NFKC, normalizers.NFKD, normalizers.Lowercase, normalizers.Nmt,
        normalizers.StripAccents, lambda: normalizers.Strip(flag(), flag()), lambda: normalizers.Prepend(r.choice(["▁", " ", "né"])),
        lambda: normalizers.Replace(r.choice(["a", "``", " ", "e"]), r.choice(["", "b", "▁", "xyz"])),
        lambda: normalizers.Replace(Regex(r.choice([" {2,}", r"\s+", r"\p{M}", r"[aeiou]", r"\d"])), r.choice(["", " ", "0", "▁"])),
        lambda: normalizers.Replace(pattern(r), r.choice(["", " ", "é字"])), lambda: normalizers.Precompiled(CHARSMAP),
        lambda: normalizers.BertNormalizer(clean_text=flag(), handle_chinese_chars=flag(), strip_accents=r.choice([None, True, False]), lowercase=flag()),
    ])
    return stages(r, chosen, normalizers)


def metaspace(r, of):
    return of.Metaspace(replacement="▁", prepend_scheme=r.choice(["always", "never", "first"]), **({"split": r.random() < 0.7} if of is pre_tokenizers else {}))


def pre_tokenizer(r, must=None):
    flag = lambda: r.random() < 0.5
    behavior = lambda: r.choice(["removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"])
    chosen = some(r, [
        pre_tokenizers.Whitespace, pre_tokenizers.WhitespaceSplit, pre_tokenizers.BertPreTokenizer, pre_tokenizers.UnicodeScripts,
        lambda: pre_tokenizers.Punctuation(behavior()), lambda: pre_tokenizers.Digits(flag()), lambda: pre_tokenizers.CharDelimiterSplit(r.choice(" aé,")),
        lambda: pre_tokenizers.Split(r.choice([" ", "e", "a", "字"]), behavior(), flag()),
        lambda: pre_tokenizers.Split(pattern(r), behavior(), flag()),
        lambda: pre_tokenizers.FixedLength(r.randint(1, 7)), lambda: metaspace(r, pre_tokenizers),
    ])
    if must:
        chosen = [*chosen[: r.randint(0, 1)], must]
    return stages(r, chosen, pre_tokenizers)


def byte_level(r):
    return pre_tokenizers.ByteLevel(add_prefix_space=r.random() < 0.3, use_regex=r.random() < 0.7)


def decoder(r):
    chosen = some(r, [
        decoders.ByteLevel, decoders.ByteFallback, decoders.Fuse, decoders.CTC, decoders.BPEDecoder, lambda: decoders.WordPiece("##", r.random() < 0.5),
        lambda: decoders.Strip(r.choice([" ", "▁", "a"]), r.randint(0, 2), r.randint(0, 2)), lambda: decoders.Replace(r.choice(["▁", "a", Regex("[aeiou]+")]), r.choice([" ", "", "bc"])), lambda: metaspace(r, decoders),
    ])
    return stages(r, chosen, decoders)


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
    # A special token of a template may stand for several, of other names and ids than the vocabulary has.
    odd = {"id": "odd", "ids": [r.randrange(900) for _ in range(r.randint(1, 3))], "tokens": ["<odd>"]}
    odd["tokens"] *= len(odd["ids"])
    template = processors.TemplateProcessing(single=r.choice(["{a} $A {b}", "$A {b}", "{a}:3 $A:2", "$A", "odd:7 $A {b} odd"]).format(a=a[0], b=b[0]),
                                             pair=r.choice(["{a} $A {b} $B:1 {b}:1", "$B:1 {a} $A", "$A $B", "odd $A:4 odd:2 $B"]).format(a=a[0], b=b[0]), special_tokens=[a, b, odd])
    return template if x < 0.85 else processors.Sequence([processors.ByteLevel(trim_offsets=r.random() < 0.5), template])


def trained(r, kind, corpus):
    size = r.randint(150, 900)
    rest = {"vocab_size": size, "special_tokens": SPECIAL if r.random() < 0.9 else ["<unk>"], "show_progress": False}
    flag = lambda p=0.5: r.random() < p
    if kind == "byte-level BPE":
        affixes = {"end_of_word_suffix": "</w>", "continuing_subword_prefix": ""} if flag(0.2) else {}  # as CLIP's
        t = Tokenizer(models.BPE(ignore_merges=flag(0.3), unk_token="<unk>" if affixes else None, **affixes))
        t.pre_tokenizer = pre_tokenizer(r, byte_level(r))
        trainer = trainers.BpeTrainer(**{**rest, "vocab_size": size + 256}, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), **affixes)
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
        prefix = {"continuing_subword_prefix": r.choice(["##", "##", "", "é@"])}
        t = Tokenizer(models.WordPiece(unk_token="<unk>", max_input_chars_per_word=r.choice([0, 5, 20, 100]), **prefix))
        t.pre_tokenizer = pre_tokenizer(r)
        trainer = trainers.WordPieceTrainer(**rest, **prefix)
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
    j = json.loads(t.to_str())
    model = j["model"]
    if kind == "Unigram":
        if flag(0.4):  # bytes for what is unknown
            model["byte_fallback"] = True
            model["vocab"] += [[f"<0x{b:02X}>", -20.0] for b in range(256) if flag(0.95) or b < 128]
        if flag(0.3):
            model["vocab"] += [[content, r.choice([0.0, -1.5, -30.0])] for content in ["a b", "kebab zero", "▁字", "1,0", "é"] if content not in dict(model["vocab"])]
        if flag(0.15):
            model["unk_id"] = None
    elif kind == "BPE" and model["byte_fallback"] and len(j["added_tokens"]) < 256 and flag(0.3):  # some bytes are missing
        model["vocab"] = {token: id for token, id in model["vocab"].items() if not token.startswith("<0xE")}
    t = Tokenizer.from_str(json.dumps(j))
    t.decoder = decoder(r)
    if flag(0.8):
        # Of tokens that normalization makes equal the library takes whichever its hashes have first, and by an empty one it cuts everywhere.
        distinct = {t.normalizer.normalize_str(c) if t.normalizer else c: c for c in ["kebab", "zero", "the", "é", "ΣΊ", "a b", "字", "naïve", "👩", ".", "Straße", "<|endoftext|>", "<mask>", "<new>", "e", "  "]}
        contents = [c for form, c in distinct.items() if form]
        if contents:
            t.add_tokens([AddedToken(r.choice(contents), single_word=flag(), lstrip=flag(), rstrip=flag(), normalized=flag()) for _ in range(r.randint(1, 4))])
            t.add_special_tokens([AddedToken(r.choice(contents), lstrip=flag(), rstrip=flag(), normalized=flag(0.2), single_word=flag(0.2))])
    t.post_processor = post_processor(r, t)
    if flag(0.25):
        most = r.randint(6, 40)
        t.enable_truncation(most, stride=r.choice([0, 0, 1]), strategy=r.choice(["longest_first", "longest_first", "only_first"]), direction=r.choice(["left", "right"]))
    if flag(0.25):
        t.enable_padding(direction=r.choice(["left", "right"]), pad_id=r.randrange(9), pad_type_id=r.randrange(2), pad_token="<pad>",
                         length=r.choice([None, 10, 50]), pad_to_multiple_of=r.choice([None, 1, 7]))
    return t


def answer(t, r, line):
    e = t.encode(*line) if isinstance(line, list) else t.encode(line)
    found = {"text": line, "ids": e.ids, "offsets": e.offsets, "tokens": e.tokens, "type_ids": e.type_ids, "special_tokens_mask": e.special_tokens_mask,
             "attention_mask": e.attention_mask, "overflowing": [o.ids for o in e.overflowing]}
    if isinstance(line, list):
        return found
    drawn = [r.choice([r.randrange(t.get_vocab_size()), r.randrange(9)]) for _ in range(r.randint(1, 9))]
    drawn = [id for id in drawn if t.id_to_token(id) is not None]
    return {**found, "bare": t.encode(line, add_special_tokens=False).ids,
            "all": t.decode(e.ids, skip_special_tokens=False), "plain": t.decode(e.ids, skip_special_tokens=True),
            "random": drawn, "said": t.decode(drawn, skip_special_tokens=False)}


def main(folder, kind, texts, variants, seed):
    for v in range(variants):
        r = random.Random(f"{kind} {seed} {v}")
        # Unigram keeps every character it sees, so it is shown fewer. Trainers given a special token as text write it twice.
        corpus = [" ".join(r.choices(WORDS, k=8)) if kind == "Unigram" else text(r) for _ in range(300)]
        t = None
        while t is None:
            try:
                t = trained(r, kind, [re.sub("|".join(map(re.escape, SPECIAL)), "", line) for line in corpus])
            except BaseException as error:  # its trainers panic, too, where stages leave nothing to learn from
                print(error, file=sys.stderr)
        path = Path(folder) / f"{kind}-{v}"
        Path(f"{path}.json").write_text(t.to_str(), encoding="utf-8")
        t = Tokenizer.from_file(f"{path}.json")  # what was built remembers more than it writes
        with open(f"{path}.jsonl", "w", encoding="utf-8") as out:
            for i in range(texts // variants):
                line = [text(r), text(r)] if i % 10 == 9 else text(r)
                try:
                    out.write(json.dumps(answer(t, r, line)) + "\n")
                except Exception as error:
                    out.write(json.dumps({"text": line, "error": str(error)[:200]}) + "\n")
                except BaseException as panic:  # the library does not survive some: nothing to compare with
                    out.write(json.dumps({"text": line, "panic": str(panic)[:200]}) + "\n")


main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
