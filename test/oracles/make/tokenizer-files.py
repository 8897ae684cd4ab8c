"""Records what transformers, sentencepiece and tiktoken make of tokenizer files that have no tokenizer.json beside them.

usage: tokenizer-files.py > test/oracles/data/tokenizers/files.json

"files" holds small vocabularies, each once; "cases" which of them lie in a directory under which names, with settings, and the ids of
"texts" alone, with special tokens, and of the first with each other one.
"""
import base64
import io
import json
import os
import random
import tempfile

import sentencepiece
import tiktoken
import tiktoken_ext.openai_public as published
import transformers
from sentencepiece import sentencepiece_model_pb2 as messages
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import AutoTokenizer
from transformers.convert_slow_tokenizer import bytes_to_unicode

transformers.logging.set_verbosity_error()

CORPUS = [
    "Mia went to the park with her dog. The dog ran and the ducks swam away.",
    "Tom has three apples, and he gives two of them to Mia (one is for the dog).",
    "They don't know what's under the bridge; they'll look there tomorrow, won't they?",
    "A naïve café in the old town sells 12 kinds of tea and 30 kinds of bread!",
    "Die Straße ist lang, das Öl ist teuer. Привет, как дела? 你好，世界。 안녕하세요",
] * 4
rng = random.Random(3)
ODD = "\u0301\u0323\u00a0\u3000\u200d\u00ad\ufb01\u00bd\u212b\u0130İẞ¿→🙂🇩🇪\t\n `'\"<>[]/▁_ "


def text():
    if rng.random() < 0.4:
        return "".join(rng.choice("abcdeéïöß你好안жд 12.,'AB" + ODD) for _ in range(rng.randrange(1, 14)))
    words = rng.sample(" ".join(CORPUS).split(), rng.randrange(1, 6))
    return rng.choice([" ", "  "]).join(words + rng.sample(ODD, 1))


TEXTS = [
    "Mia went to the park, didn't she?",
    "  ﬁve\u00a0CAFÉS e\u0301t  naïve 你好\n",
    "a <mask> [MASK] b</s><s>",
    "[CLS] x <sep>y <|endoftext|> <extra_id_0>",
] + [text() for _ in range(10)]

files = {}
cases = {}
folder = tempfile.mkdtemp()


def pairs(name, special, pre, alphabet=(), normalizer=None, suffix=None):
    """vocab.json and merges.txt."""
    end = {"end_of_word_suffix": suffix} if suffix else {}
    unknown = {"unk_token": "<unk>"} if "<unk>" in special and suffix else {}
    tokenizer = Tokenizer(models.BPE(**unknown, **end))
    tokenizer.pre_tokenizer = pre
    if normalizer:
        tokenizer.normalizer = normalizer
    settings = {"vocab_size": 256 + 60 if alphabet else 120, "initial_alphabet": list(alphabet), "show_progress": False}
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(special_tokens=special, **settings, **end))
    model = json.loads(tokenizer.to_str())["model"]
    files[f"{name}.json"] = json.dumps(model["vocab"], ensure_ascii=False, separators=(",", ":"))
    lines = ["#version: 0.2"] + [" ".join(merge) for merge in model["merges"]]
    files[f"{name}.merges"] = "\n".join(lines) + "\n"


def pieces(name, **settings):
    """A SentencePiece model, with a few rules for a normalizer unless it has none."""
    if settings.get("normalization_rule_name") != "identity":
        rules = {"A": "a", "É": "é", "e\u0301": "é", "\u00a0": " ", "\u3000": " ", "ﬁ": "fi", "½": "1/2", "\u00ad": "", "\t": " ", "\n": " "}
        lines = [" ".join(f"{ord(c):X}" for c in a) + "\t" + " ".join(f"{ord(c):X}" for c in b) for a, b in rules.items()]
        with open(f"{folder}/rules.tsv", "w") as file:
            file.write("\n".join(lines) + "\n")
        settings["normalization_rule_tsv"] = f"{folder}/rules.tsv"
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS), model_writer=model, hard_vocab_limit=False, minloglevel=2,
        **{"vocab_size": 110, **settings},
    )
    files[name] = {"base64": base64.b64encode(model.getvalue()).decode()}
    return model.getvalue()


def sentencepiece_model(file):
    message = messages.ModelProto()
    message.ParseFromString(base64.b64decode(file["base64"]))
    return message


