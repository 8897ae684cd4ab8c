"""Where Hugging Face tokenizers finds patterns, which its Python wheels search with Oniguruma (python patterns.py OUT [SEED] [RANDOM]).

Writes data/tokenizers/patterns.json: each pattern with texts, the matches in them that are not empty (start, end, start, end …) and the
other places where the text is cut, which are the empty matches. Offsets count code points.
"""
import json
import random
import sys

from tokenizers import Regex, pre_tokenizers

out, seed, count = sys.argv[1], *(int(n) for n in (sys.argv[2:4] + [1, 200][len(sys.argv) - 2:]))
draw = random.Random(seed)

# Those of published tokenizers, and one for each feature.
PATTERNS = [
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|(?>\p{N}{1,3})| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++\z|\s*[\r\n]|\s+(?!\S)|\s",
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+",
    r"[!#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "[一-龥぀-ゟ゠-ヿ]+", r"\p{N}{1,3}", r"\s?[!-/:-~！-／：-～‘-‟　-。]+", r"\s?\p{L}+|\s+$|[\r\n]",
    r"[\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"\w+|[^\w\s]+", r"\s+", r"\p{P}", r"(?<=[.!?])\s+(?=[A-Z])", r"(?=\p{Lu})", r"(?<!\d)(?=\d)|(?<=\d)(?!\d)",
    r"\d(?=(?:\d{3})+(?!\d))", r"(?=(\d{3})+(?!\d))", r"\b", r"\B", r"\X", r"\R", r"\y", r"\Y", "^.*$", r"\A.|.\z|.\Z", "$", "^",
    r"\G[a-z]", r"a\Kb?", r"(?:\p{L}+')+", "(?:[ab]+a)+c?", "(?:a?)*b", "(?:|a)+", "(?:a|b?)*?c", "(?:(?:a|b?)c?){2,4}", "x*?y|.",
    "(?>a+|b)a?", "(?>a|ab)(?:c|b)", "a{2,3}?b?", "(?:ab){1,2}+", "(?:ab|a){0,3}b", "(?i:straße|ss|ﬁ)", "(?i:[ßk-s]+)", "(?i:[^s-z]+)",
    "(?i)σ+|Å|ﬃ|ǆ|İ", "(?i:ſt|fi)", "[[:alpha:]]+|[[:^alnum:]]", "[[:punct:]]+", "[[:upper:]][[:lower:]]+", r"\h+", "[a-z&&[^aeiou]]+",
    "[^a-m&&d-z]", r"[\W\d]+", r"[^\W\d_]+", "(?m:.+)", ".+", r"(?<a>.)\k<a>", r"(\w)\1|(.)\2", r"(?i:(.)\1)", r"((a)|b)+\2?",
    "(?<=(?i:s))t|(?<=aa|b)c", "(?<!a+)b", r"(?<=\bx)y|(?<=a?b)c", "(?<=a++)b", r"(?!a)\w(?<!c)", "(?=.*b)a", "(?!.*b)a", "(?=a*b)[ab]",
    "(?>(?=a+b)a+)", r"\p{^L}+", r"\P{L}+|\p{Lu}", r"\p{Greek}+|\p{Han}|\p{Hiragana}|\p{Emoji}", r"\u00e9|\x{1F600}|\x41|\101",
    '(?x: a b # c\n | \\s )', "(?#c)a|b(?i)c|d", "a(?i:b|c(?-i)a)x?", r"\g<x>?(?<x>[ab])", "()", "", "a*", "a*?", "(?=)", r"\O\N",
    "[]a]+", r"[\]\-\[^]+", "(?:a|ab)(?:c|bcd)?d*", "(?:(?:a|b)*c)*", "(?:a*b)*c", r"(?:(?:\s|\d)+[a-z])*", r"(?:\w+,)*\w+;",
    r"\s*?(?=\S)\w?", r"(?:\S\s)*+\S", r"[\s\S]", "(?:a||b)*c?", ".{3}", "(?m).{2,5}?", "a{0}b", "(?:.(?!b))+", "(?:(?<=a)b|a)+",
    "😀+|[😀-😎]", r"[^\x00-\x7f]+", r"\d+(?:[.,]\d+)*|\D",
]
PIECES = list(" \n\r\t'sStTrRlLvVeEdDmMaAbBcCxyz019.,!?-_/[](){}éÉßẞſKñÅåǆΣςσıİ٣½²中日本ひカ한글\u0301\u0308\u200d\u200b\u00a0\u3000\u0085\u2028\ufeff\u180eﬁﬃﬆ") + [
    "😀", "👩\u200d👩\u200d👧", "🏳️\u200d🌈", "🇩🇪", "𝟘", "𐐀", "𝒳", "ΐ", "’", "“", "\r\n", "don't", "HELLO", "World's", "  ", "aaa", "abab", "1234",
]
FEW = list("aaabbbcc  '\nsSéß😀") + ["ab"]

