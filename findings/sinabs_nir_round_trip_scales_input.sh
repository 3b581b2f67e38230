#!/usr/bin/env bash
# sinabs 3.1.3: a LIF that goes to NIR and back takes its whole input, where it took a part of it before.
#
# Behaviour: LIF has norm_input=True by default and multiplies its input by 1 - exp(-1/tau). `to_nir` writes
#   tau and r = 1 for it as for norm_input=False, and `from_nir` makes norm_input=False: with tau 10 the input
#   is ten times as strong. Nothing warns.
# Usual guess: a library reads its own file back as the network that it wrote.
# What to do: multiply the weights before the LIF by 1 - exp(-1/tau) in the graph, or train without norm_input.
set -euo pipefail
work=$(mktemp -d); trap '/bin/rm -rf "$work"' EXIT
pip() { python3 -m pip install -q --disable-pip-version-check --no-compile --target "$work" "$@" 2>/dev/null; }
pip torch==2.13.0 numpy nir==1.0.4 nirtorch==2.0.2 matplotlib pbr
pip --no-deps sinabs==3.1.3   # without the vendor's package for its chips
PYTHONPATH=$work python3 -W ignore - <<'PYTHON'
import sys
from importlib.metadata import version

import sinabs.layers as layers
import torch
from sinabs.nir import from_nir, to_nir

torch.manual_seed(0)
model = torch.nn.Sequential(
    torch.nn.Linear(4, 3),
    layers.LIFSqueeze(tau_mem=torch.full((3,), 10.0), spike_threshold=torch.full((3,), 0.2), batch_size=1))
with torch.no_grad():
    model[0].weight.abs_()
frames = (torch.rand(100, 4) < 0.5).float()
graph = to_nir(model, torch.zeros(1, 4))
model[1].reset_states()
with torch.no_grad():
    before = int(model(frames).sum())
    again = from_nir(graph, batch_size=1)
    after = again(frames)
    after = int((after[0] if isinstance(after, tuple) else after).sum())
print(f"sinabs {version('sinabs')}: {before} spikes, and {after} from the model read back from its graph")
if before == after:
    sys.exit("changed: the round trip is the same network")
PYTHON
