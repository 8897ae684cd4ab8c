"""transformers' side of the decoding benchmark: greedy, with its own cache, driven by lines of JSON.

usage: peer.py write FOLDER              writes a GPT-2 of 124M random parameters
       peer.py f32|bf16 FOLDER THREADS   answers {"prompts", "tokens"} with {"seconds", "ids"}

A plain loop over the model's forward pass: it is what `generate` does, without its processors and checks.
"""
import json
import sys
import time

import torch
import transformers
from transformers import AutoModelForCausalLM, GPT2Config, GPT2LMHeadModel

task, folder = sys.argv[1:3]
transformers.utils.logging.disable_progress_bar()


@torch.inference_mode()
def write(model, prompts, tokens):
    ids = torch.tensor(prompts)
    cache, written = None, []
    for _ in range(tokens):
        out = model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1)
        cache = out.past_key_values
        ids = out.logits[:, -1:].argmax(-1)
        written.append(ids)
    return torch.cat(written, 1).tolist()


if task == "write":
    torch.manual_seed(0)
    GPT2LMHeadModel(GPT2Config()).save_pretrained(folder)
else:
    torch.set_num_threads(int(sys.argv[3]))
    dtype = {"f32": torch.float32, "bf16": torch.bfloat16}[task]
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, attn_implementation="sdpa").eval()
    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    print(json.dumps({**versions, "attention": model.config._attn_implementation}), flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        start = time.perf_counter()
        ids = write(model, question["prompts"], question["tokens"])
        print(json.dumps({"seconds": time.perf_counter() - start, "ids": ids}), flush=True)