def place(directory, names, config, others):
    """A directory with files under other names."""
    os.makedirs(directory)
    for name, key in names.items():
        content = files[key]
        data = content.encode() if isinstance(content, str) else base64.b64decode(content["base64"])
        with open(f"{directory}/{name}", "wb") as file:
            file.write(data)
    for name, content in {"tokenizer_config.json": config, **others}.items():
        with open(f"{directory}/{name}", "w") as file:
            json.dump(content, file)


def case(name, names, tokenizer_class, others=None, **config):
    config = {"tokenizer_class": f"{tokenizer_class}Tokenizer", **config}
    place(f"{folder}/{name}", names, config, others or {})
    tokenizer = AutoTokenizer.from_pretrained(f"{folder}/{name}")
    backend = tokenizer.backend_tokenizer
    cases[name] = {
        "files": names,
        "settings": {"tokenizer_config.json": config, **(others or {})},
        "size": len(tokenizer),
        "ids": [backend.encode(each).ids for each in TEXTS],
        "pairs": [[e.ids, e.type_ids] for e in (backend.encode(TEXTS[0], each) for each in TEXTS[:3])],
    }


def both(key):
    return {"vocab.json": f"{key}.json", "merges.txt": f"{key}.merges"}


ALPHABET = pre_tokenizers.ByteLevel.alphabet()
bytes_ = pre_tokenizers.ByteLevel(add_prefix_space=False)
words = pre_tokenizers.BertPreTokenizer()
lower = normalizers.BertNormalizer()
pairs("bytes", ["<|endoftext|>"], bytes_, ALPHABET)
pairs("bytes-special", ["<s>", "<pad>", "</s>", "<unk>", "<mask>"], bytes_, ALPHABET)
pairs("words", ["<s>", "<pad>", "</s>", "<unk>", "<mask>"], words, normalizer=lower, suffix="</w>")
spaces = pre_tokenizers.Sequence([pre_tokenizers.Split(" ", "removed"), bytes_])
pairs("bytes-words", ["<|startoftext|>", "<|endoftext|>"], spaces, ALPHABET, normalizers.Lowercase(), "</w>")
im = {"content": "<|im_start|>", "lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": True}
word = {"content": "dog", "lstrip": True, "normalized": True, "rstrip": False, "single_word": True, "special": False}
case("gpt2", both("bytes"), "GPT2")
case("gpt2, settings", both("bytes"), "GPT2", add_prefix_space=True, add_bos_token=True, pad_token="[PAD]")
decoder = {"316": word, "317": im}
case("gpt2, added tokens", both("bytes"), "GPT2", added_tokens_decoder=decoder, additional_special_tokens=["<|im_start|>", "<sep>"])
flags = {"content": "</s>", "lstrip": True, "rstrip": False, "normalized": False, "single_word": False}
older = {"special_tokens_map.json": {"eos_token": flags, "additional_special_tokens": ["[CLS]"]}, "added_tokens.json": {"</s>": 316, "dog": 317}}
case("gpt2, older files", both("bytes"), "GPT2", older)
case("gpt-neox", both("bytes"), "GPTNeoX")
case("qwen2", both("bytes"), "Qwen2")
case("roberta", both("bytes-special"), "Roberta")
case("bart", both("bytes-special"), "Bart", {"special_tokens_map.json": {"mask_token": {**flags, "content": "<mask>"}}})
case("blenderbot", both("bytes-special"), "Blenderbot")
case("deberta", both("bytes-special"), "Deberta", cls_token="<s>", sep_token="</s>", unk_token="<unk>", mask_token="<mask>", pad_token="<pad>", bos_token="<s>", eos_token="</s>")
case("clip", both("bytes-words"), "CLIP")
case("openai-gpt", both("words"), "OpenAIGPT")
case("herbert", both("words"), "Herbert")

