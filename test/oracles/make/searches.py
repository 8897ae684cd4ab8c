"""Searches with random prompts and settings, as transformers runs them: writes ../data/searches/<kind>.json.

    python test/oracles/make/searches.py beams                     # transformers 5.23
    python test/oracles/make/searches.py groups contrastive        # transformers 4.46, the last to have both in its core

The model is that of ../data/gpt2-lm. A case holds options by their names here, prompts, and for each prompt the new ids and scores of
what is returned. A case is dropped where rounding decides: unless float32, float64 and noise of 1e-5 on the scores agree about the ids.
"""
import json
import random
import sys
from pathlib import Path

import torch
import transformers

DATA = Path(__file__).resolve().parent.parent / "data"
MODEL = DATA / "gpt2-lm" / "model"
VOCABULARY, CONTEXT, PADDING = 96, 48, 0
COUNTS = {"beams": 200, "groups": 60, "contrastive": 60}

NAMES = {
    "beams": "num_beams",
    "returned": "num_return_sequences",
    "lengthPenalty": "length_penalty",
    "earlyStopping": "early_stopping",
    "maxNewTokens": "max_new_tokens",
    "minNewTokens": "min_new_tokens",
    "repetitionPenalty": "repetition_penalty",
    "noRepeatNgram": "no_repeat_ngram_size",
    "badWords": "bad_words_ids",
    "suppressTokens": "suppress_tokens",
    "beamGroups": "num_beam_groups",
    "diversityPenalty": "diversity_penalty",
    "contrastivePenalty": "penalty_alpha",
    "topK": "top_k",
}


class Noise(transformers.LogitsProcessor):
    def __init__(self, seed):
        self.generator = torch.Generator().manual_seed(seed)

    def __call__(self, input_ids, scores):
        return scores + 1e-5 * torch.randn(scores.shape, generator=self.generator)


def tokens(rng, low, high):
    return [rng.randrange(1, VOCABULARY) for _ in range(rng.randint(low, high))]


def constraints(rng, same_length):
    """Changes to the logits. In a padded batch, transformers counts the padding as text: what looks at the text is left out there."""
    options = {}
    if rng.random() < 0.3:
        options["minNewTokens"] = rng.randint(1, 8)
    if rng.random() < 0.25:
        options["suppressTokens"] = sorted(rng.sample(range(VOCABULARY), rng.randint(1, 30)))
    if rng.random() < 0.25:
        options["badWords"] = [tokens(rng, 1, 2) for _ in range(rng.randint(1, 12))]
    if same_length and rng.random() < 0.25:
        options["repetitionPenalty"] = round(rng.uniform(0.8, 2), 2)
    if same_length and rng.random() < 0.25:
        options["noRepeatNgram"] = rng.randint(1, 3)
    return options


def prompts_of(rng):
    count = rng.choice([1, 1, 1, 2, 3])
    if rng.random() < 0.5:
        length = rng.randint(1, 20)
        return [tokens(rng, length, length) for _ in range(count)]
    return [tokens(rng, 1, 20) for _ in range(count)]


def search_case(rng, ends):
    prompts = prompts_of(rng)
    options = {
        "beams": rng.randint(2, 8),
        "lengthPenalty": rng.choice([-1.5, -0.5, 0, 0, 0.6, 1, 1, 1.5, 3]),
        "earlyStopping": rng.choice([False, True, "never"]),
        "maxNewTokens": rng.randint(1, 24),
        "stopTokens": ends,
        **constraints(rng, len({len(ids) for ids in prompts}) == 1),
    }
    options["returned"] = rng.choice([1, options["beams"], rng.randint(1, options["beams"])])
    options["minNewTokens"] = min(options.get("minNewTokens", 0), options["maxNewTokens"])
    return prompts, options


def beams_case(rng):
    ends = rng.choice([[95], [95], [95, 5], [60, 47, 84], rng.sample(range(1, VOCABULARY), 4), []])
    return search_case(rng, ends)


