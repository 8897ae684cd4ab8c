"""Perplexity over strided windows, as in transformers' guide "Perplexity of fixed-length models": writes ../data/perplexity.

    python test/oracles/make/perplexity.py

The model is that of ../data/gpt2-lm. expected.json: token ids, and for each window and stride the loss and its exponential.
"""
import json
from pathlib import Path

import torch
import transformers

DATA = Path(__file__).resolve().parent.parent / "data"
CASES = [(48, 48), (48, 24), (48, 1), (48, 47), (32, 16), (17, 5), (2, 1), (2, 2)]


def perplexity(model, ids, window, stride):
    total, tokens, windows, scored = 0.0, 0, 0, 0
    for begin in range(0, ids.size(1), stride):
        end = min(begin + window, ids.size(1))
        inputs = ids[:, begin:end]
        labels = inputs.clone()
        labels[:, :-(end - scored)] = -100
        # The model shifts the labels, so one of them has nothing that predicts it.
        count = (labels != -100).sum().item() - 1
        if count > 0:
            total += model(inputs, labels=labels).loss.double().item() * count
            tokens += count
            windows += 1
        scored = end
        if end == ids.size(1):
            break
    return {"window": window, "stride": stride, "loss": total / tokens, "perplexity": float(torch.tensor(total / tokens).exp()),
            "tokens": tokens, "windows": windows}


model = transformers.AutoModelForCausalLM.from_pretrained(DATA / "gpt2-lm" / "model", dtype=torch.float64).eval()
texts = [torch.randint(0, model.config.vocab_size, (1, n), generator=torch.Generator().manual_seed(n)) for n in (2, 48, 101)]
with torch.no_grad():
    runs = [{"ids": ids[0].tolist(), "cases": [perplexity(model, ids, *case) for case in CASES]} for ids in texts]
(DATA / "perplexity").mkdir(exist_ok=True)
with open(DATA / "perplexity" / "expected.json", "w") as file:
    json.dump({"versions": {"torch": torch.__version__, "transformers": transformers.__version__}, "runs": runs}, file)
