"""Optimizers on recorded parameters and gradients, by PyTorch and transformers: writes ../data/optimizers.

    python test/oracles/make/optimizers.py

expected.safetensors: parameter.<name>, gradient.<step>.<name>, and final.<case>.<name> after the last step.
expected.json: for each case our configuration, clipping, the learning rate of every step, and the gradient norms before clipping.
Weight decay applies to what has two axes or more. `still` has no gradient but zeros; `rows` is zero in some rows.
"""
import json
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file
from transformers.optimization import Adafactor

STEPS = 6
SHAPES = {"matrix": [33, 17], "vector": [23], "still": [4, 6], "rows": [9, 8], "column": [5, 1], "row": [1, 9],
          "stack": [2, 3, 5], "scalar": [], "wide": [3, 64]}
RATES = [1e-2 * r for r in (0.5, 1.0, 0.9, 0.7, 0.3, 0.1)]


def groups(parameters, decay):
    return [{"params": [p for p in parameters if p.dim() >= 2], "weight_decay": decay},
            {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0}]


def case(make, config, clip=None, rates=RATES, scale=1.0):
    return {"make": make, "config": config, "clip": clip, "rates": rates, "scale": scale}


adamw = lambda ps: torch.optim.AdamW(groups(ps, 0.1), betas=(0.9, 0.95), eps=1e-8)
CASES = {
    "adamw": case(adamw, {"name": "adamw", "betas": [0.9, 0.95], "weightDecay": 0.1}),
    "adamw_clipped": case(adamw, {"name": "adamw", "betas": [0.9, 0.95], "weightDecay": 0.1}, clip=1.0),
    "adamw_scaled": case(adamw, {"name": "adamw", "betas": [0.9, 0.95], "weightDecay": 0.1}, clip=5.0, scale=0.25),
    "adam": case(lambda ps: torch.optim.Adam(ps), {"name": "adam"}),
    "adam_penalty": case(lambda ps: torch.optim.Adam(groups(ps, 0.2), eps=1e-6),
                         {"name": "adam", "weightDecay": 0.2, "epsilon": 1e-6}, clip=2.0),
    "sgd": case(lambda ps: torch.optim.SGD(ps, lr=1, momentum=0.9), {"name": "sgd"}),
    "sgd_plain": case(lambda ps: torch.optim.SGD(ps, lr=1), {"name": "sgd", "momentum": 0}, clip=1.0),
    "sgd_dampened": case(lambda ps: torch.optim.SGD(groups(ps, 0.1), lr=1, momentum=0.8, dampening=0.3),
                         {"name": "sgd", "momentum": 0.8, "dampening": 0.3, "weightDecay": 0.1}),
    "sgd_nesterov": case(lambda ps: torch.optim.SGD(groups(ps, 0.1), lr=1, momentum=0.9, nesterov=True),
                         {"name": "sgd", "nesterov": True, "weightDecay": 0.1}, clip=1.0),
    "adafactor_torch": case(lambda ps: torch.optim.Adafactor(ps), {"name": "adafactor", "variant": "torch"}),
    "adafactor_torch_decay": case(lambda ps: torch.optim.Adafactor(groups(ps, 0.1), d=2.0, eps=(1e-3, 1e-2)),
                                  {"name": "adafactor", "variant": "torch", "weightDecay": 0.1, "clipThreshold": 2,
                                   "epsilon": [1e-3, 1e-2]}, clip=1.0),
    "adafactor_torch_large_rate": case(lambda ps: torch.optim.Adafactor(ps),
                                       {"name": "adafactor", "variant": "torch"}, rates=[0.6] * STEPS),
    "adafactor_transformers": case(
        lambda ps: Adafactor(ps, lr=1e-3, scale_parameter=False, relative_step=False, warmup_init=False),
        {"name": "adafactor", "scaleParameter": False}),
    "adafactor_transformers_decay": case(
        lambda ps: Adafactor(groups(ps, 0.1), lr=1e-3, scale_parameter=True, relative_step=False, clip_threshold=0.5),
        {"name": "adafactor", "weightDecay": 0.1, "clipThreshold": 0.5}, clip=1.0),
    "adafactor_transformers_relative": case(
        lambda ps: Adafactor(ps, scale_parameter=True, relative_step=True, warmup_init=False),
        {"name": "adafactor", "relativeStep": True}),
    "adafactor_transformers_warmup": case(
        lambda ps: Adafactor(ps, scale_parameter=True, relative_step=True, warmup_init=True),
        {"name": "adafactor", "relativeStep": True, "warmupInit": True}),
}


def record():
    generator = torch.Generator().manual_seed(71)
    normal = lambda shape: torch.randn(shape, generator=generator)
    parameters = {name: 0.5 * normal(shape) for name, shape in SHAPES.items()}
    gradients = [{name: (0.3 + step / 4) * normal(shape) for name, shape in SHAPES.items()} for step in range(STEPS)]
    for g in gradients:
        g["still"].zero_()
        g["rows"][::3] = 0
    return parameters, gradients


def run(spec, parameters, gradients):
    live = {name: torch.nn.Parameter(p.clone()) for name, p in parameters.items()}
    optimizer = spec["make"](list(live.values()))
    norms = []
    for step, rate in enumerate(spec["rates"]):
        for name, p in live.items():
            p.grad = gradients[step][name] * spec["scale"]
        limit = spec["clip"] if spec["clip"] is not None else float("inf")
        norms.append(torch.nn.utils.clip_grad_norm_(live.values(), limit).item())
        for group in optimizer.param_groups:
            if group["lr"] is not None:
                group["lr"] = rate
        optimizer.step()
    return live, norms


def main():
    folder = Path(__file__).parent.parent / "data" / "optimizers"
    folder.mkdir(parents=True, exist_ok=True)
    parameters, gradients = record()
    tensors = {f"parameter.{name}": p for name, p in parameters.items()}
    for step, g in enumerate(gradients):
        tensors |= {f"gradient.{step}.{name}": x.clone() for name, x in g.items()}
    cases = {}
    for name, spec in CASES.items():
        live, norms = run(spec, parameters, gradients)
        tensors |= {f"final.{name}.{key}": p.detach() for key, p in live.items()}
        cases[name] = {key: spec[key] for key in ("config", "clip", "rates", "scale")} | {"norms": norms}
    save_file({name: x.contiguous() for name, x in tensors.items()}, folder / "expected.safetensors")
    versions = {"torch": torch.__version__.split("+")[0], "transformers": transformers.__version__}
    (folder / "expected.json").write_text(json.dumps({"seed": 71, "versions": versions, "cases": cases}, indent=1) + "\n")


if __name__ == "__main__":
    main()
