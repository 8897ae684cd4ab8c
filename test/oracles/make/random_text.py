"""Texts over all planes, rich in what tokenizers trip over: white space, marks, joiners, controls, digits, the names of tokens."""
import unicodedata

COMMON = [
    " ", "  ", "   ", "\n", "\r\n", "\t", "\u00a0", "\u3000", "\u2028", "\u0085", "\u200b", "\ufeff", "a", "b", "x", "word",
    "Hello", "the", "  The", "'s", "'ll", "12", "3", "4567", "½", "²", "Ⅷ", "٣", ".", "..", "!", "?", "-", "--", "_", "▁", "▁▁",
    "😀", "👩\u200d👧", "🇩🇪", "é", "e\u0301", "ß", "İ", "ǆ", "한국", "\u1112\u1161\u11ab", "日本", "ー", "カナ", "ひら", "русский",
    "ελλ", "שלום", "ا", "ไทย", "हिन्दी", "[", "[MASK]", "<s>", "</s>", "$", "+", "^", "`", "~", "«", "»", "…", "、", "。", "\x00",
    "\x07", "\U00010400", "\U0001d7d8", "𝒳", "\u166d", "\u0589", "\u061c", "\u0953", "\u2e43", "\U0001fae0", "\ufffe", "\u0378",
]


def any_character(draw):
    """A character that every Unicode version since this Python's knows alike."""
    while True:
        kind = draw.random()
        top = 0x80 if kind < 0.3 else 0x800 if kind < 0.5 else 0x10000 if kind < 0.8 else 0x20000 if kind < 0.95 else 0x110000
        character = chr(draw.randrange(0x20, top))
        if unicodedata.category(character) not in ("Cn", "Cs"):
            return character


def random_text(draw, parts=12):
    if draw.random() < 0.02:
        return ""
    text = []
    for _ in range(draw.randrange(1, parts)):
        text.append(draw.choice(COMMON) if draw.random() < 0.75 else any_character(draw))
        if draw.random() < 0.3:
            text.append(" ")
        if draw.random() < 0.1:
            text.append(text[-1])
    return "".join(text)
