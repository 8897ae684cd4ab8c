"""What transformers' `generate` does to logits, for random settings: writes data/pipelines/cases.json (python pipelines.py OUT [COUNT])."""
import json
import random
import sys

import torch
from transformers import GenerationConfig, GPT2Config, GPT2LMHeadModel

random.seed(1701)
vocabulary = 24
model = GPT2LMHeadModel(GPT2Config(n_layer=1, n_head=1, n_embd=4, vocab_size=vocabulary, n_positions=32))

ids = lambda count: [random.randrange(vocabulary) for _ in range(count)]
# Our names, with what transformers calls them and a random value.
one = {
    "logitBias": ("sequence_bias", lambda: [[list(s), round(random.uniform(-4, 4), 2)] for s in {tuple(ids(random.randint(1, 2))) for _ in range(4)}]),
    "repetitionPenalty": ("repetition_penalty", lambda: round(random.uniform(0.5, 2), 2)),
    "encoderRepetitionPenalty": ("encoder_repetition_penalty", lambda: round(random.uniform(0.5, 2), 2)),
    "noRepeatNgram": ("no_repeat_ngram_size", lambda: random.randint(1, 3)),
    "encoderNoRepeatNgram": ("encoder_no_repeat_ngram_size", lambda: random.randint(1, 3)),
    "badWords": ("bad_words_ids", lambda: [ids(random.choice([1, 1, 2, 2, 3])) for _ in range(5)]),
    "minLength": ("min_length", lambda: random.randint(1, 12)),
    "minNewTokens": ("min_new_tokens", lambda: random.randint(1, 6)),
    "forcedLast": ("forced_eos_token_id", lambda: random.choice([3, [3, 4]])),
    "lengthDecay": ("exponential_decay_length_penalty", lambda: [random.randint(0, 3), round(random.uniform(0.8, 1.5), 2)]),
    "suppressTokens": ("suppress_tokens", lambda: ids(3)),
    "suppressFirst": ("begin_suppress_tokens", lambda: ids(3)),
    "temperature": ("temperature", lambda: round(random.uniform(0.2, 3), 2)),
    "topK": ("top_k", lambda: random.randint(1, vocabulary + 3)),
    "topP": ("top_p", lambda: round(random.uniform(0.01, 0.99), 3)),
    "minP": ("min_p", lambda: random.choice([0.0, 1.0, round(random.uniform(0, 1), 3)])),
    "typicalP": ("typical_p", lambda: round(random.uniform(0.01, 0.99), 3)),
    "epsilonCutoff": ("epsilon_cutoff", lambda: round(random.uniform(0.001, 0.3), 4)),
    "etaCutoff": ("eta_cutoff", lambda: round(random.uniform(0.001, 0.5), 4)),
}


def case(index):
    names = [list(one)[index % len(one)]] if index < 4 * len(one) else random.sample(list(one), random.randint(2, 8))
    settings = {name: one[name][1]() for name in names}
    beams = random.choice([1, 1, 1, 3])
    prompt = ids(random.randint(2, 6))
    new = ids(random.randint(0, 5))
    max_new = random.randint(max(len(new) + 1, 6), 8)
    ends = random.sample(range(vocabulary), random.randint(1, 2))
    try:
        config = GenerationConfig(
            **{one[name][0]: value for name, value in settings.items()},
            **({} if "topK" in settings else {"top_k": 0}),
            do_sample=True, num_beams=beams, max_length=len(prompt) + max_new, eos_token_id=ends,
        )
    except ValueError:  # a contradiction
        return None
    config._eos_token_tensor = torch.tensor(ends)
    spread = random.choice([1, 3, 8])
    # Which of equal logits top-p keeps (and min-p, where several must stay) depends on a sort that is not stable: none are equal there.
    digits = 5 if "topP" in settings or beams > 1 else random.choice([0, 2])
    logits = [round(random.gauss(0, spread), digits) for _ in range(vocabulary)]
    processors = model._get_logits_processor(config, len(prompt), torch.tensor([prompt]))
    out = processors(torch.tensor([prompt + new]), torch.tensor([logits], dtype=torch.float64))[0]
    if not torch.isfinite(out).any():
        return None
    return {
        "settings": settings, "beams": beams, "maxNewTokens": max_new, "stopTokens": ends, "prompt": prompt, "new": new, "logits": logits,
        "expected": [float(f"{x:.6g}") if x > float("-inf") else None for x in out.tolist()],
    }


count = int(sys.argv[2]) if len(sys.argv) > 2 else 250
cases = []
index = 0
while len(cases) < count:
    made = case(index)
    index += 1
    if made:
        cases.append(made)
with open(sys.argv[1], "w") as file:
    file.write('{"vocabulary":%d,"cases":[\n' % vocabulary + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]}\n")
