"""The Python side of exchange.test.ts: what transformers makes of our model directories, and directories of its own with its results.

usage: exchange.py FOLDER

FOLDER/request.json is {"read": [{"model", "prompt", "texts", "document", "window", "stride"}, ...], "write": {case: {...}, ...}}.
For each model to read, FOLDER/read-<i>.json and FOLDER/read-<i>.safetensors; for each case to write, FOLDER/<case>/model,
FOLDER/<case>/expected.safetensors and FOLDER/<case>/expected.json.
"""
import json
import logging
import sys
import warnings
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer, GPT2Config, GPT2LMHeadModel
from transformers.utils import logging as transformers_logging

NEW_TOKENS = 40


class Complaints(logging.Handler):
    """Every warning that transformers logs or raises while it is open."""

    def __enter__(self):
        self.found = []
        self.caught = warnings.catch_warnings(record=True)
        self.warned = self.caught.__enter__()
        warnings.simplefilter("always")
        transformers_logging.get_logger("transformers").addHandler(self)
        return self

    def emit(self, record):
        if record.levelno >= logging.WARNING:
            self.found.append(record.getMessage())

    def __exit__(self, *error):
        transformers_logging.get_logger("transformers").removeHandler(self)
        self.found += [str(warning.message) for warning in self.warned]
        self.caught.__exit__(*error)


@torch.no_grad()
def perplexity(model, ids, window, stride):
    """Strided windows as in Hugging Face's guide "Perplexity of fixed-length models"."""
    total, tokens, scored = 0.0, 0, 0
    for start in range(0, len(ids), stride):
        end = min(start + window, len(ids))
        labels = ids[start:end].clone()
        labels[: len(labels) - (end - scored)] = -100
        valid = int((labels != -100).sum()) - 1
        if valid > 0:
            total += model(input_ids=ids[None, start:end], labels=labels[None]).loss.double().item() * valid
            tokens += valid
        scored = end
        if end == len(ids):
            break
    return {"perplexity": float(torch.tensor(total / tokens, dtype=torch.float64).exp()), "tokens": tokens}


def greedy(model, ids):
    with torch.no_grad():
        inputs = torch.tensor([ids])
        mask = torch.ones_like(inputs)
        return model.generate(inputs, attention_mask=mask, max_new_tokens=NEW_TOKENS, do_sample=False)[0].tolist()


def encode(tokenizer, text):
    """None for a text that the tokenizer refuses: a character it does not know, and no token for the unknown."""
    try:
        return tokenizer(text).input_ids
    except Exception as error:
        if "Missing [UNK]" not in str(error):
            raise
        return None


def read(job, result):
    with Complaints() as complaints:
        model, loading = AutoModelForCausalLM.from_pretrained(job["model"], output_loading_info=True)
        tokenizer = AutoTokenizer.from_pretrained(job["model"])
    model.eval()
    document = tokenizer(job["document"], return_tensors="pt").input_ids[0]
    length = min(model.config.n_positions, len(document))
    inputs = document[: length - length % 2].view(2, -1)
    with torch.no_grad():
        logits = model(input_ids=inputs).logits
    save_file({"input_ids": inputs.contiguous(), "logits": logits.contiguous()}, f"{result}.safetensors")
    ids = greedy(model, tokenizer(job["prompt"]).input_ids)
    encoded = [encode(tokenizer, text) for text in job["texts"]]
    answer = {
        "class": type(model).__name__,
        "dtype": str(model.dtype),
        "complaints": complaints.found,
        "loading": {name: sorted(map(str, found)) for name, found in loading.items() if found},
        "ids": encoded,
        "decoded": [None if ids is None else tokenizer.decode(ids) for ids in encoded],
        "greedy": {"ids": ids, "text": tokenizer.decode(ids, skip_special_tokens=True)},
        "perplexity": perplexity(model, document, job["window"], job["stride"]),
    }
    Path(f"{result}.json").write_text(json.dumps(answer))


def published_names(folder):
    """As GPT-2 was first published: without the prefix, with the causal masks as tensors."""
    file = folder / "model.safetensors"
    config = json.loads((folder / "config.json").read_text())
    tensors = {name.removeprefix("transformer."): tensor for name, tensor in load_file(file).items()}
    size = config["n_positions"]
    for i in range(config["n_layer"]):
        tensors[f"h.{i}.attn.bias"] = torch.tril(torch.ones(1, 1, size, size))
        tensors[f"h.{i}.attn.masked_bias"] = torch.tensor(-1e4)
    save_file(tensors, file, metadata={"format": "pt"})


def batches(config, generator):
    """Tokens with padding on the right, as for training, and on the left, as for generation."""
    ids = torch.randint(0, config.vocab_size, (3, 17), generator=generator)
    mask = torch.ones_like(ids)
    mask[1, 11:] = 0
    labels = ids.masked_fill(mask == 0, -100)
    labels[2, 4:9] = -100
    yield "right", {"input_ids": ids, "attention_mask": mask, "labels": labels}
    mask = torch.ones_like(ids)
    mask[1, :5] = 0
    mask[2, :12] = 0
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    labels = ids.masked_fill(mask == 0, -100)
    yield "left", {"input_ids": ids, "attention_mask": mask, "position_ids": positions, "labels": labels}


def write(folder, case, seed):
    torch.manual_seed(seed)
    sizes = {"vocab_size": 67, "n_positions": 64, "n_embd": 24, "n_layer": 2, "n_head": 4, "initializer_range": 0.2}
    ends = {"bos_token_id": None, "eos_token_id": None}
    source = GPT2LMHeadModel(GPT2Config(**(sizes | ends | case.get("config", {}))))
    with torch.no_grad():
        for name, parameter in source.named_parameters():
            if parameter.dim() == 1:  # biases and norms start as zeros and ones, which would hide mistakes
                parameter.add_(0.2 * torch.randn_like(parameter))
    directory = folder / "model"
    source.to(getattr(torch, case.get("dtype", "float32"))).save_pretrained(directory, **case.get("save", {}))
    if case.get("published"):
        published_names(directory)

    model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32, attn_implementation="eager").eval()
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for side, inputs in batches(model.config, generator):
        model.zero_grad()
        out = model(**inputs, output_hidden_states=True, output_attentions=True)
        out.loss.backward()
        tensors |= {f"{side}.input.{name}": x for name, x in inputs.items()}
        tensors |= {f"{side}.output.loss": out.loss, f"{side}.output.logits": out.logits}
        for kind in ("hidden_states", "attentions"):
            tensors |= {f"{side}.output.{kind}.{i}": x for i, x in enumerate(out[kind])}
        tensors |= {f"{side}.grad.{name}": x.grad for name, x in model.named_parameters()}
    save_file({name: x.detach().contiguous().clone() for name, x in tensors.items()}, folder / "expected.safetensors")
    prompts = [torch.randint(0, model.config.vocab_size, (n,), generator=generator).tolist() for n in (1, 5, 17)]
    result = {"files": sorted(file.name for file in directory.iterdir()), "greedy": [greedy(model, p) for p in prompts]}
    (folder / "expected.json").write_text(json.dumps(result | {"prompts": prompts}))


def main():
    folder = Path(sys.argv[1])
    request = json.loads((folder / "request.json").read_text())
    torch.set_num_threads(1)
    for i, job in enumerate(request["read"]):
        read(job, folder / f"read-{i}")
    for seed, (name, case) in enumerate(request["write"].items()):
        (folder / name).mkdir()
        write(folder / name, case, seed)


main()