ATOMS = ["a", "b", "c", "[ab]", "[^a]", r"\w", ".", "ab", r"\s", "[a-c&&[^b]]", r"\p{L}", "(?i:s)", "(?i:ss)", "é", "😀"]
TIMES = ["?", "*", "+", "{2}", "{1,2}", "{,2}", "{2,}", "??", "*?", "+?", "{1,2}?", "?+", "*+", "++"]
BEHIND = ["a", "b", "ab|c", "a?b", "a+", "[ab]{1,2}"]
PLACES = ["^", "$", r"\b", r"\B", r"\A", r"\z", r"\Z", r"\K"]


def repeated(pattern):
    return pattern if draw.random() < 0.5 else f"(?:{pattern}){draw.choice(TIMES)}"


def random_pattern(depth):
    kind = draw.random()
    if depth == 0 or kind < 0.3:
        return repeated(draw.choice(ATOMS))
    inner = lambda: random_pattern(depth - 1)
    if kind < 0.55:
        return inner() + inner()
    if kind < 0.75:
        return repeated("(?:" + "|".join(inner() for _ in range(draw.randrange(2, 4))) + ")")
    if kind < 0.88:
        return draw.choice(["(?>", "(?=", "(?!"]) + inner() + ")"
    if kind < 0.94:
        return draw.choice(["(?<=", "(?<!"]) + draw.choice(BEHIND) + ")"
    if kind < 0.97:
        return draw.choice(PLACES)
    return "(" + inner() + ")" + inner() + r"\1"


def search(pattern, texts):
    matches = pre_tokenizers.Split(Regex(pattern), "removed", invert=True)
    parts = pre_tokenizers.Split(Regex(pattern), "isolated")
    for text in texts:
        found = [offset for _, span in matches.pre_tokenize_str(text) for offset in span]
        yield [text, found, [end for _, (_, end) in parts.pre_tokenize_str(text) if end not in found and end < len(text)]]


def text_of(pieces):
    return "".join(draw.choice(pieces) for _ in range(draw.randrange(1, 20)))


recorded = []
for pattern in PATTERNS:
    recorded.append([pattern, list(search(pattern, [text_of(PIECES) for _ in range(5)] + [text_of(FEW) for _ in range(3)]))])
while len(recorded) < len(PATTERNS) + count:
    pattern = random_pattern(4)
    # An empty capture in a repetition is left out: see docs/decisions/0013-patterns.md.
    if len(pattern) < 60 and not ("\\1" in pattern and "{" in pattern):
        try:
            recorded.append([pattern, list(search(pattern, [text_of(FEW) for _ in range(3)]))])
        except BaseException:  # Refused there, or a limit of that engine, which it does not survive as an ordinary error.
            continue
with open(out, "w") as file:
    json.dump(recorded, file, ensure_ascii=False, separators=(",", ":"))
