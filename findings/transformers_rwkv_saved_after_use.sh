#!/usr/bin/env bash
# transformers 5.24.0, RWKV-4: a model that has been used in evaluation is saved as another model.
#
# Behaviour: the first forward pass in evaluation divides the output and value matrices of layer i by
#   2 ** (i // rescale_every) in place, a guard for float16, and remembers that in memory only.
#   `save_pretrained` writes the divided matrices with the same configuration; `from_pretrained` divides
#   them again. Logits of an 8-layer model move by about a standard deviation, and nothing is said.
# Usual guess: computing does not change what is saved; save, load and compute gives the same logits.
# What to do: save before the first forward pass, or after `train()` and a forward pass; readers take the
#   file's weights as they are, and cannot tell.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check torch==2.13.0 transformers==5.24.0
export TORCHDYNAMO_DISABLE=1 HF_HUB_OFFLINE=1 WORK=$work
"$work/venv/bin/python" - 2>/dev/null <<'PYTHON'
import os
import sys

import torch
import transformers
from transformers import RwkvConfig, RwkvForCausalLM

torch.manual_seed(0)
model = RwkvForCausalLM(RwkvConfig(
    vocab_size=50, hidden_size=16, num_hidden_layers=8, attention_hidden_size=16,
    intermediate_size=32, context_length=32)).eval()
tokens = torch.arange(6)[None]


def again(name):
    """Logits of the model saved and loaded."""
    folder = os.path.join(os.environ["WORK"], name)
    model.save_pretrained(folder)
    with torch.no_grad():
        return RwkvForCausalLM.from_pretrained(folder).eval()(tokens, use_cache=False).logits


unused = again("unused")
with torch.no_grad():
    logits = model(tokens, use_cache=False).logits
used = again("used")
spread = logits.std()
before, after = (float((other - logits).abs().max() / spread) for other in (unused, used))
print(f"transformers {transformers.__version__}: saved before use, loaded logits differ by {before:.5f} std; "
      f"saved after use by {after:.2f} std")
if before > 1e-3 or after < 0.1:
    sys.exit("changed: both give the same logits")
print("as found: using the model changed what is saved")
PYTHON
