"""The peer of first-token.ts: transformers, greedily, one token at a time.

usage: first_token.py write FOLDER                  writes a GPT-2 of 124M random parameters
       first_token.py generate FOLDER PROMPT NEW    reads PROMPT random tokens, prints "token" for each of NEW tokens as it comes
"""
import os
import sys

import torch
from transformers import AutoModelForCausalLM, GPT2Config, GPT2LMHeadModel
from transformers.utils import logging

task, folder = sys.argv[1:3]
logging.disable_progress_bar()
torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
if task == "write":
    torch.manual_seed(0)
    # No end token: every run writes as many tokens as it is asked for.
    GPT2LMHeadModel(GPT2Config(bos_token_id=None, eos_token_id=None)).save_pretrained(folder)
else:
    prompt, new = map(int, sys.argv[3:])
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    ids = torch.tensor([[(7 * i) % model.config.vocab_size for i in range(prompt)]])
    past = None
    with torch.inference_mode():
        for _ in range(new):
            out = model(input_ids=ids, past_key_values=past, use_cache=True)
            past = out.past_key_values
            ids = out.logits[:, -1:].argmax(-1)
            print("token", flush=True)
