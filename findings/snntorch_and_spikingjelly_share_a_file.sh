#!/usr/bin/env bash
# snntorch 1.0.0 and spikingjelly 2.0.0 write the same NIR numbers for neurons that fire differently.
#
# Behaviour: snnTorch's Leaky (subtracts the threshold, one step late, fires above it) and SpikingJelly's LIFNode
#   with decay_input=False (sets to v_reset at once, fires at equality) are both a LIF with r = tau / 1e-4,
#   v_leak 0 and v_reset 0. SpikingJelly reads a file of snnTorch without a word, and gives other spikes.
# Usual guess: an exchange format that both read and write exchanges the network.
# What to do: find out who wrote the file (precision, name of the Input) and compare spikes with the writer.
set -euo pipefail
work=$(mktemp -d); trap '/bin/rm -rf "$work"' EXIT
pip() { python3 -m pip install -q --disable-pip-version-check --no-compile --target "$work" "$@" 2>/dev/null; }
pip torch==2.13.0 numpy nir==1.0.8 nirtorch==2.6 snntorch==1.0.0 loguru tqdm matplotlib scipy
pip --no-deps spikingjelly==2.0.0
PYTHONPATH=$work python3 -W ignore - 2>/dev/null <<'PYTHON'
import sys
from importlib.metadata import version

import numpy as np
import snntorch
import torch
from snntorch.export_nir import export_to_nir
from spikingjelly.activation_based import neuron
from spikingjelly.activation_based.nir_exchange import export_to_nir as export_jelly
from spikingjelly.activation_based.nir_exchange import import_from_nir

torch.manual_seed(0)
linear = torch.nn.Linear(4, 3)
with torch.no_grad():
    linear.weight.abs_()
    linear.bias.fill_(0.2)
beta = torch.full((3,), 0.75)
module = torch.nn.Sequential(
    linear, snntorch.Leaky(beta=beta, threshold=torch.ones(3), init_hidden=True))
graph = export_to_nir(module, torch.zeros(1, 4), ignore_dims=[0])
other = export_jelly(torch.nn.Sequential(linear, neuron.LIFNode(tau=4.0, decay_input=False)), torch.zeros(1, 4))
left, right = (next(item for item in g.nodes.values() if type(item).__name__ == "LIF") for g in (graph, other))
same = all(np.allclose(getattr(left, name), getattr(right, name), rtol=1e-5)
           for name in ("tau", "r", "v_leak", "v_reset", "v_threshold"))
frames = (torch.rand(200, 1, 4) < 0.4).float()
module[1].reset_mem()
again, state, spikes = import_from_nir(graph), None, [0, 0]
with torch.no_grad():
    for row in frames:
        spikes[0] += int(module(row).sum())
        outputs, state = again(row, state)
        spikes[1] += int(outputs.sum())
print(f"snntorch {version('snntorch')}, spikingjelly {version('spikingjelly')}: LIF nodes "
      f"{'alike' if same else 'unlike'}; {spikes[0]} spikes in snnTorch, {spikes[1]} from its file in SpikingJelly")
if not same or spikes[0] == spikes[1]:
    sys.exit("changed: the numbers or the spikes agree otherwise")
PYTHON