def groups_case(rng):
    # Finished groups go on with padding there, which later groups are kept from: here padding is never chosen, so it makes no difference.
    prompts, options = search_case(rng, rng.choice([[95], [60], [5], []]))
    options["beamGroups"] = rng.randint(2, 4)
    options["beams"] = options["beamGroups"] * rng.randint(1, 3)
    options["returned"] = rng.choice([1, options["beams"], rng.randint(1, options["beams"])])
    options["diversityPenalty"] = rng.choice([0.1, 0.5, 1.0, 3.0])
    options["suppressTokens"] = sorted({PADDING, *options.get("suppressTokens", [])})
    return prompts, options


def contrastive_case(rng):
    prompts = prompts_of(rng)
    options = {
        "contrastivePenalty": round(rng.uniform(0.05, 0.95), 2),
        "topK": rng.randint(2, 10),
        "maxNewTokens": rng.randint(1, 24),
        "stopTokens": rng.choice([[95], [60, 47, 84], []]),
        **constraints(rng, len({len(ids) for ids in prompts}) == 1),
    }
    options["minNewTokens"] = min(options.get("minNewTokens", 0), options["maxNewTokens"])
    return prompts, options


def generate(model, prompts, options, noise=None):
    # Contrastive search there needs it; beam search here computes its scores in float32 always.
    torch.set_default_dtype(model.dtype if "beams" not in options or "beamGroups" in options else torch.float32)
    longest = max(map(len, prompts))
    ids = torch.tensor([[PADDING] * (longest - len(prompt)) + prompt for prompt in prompts])
    mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    settings = {NAMES[name]: value for name, value in options.items() if name in NAMES and not (name == "minNewTokens" and value == 0)}
    if not options["stopTokens"]:
        settings.pop("min_new_tokens", None)
    model.generation_config = transformers.GenerationConfig(
        **settings, eos_token_id=options["stopTokens"] or None, pad_token_id=PADDING, do_sample=False, return_dict_in_generate=True,
        output_scores=model.dtype == torch.float32)
    processors = transformers.LogitsProcessorList([] if noise is None else [Noise(noise)])
    result = model.generate(ids, attention_mask=mask, logits_processor=processors)
    returned = options.get("returned", 1)
    rows = [new_ids(row[longest:].tolist(), options) for row in result.sequences]
    scores = getattr(result, "sequences_scores", None)
    scores = [None] * len(rows) if scores is None else scores.tolist()
    return [{"ids": rows[i : i + returned], "scores": scores[i : i + returned]} for i in range(0, len(rows), returned)]


def new_ids(row, options):
    for i, token in enumerate(row):
        if token in options["stopTokens"]:
            return row[: i + 1]
    return row[: options["maxNewTokens"]]


def decided(models, prompts, options):
    single, double = models
    runs = [generate(single, prompts, options), generate(double, prompts, options)]
    runs += [generate(single, prompts, options, noise=seed) for seed in (1, 2)]
    if any([found["ids"] for found in run] != [found["ids"] for found in runs[0]] for run in runs):
        return None
    # A text that never finished keeps the placeholder's score.
    if any(score is not None and score < -1e8 for found in runs[0] for score in found["scores"]):
        return None
    return runs[0]


def main():
    transformers.logging.set_verbosity_error()
    models = [transformers.AutoModelForCausalLM.from_pretrained(MODEL, torch_dtype=dtype).eval() for dtype in (torch.float32, torch.float64)]
    (DATA / "searches").mkdir(exist_ok=True)
    for kind in sys.argv[1:]:
        rng = random.Random(f"searches {kind}")
        draw = {"beams": beams_case, "groups": groups_case, "contrastive": contrastive_case}[kind]
        cases, dropped = [], 0
        with torch.no_grad():
            while len(cases) < COUNTS[kind]:
                prompts, options = draw(rng)
                found = decided(models, prompts, options)
                if found is None:
                    dropped += 1
                    continue
                for one in found:
                    one["scores"] = [score and round(score, 6) for score in one["scores"]]
                    if one["scores"][0] is None:
                        del one["scores"]
                cases.append({"options": options, "prompts": prompts, "found": found})
        versions = {"torch": torch.__version__, "transformers": transformers.__version__}
        with open(DATA / "searches" / f"{kind}.json", "w") as file:
            head = json.dumps({"versions": versions, "dropped": dropped})[:-1]
            lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
            file.write(f'{head}, "cases": [\n{lines}\n]}}\n')
        print(kind, len(cases), "cases,", dropped, "dropped")


main()
