"""Validation loss over every non-overlapping block of the last tenth of a text, one token after each.

usage: score.py nanogpt CKPT TEXT BLOCK NANOGPT_DIR
       score.py transformers MODEL_DIR TEXT BLOCK

Both kinds of model are scored by the same lines: logits in, mean cross-entropy out. Prints one line of JSON.
"""
import json
import os
import pickle
import sys

import torch
from torch.nn import functional as F


def load_nanogpt(path, text_path, root):
    sys.path.insert(0, root)
    from model import GPT, GPTConfig

    checkpoint = torch.load(path, map_location="cpu", weights_only=False)
    model = GPT(GPTConfig(**checkpoint["model_args"]))
    model.load_state_dict(checkpoint["model"])
    with open(os.path.join(os.path.dirname(text_path), "meta.pkl"), "rb") as f:
        ids = pickle.load(f)["stoi"]
    # With targets it returns the logits of all positions, without them only those of the last one.
    return model.eval(), lambda m, x, y: m(x, y)[0], lambda text: [ids[c] for c in text]


def load_transformers(path):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(path)
    model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32)
    return model.eval(), lambda m, x, y: m(input_ids=x).logits, lambda text: tokenizer(text)["input_ids"]


@torch.no_grad()
def main():
    kind, path, text_path, block = sys.argv[1:4] + [int(sys.argv[4])]
    if kind == "nanogpt":
        model, logits_of, encode = load_nanogpt(path, text_path, sys.argv[5])
    else:
        model, logits_of, encode = load_transformers(path)
    with open(text_path, encoding="utf-8") as f:
        text = f.read()
    ids = torch.tensor(encode(text[int(len(text) * 0.9):]))
    blocks = (len(ids) - 1) // block
    inputs = ids[: blocks * block].view(blocks, block)
    targets = ids[1 : blocks * block + 1].view(blocks, block)
    total = 0.0
    for x, y in zip(inputs.split(64), targets.split(64)):
        total += F.cross_entropy(logits_of(model, x, y).flatten(0, 1), y.flatten(), reduction="sum").item()
    print(json.dumps({"loss": total / (blocks * block), "blocks": blocks, "characters": len(ids)}))


main()
