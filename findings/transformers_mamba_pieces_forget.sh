#!/usr/bin/env bash
# transformers 5.24.0, Mamba: several tokens given with a cache continue the convolution, but not the state.
#
# Behaviour: a text is given in two pieces, the second with the cache of the first. The cells of the selective scan begin
#   at zero again while the taps of the convolution are those of the cache; nothing is said. Logits of a small random model
#   differ from those of the whole text by some thousandths of their standard deviation, of a model that remembers by more.
#   One token at a time with the same cache gives those of the whole text, to rounding.
# Usual guess: with a cache a text may be given in any pieces, as to a transformer.
# What to do: after the first piece give one token at a time, or compute the whole text again; golden values that were made
#   in pieces are wrong.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check torch==2.13.0 transformers==5.24.0
export TORCHDYNAMO_DISABLE=1 HF_HUB_OFFLINE=1
"$work/venv/bin/python" - 2>/dev/null <<'PYTHON'
import sys

import torch
import transformers
from transformers import MambaConfig, MambaForCausalLM

torch.manual_seed(0)
model = MambaForCausalLM(MambaConfig(vocab_size=50, hidden_size=32, num_hidden_layers=2, state_size=8)).eval()
tokens = torch.randint(0, 50, (1, 24))


def in_pieces(size: int) -> torch.Tensor:
    """Logits behind the first 12 tokens, what follows in pieces."""
    found = model(tokens[:, :12], use_cache=True)
    logits = []
    for first in range(12, 24, size):
        found = model(tokens[:, first:first + size], cache=found.cache, use_cache=True)
        logits.append(found.logits[0])
    return torch.cat(logits)


with torch.no_grad():
    whole = model(tokens).logits[0, 12:]
    apart = {size: float((in_pieces(size) - whole).abs().max() / whole.std()) for size in (1, 12)}
print(f"transformers {transformers.__version__}: off the whole text, in standard deviations of its logits: "
      f"one token at a time {apart[1]:.1e}, twelve at once {apart[12]:.1e}")
if apart[1] > 1e-5 or apart[12] < 1e-4:
    sys.exit("changed: pieces of several tokens continue the state")
PYTHON