wordpiece = Tokenizer(models.WordPiece(unk_token="[UNK]"))
wordpiece.normalizer, wordpiece.pre_tokenizer = normalizers.BertNormalizer(lowercase=False), words
special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
wordpiece.train_from_iterator(CORPUS, trainers.WordPieceTrainer(vocab_size=160, special_tokens=special, show_progress=False))
vocabulary = wordpiece.get_vocab()
files["vocab.txt"] = "\n".join(sorted(vocabulary, key=vocabulary.get)) + "\n"
txt = {"vocab.txt": "vocab.txt"}
case("bert", txt, "Bert")
case("bert, cased", txt, "Bert", do_lower_case=False, strip_accents=True)
case("distilbert", txt, "DistilBert", strip_accents=False, tokenize_chinese_chars=False)
case("electra", txt, "Electra")
case("mpnet", txt, "MPNet", cls_token="[CLS]", bos_token="[CLS]", sep_token="[SEP]", eos_token="[SEP]", pad_token="[PAD]", mask_token="[MASK]")
case("funnel", txt, "Funnel", cls_token="[CLS]", sep_token="[SEP]", unk_token="[UNK]")

pieces("t5.model", model_type="unigram", pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
case("t5", {"spiece.model": "t5.model"}, "T5")
case("t5, few", {"spiece.model": "t5.model"}, "T5", extra_ids=2)
pieces("albert.model", model_type="unigram", pad_id=0, unk_id=1, bos_id=-1, eos_id=-1, control_symbols="[CLS],[SEP]", user_defined_symbols="(,),[MASK]")
case("albert", {"spiece.model": "albert.model"}, "Albert")
case("albert, cased", {"spiece.model": "albert.model"}, "Albert", do_lower_case=False, keep_accents=True)
pieces("fairseq.model", model_type="unigram", unk_id=0, bos_id=1, eos_id=2)
case("xlm-roberta", {"sentencepiece.bpe.model": "fairseq.model"}, "XLMRoberta")
case("camembert", {"sentencepiece.bpe.model": "fairseq.model"}, "Camembert")
case("mbart", {"sentencepiece.bpe.model": "fairseq.model"}, "MBart")
pieces("xlnet.model", model_type="unigram", unk_id=0, bos_id=1, eos_id=2, control_symbols="<cls>,<sep>,<pad>,<mask>,<eod>,<eop>")
case("xlnet", {"spiece.model": "xlnet.model"}, "XLNet")
pieces("bert.model", model_type="unigram", pad_id=0, bos_id=1, eos_id=2, unk_id=3, pad_piece="[PAD]", bos_piece="[CLS]", eos_piece="[SEP]", unk_piece="[UNK]")
case("deberta-v2", {"spm.model": "bert.model"}, "DebertaV2", do_lower_case=True, split_by_punct=True)
pieces("llama.model", model_type="bpe", byte_fallback=True, vocab_size=330, normalization_rule_name="identity", remove_extra_whitespaces=False, user_defined_symbols="<sep>")
case("llama", {"tokenizer.model": "llama.model"}, "Llama", add_bos_token=True)
case("llama, legacy", {"tokenizer.model": "llama.model"}, "Llama", add_bos_token=True, add_eos_token=True, legacy=True)
pieces("gemma.model", model_type="bpe", byte_fallback=True, vocab_size=330, normalization_rule_name="identity", remove_extra_whitespaces=False, add_dummy_prefix=False, pad_id=0, eos_id=1, bos_id=2, unk_id=3, bos_piece="<bos>", eos_piece="<eos>")
case("gemma", {"tokenizer.model": "gemma.model"}, "Gemma")
pieces("reformer.model", model_type="bpe", unk_id=2, eos_id=1, bos_id=-1, pad_id=0)
case("reformer", {"spiece.model": "reformer.model"}, "Reformer")

# A translation model: two models with one vocabulary. Its class is no wrapper of the tokenizers library.
pieces("speech.model", model_type="char", unk_id=3, bos_id=0, pad_id=1, eos_id=2)
pieces("sw3.model", model_type="bpe", byte_fallback=True, vocab_size=330, pad_id=0, unk_id=1, bos_id=2, eos_id=3, eos_piece="<|endoftext|>")
sources = [pieces(f"{side}.model", model_type="unigram", vocab_size=size, pad_id=-1) for side, size in [("source", 90), ("target", 110)]]
known = [[p.id_to_piece(i) for i in range(len(p))] for p in (sentencepiece.SentencePieceProcessor(model_proto=m) for m in sources)]
shared = ["</s>", "<unk>", ">>fr<<"] + sorted({piece for each in known for piece in each} - {"</s>", "<unk>", "<s>"}) + ["<pad>"]
files["shared.json"] = json.dumps({token: id for id, token in enumerate(shared)}, ensure_ascii=False, separators=(",", ":"))
names = {"source.spm": "source.model", "target.spm": "target.model", "vocab.json": "shared.json"}
place(f"{folder}/marian", names, {"tokenizer_class": "MarianTokenizer"}, {})
marian = AutoTokenizer.from_pretrained(f"{folder}/marian")
ids = [marian(each).input_ids for each in TEXTS]
pairs_ = [[marian(TEXTS[0], each).input_ids, [0] * len(marian(TEXTS[0], each).input_ids)] for each in TEXTS[:3]]
settings = {"tokenizer_config.json": {"tokenizer_class": "MarianTokenizer"}}
cases["marian"] = {"files": names, "settings": settings, "size": len(marian), "ids": ids, "pairs": pairs_}



def whole(name, names, tokenizer_class, others=None, tokenizer=None, **config):
    """As `case`, for classes whose special tokens are put around texts when they are called. Some give no segments."""
    config = {"tokenizer_class": f"{tokenizer_class}Tokenizer", **config}
    place(f"{folder}/{name}", names, config, others or {})
    tokenizer = tokenizer or AutoTokenizer.from_pretrained(f"{folder}/{name}")
    together = [tokenizer(TEXTS[0], each) for each in TEXTS[:3]]
    cases[name] = {
        "files": names,
        "settings": {"tokenizer_config.json": config, **(others or {})},
        "ids": [tokenizer(each).input_ids for each in TEXTS],
        "pairs": [[e.input_ids, e.get("token_type_ids")] for e in together],
    }


# Translation models: languages, fairseq's ids.
spm = {"sentencepiece.bpe.model": "fairseq.model"}
whole("mbart, german", spm, "MBart", src_lang="de_DE")
whole("mbart-50", spm, "MBart50")
whole("mbart-50, german", spm, "MBart50", src_lang="de_DE", tgt_lang="fr_XX")
whole("plbart", spm, "PLBart", language_codes="base")
whole("plbart, python", spm, "PLBart", language_codes="base", src_lang="python", tgt_lang="en_XX")
fairseq = sentencepiece.SentencePieceProcessor(model_proto=base64.b64decode(files["fairseq.model"]["base64"]))
known = [(fairseq.id_to_piece(i), fairseq.get_score(i)) for i in range(len(fairseq))]
first = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
# This class loses its pieces when it reads the file itself.
made_up = [(f"<madeupword{i}>", 0.0) for i in range(7)]
charsmap = sentencepiece_model(files["fairseq.model"]).normalizer_spec.precompiled_charsmap
whole("xglm", spm, "XGLM", tokenizer=transformers.XGLMTokenizer(vocab=[*first, *known[3:], *made_up], _spm_precompiled_charsmap=charsmap))
files["fairseq.json"] = json.dumps({token: id for id, (token, _) in enumerate(first + known[3:])}, ensure_ascii=False, separators=(",", ":"))
both_ = {"sentencepiece.bpe.model": "fairseq.model", "vocab.json": "fairseq.json"}
whole("speech-to-text", both_, "Speech2Text")
pieces("fairseq-bpe.model", model_type="bpe", unk_id=0, bos_id=1, eos_id=2)
spm = {"sentencepiece.bpe.model": "fairseq-bpe.model"}
fairseq = sentencepiece.SentencePieceProcessor(model_proto=base64.b64decode(files["fairseq-bpe.model"]["base64"]))
known = [fairseq.id_to_piece(i) for i in range(3, len(fairseq))]
files["fairseq-bpe.json"] = json.dumps({token: id for id, token in enumerate([token for token, _ in first] + known)}, ensure_ascii=False, separators=(",", ":"))
both_ = {"sentencepiece.bpe.model": "fairseq-bpe.model", "vocab.json": "fairseq-bpe.json"}
whole("m2m-100", both_, "M2M100", src_lang="de", tgt_lang="fr")
whole("wmt-21", both_, "M2M100", language_codes="wmt21")
# The languages as published models list them: this class does not add them itself when it reads the file.
from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES  # noqa: E402

decoder = {str(len(known) + 4 + i): {**im, "content": code} for i, code in enumerate([*FAIRSEQ_LANGUAGE_CODES, "<mask>"])}
decoder[str(len(known) + 4 + len(FAIRSEQ_LANGUAGE_CODES))]["lstrip"] = True
for name, more in {"nllb": {}, "nllb, german": {"src_lang": "deu_Latn"}, "nllb, as it was": {"src_lang": "fra_Latn", "legacy_behaviour": True}}.items():
    whole(name, spm, "Nllb", added_tokens_decoder=decoder, **more)
    # They are written once: without the list they come to the same ids.
    del cases[name]["settings"]["tokenizer_config.json"]["added_tokens_decoder"]

# Classes that call sentencepiece itself.
whole("speech-t5", {"spm_char.model": "speech.model"}, "SpeechT5")
whole("bert-generation", {"spiece.model": "t5.model"}, "BertGeneration", bos_token="<pad>")
whole("gpt-sw3", {"spiece.model": "sw3.model"}, "GPTSw3")

# Further classes of words and bytes.
whole("splinter", txt, "Splinter")
files["esm.txt"] = "\n".join(["<cls>", "<pad>", "<eos>", "<unk>", *"LAGVSERTIDPKQNFYMHWCXBUZO.-", "<null_1>", "<mask>"])
whole("esm", {"vocab.txt": "esm.txt"}, "Esm")
whole("perceiver", {}, "Perceiver")
whole("luke", both("bytes-special"), "Luke", entity_token_1="<ent>")
asked = [{**im, "content": token} for token in ["<|startoftranscript|>", "<|en|>", "<|de|>", "<|translate|>", "<|transcribe|>", "<|notimestamps|>"]]
decoder = {str(316 + i): token for i, token in enumerate(asked)}
whole("whisper", both("bytes"), "Whisper", added_tokens_decoder=decoder)
whole("code-llama", {"tokenizer.model": "llama.model"}, "CodeLlama")

# SentencePiece models of every kind, as the library itself reads them.
kinds = {
    "unigram": {"model_type": "unigram", "user_defined_symbols": "<sep>,dog"},
    "unigram with bytes": {"model_type": "unigram", "byte_fallback": True, "vocab_size": 350},
    "unigram without spaces taken away": {"model_type": "unigram", "add_dummy_prefix": False, "remove_extra_whitespaces": False},
    "bpe": {"model_type": "bpe", "user_defined_symbols": "<sep>,dog"},
    "bpe with bytes": {"model_type": "bpe", "byte_fallback": True, "vocab_size": 350, "normalization_rule_name": "identity"},
    "characters": {"model_type": "char", "user_defined_symbols": "<sep>"},
}
for name, settings in kinds.items():
    processor = sentencepiece.SentencePieceProcessor(model_proto=pieces(f"{name}.model", **settings))
    ids = [processor.encode(each) for each in TEXTS]
    cases[name] = {"files": {"some.model": f"{name}.model"}, "settings": {}, "size": len(processor), "ids": ids}

# tiktoken's rank files.
for encoding in ["r50k_base", "cl100k_base", "o200k_base"]:
    # The published vocabularies are downloads: the patterns are taken without them.
    published.load_tiktoken_bpe = published.data_gym_to_mergeable_bpe_ranks = lambda *_, **__: {}
    pattern = getattr(published, encoding)()["pat_str"]
    byte_of = {character: byte for byte, character in bytes_to_unicode().items()}
    vocabulary = json.loads(files["bytes.json"])
    tokens = sorted((token for token in vocabulary if token != "<|endoftext|>"), key=vocabulary.get)
    ranks = {bytes(byte_of[character] for character in token): rank for rank, token in enumerate(tokens)}
    files["ranks"] = "".join(f"{base64.b64encode(token).decode()} {rank}\n" for token, rank in ranks.items())
    reader = tiktoken.Encoding(encoding, pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
    ids = [reader.encode(each, disallowed_special=()) for each in TEXTS]
    cases[encoding] = {"files": {f"{encoding}.tiktoken": "ranks"}, "settings": {}, "ids": ids}

# A rank file by the name of a SentencePiece model, as Llama 3 has it, with its special tokens in the settings.
start = {"content": "<|begin|>", "lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": True}
case("ranks as a model", {"tokenizer.model": "ranks"}, "PreTrainedTokenizerFast", added_tokens_decoder={"320": start}, bos_token="<|begin|>")

print(json.dumps({"texts": TEXTS, "files": files, "cases": cases}, ensure_ascii=False, separators=(",", ":")))
