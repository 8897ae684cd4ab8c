"""PyTorch's side of the training benchmark: GPT-2 in plain PyTorch, a whole step at a time, driven by lines of JSON.

usage: peer.py MODE OPTIMIZER THREADS FOLDER CONFIG
  MODE       f32, compiled, bf16 or bf16-compiled
  OPTIMIZER  loop, foreach or fused: how torch.optim.AdamW walks over the parameters; `choose` times them and prints the fastest
  FOLDER     model.safetensors with the first weights, batches.bin with int32 [batches, rows, tokens + 1]
  CONFIG     layers, heads, width, vocabulary, context, rows, tokens and betas as JSON
"""
import contextlib
import json
import re
import resource
import statistics
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

mode, optimizer, threads, folder = sys.argv[1:5]
c = json.loads(sys.argv[5])
torch.set_num_threads(int(threads))
layers, heads, width = c["layers"], c["heads"], c["width"]


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.c_attn = nn.Linear(width, 3 * width)
        self.c_proj = nn.Linear(width, width)

    def forward(self, x):
        b, t, _ = x.shape
        q, k, v = (part.view(b, t, heads, width // heads).transpose(1, 2) for part in self.c_attn(x).split(width, dim=2))
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.c_proj(mixed.transpose(1, 2).reshape(b, t, width))


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.c_fc = nn.Linear(width, 4 * width)
        self.c_proj = nn.Linear(4 * width, width)

    def forward(self, x):
        return self.c_proj(F.gelu(self.c_fc(x), approximate="tanh"))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln_1 = nn.LayerNorm(width)
        self.attn = Attention()
        self.ln_2 = nn.LayerNorm(width)
        self.mlp = Mlp()

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class Gpt2(nn.Module):
    def __init__(self):
        super().__init__()
        self.wte = nn.Embedding(c["vocabulary"], width)
        self.wpe = nn.Embedding(c["context"], width)
        self.h = nn.ModuleList(Block() for _ in range(layers))
        self.ln_f = nn.LayerNorm(width)

    def forward(self, ids, targets):
        x = self.wte(ids) + self.wpe(torch.arange(ids.shape[1]))
        for block in self.h:
            x = block(x)
        logits = self.ln_f(x) @ self.wte.weight.T
        return F.cross_entropy(logits.view(-1, logits.shape[-1]), targets.reshape(-1))


def load(model):
    """Copies the weights of a safetensors file, whose linear layers lie as [in, out], into the model, one at a time."""
    own = dict(model.named_parameters())
    with open(f"{folder}/model.safetensors", "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
        header.pop("__metadata__", None)
        for name, entry in header.items():
            start, end = entry["data_offsets"]
            file.seek(8 + length + start)
            value = torch.frombuffer(bytearray(file.read(end - start)), dtype=torch.float32).view(entry["shape"])
            name = name.removeprefix("transformer.")
            transposed = re.search(r"\.c_\w+\.weight$", name)
            with torch.no_grad():
                own.pop(name).copy_(value.T if transposed else value)
    assert not own, f"weights are missing: {list(own)}"


def peak_memory():
    """The most memory this process has held, in MiB. (A child's ru_maxrss starts at its parent's on Linux.)"""
    try:
        with open("/proc/self/status") as status:
            return int(re.search(r"VmHWM:\s+(\d+) kB", status.read())[1]) / 1024
    except FileNotFoundError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)


model = Gpt2()
load(model)
with open(f"{folder}/batches.bin", "rb") as file:
    batches = torch.frombuffer(bytearray(file.read()), dtype=torch.int32).long().view(-1, c["rows"], c["tokens"] + 1)
groups = [
    {"params": [p for p in model.parameters() if p.dim() >= 2], "weight_decay": 0.1},
    {"params": [p for p in model.parameters() if p.dim() < 2], "weight_decay": 0.0},
]
kinds = {"loop": {}, "foreach": {"foreach": True}, "fused": {"fused": True}}


def make_optimizer(kind):
    return torch.optim.AdamW(groups, lr=1e-4, betas=tuple(c["betas"]), **kinds[kind])


forward = torch.compile(model) if "compiled" in mode else model
autocast = torch.autocast("cpu", dtype=torch.bfloat16) if "bf16" in mode else contextlib.nullcontext()
done = 0


def step():
    global done
    start = time.perf_counter()
    batch = batches[done % len(batches)]
    with autocast:
        loss = forward(batch[:, :-1], batch[:, 1:])
    loss.backward()
    value = loss.item()
    computed = time.perf_counter()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    adamw.step()
    adamw.zero_grad(set_to_none=True)
    end = time.perf_counter()
    done += 1
    return {"total": 1e3 * (end - start), "update": 1e3 * (end - computed), "loss": value}


if optimizer == "choose":
    # In turns, and by their medians, so that what disturbs the machine for a moment does not choose.
    candidates = {kind: make_optimizer(kind) for kind in kinds}
    times = {kind: [] for kind in kinds}
    for _ in range(6):
        for kind, adamw in candidates.items():
            times[kind].append(step()["update"])
    typical = {kind: statistics.median(values[1:]) for kind, values in times.items()}
    print(json.dumps({"optimizer": min(typical, key=typical.get), "milliseconds": typical}), flush=True)
    sys.exit()

adamw = make_optimizer(optimizer)
factors = {}


def multiply(size):
    """GFLOP/s of one product of square matrices, in the mode's type."""
    dtype = torch.bfloat16 if "bf16" in mode else torch.float32
    if not factors:
        factors.update(a=torch.full((size, size), 0.5, dtype=dtype), b=torch.full((size, size), 0.25, dtype=dtype))
        torch.mm(factors["a"], factors["b"])
    start = time.perf_counter()
    torch.mm(factors["a"], factors["b"])
    return 2e-9 * size**3 / (time.perf_counter() - start)


versions = {"python": sys.version.split()[0], "torch": torch.__version__}
print(json.dumps({"versions": versions, "parameters": sum(p.numel() for p in model.parameters())}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    if "steps" in request:
        answer = {"steps": [step() for _ in range(request["steps"])]}
    elif "product" in request:
        answer = {"gflops": multiply(request["product"])}
    else:
        answer = {"peak": peak_memory()}
    print(json.dumps(answer), flush=True)
