#!/usr/bin/env bash
# rockpool 3.1.0: `to_nir` writes neither the recurrent weights nor the bias of LIFTorch, without a word.
#
# Behaviour: with has_rec=True and bias=0.01 the graph is that of has_rec=False and bias=0: one CubaLIF with
#   v_leak 0 and no edge back. The graph is valid, nothing warns, and the spikes are others.
# Usual guess: an exporter writes what the module computes, or refuses; recurrence is a usual thing in NIR.
# What to do: write the recurrent Linear into the graph by hand, and put biases into the Affine before.
set -euo pipefail
work=$(mktemp -d); trap '/bin/rm -rf "$work"' EXIT
python3 -m pip install -q --disable-pip-version-check --no-compile --target "$work" torch==2.13.0 rockpool==3.1.0 nir==1.0.8 nirtorch==2.6 2>/dev/null
PYTHONPATH=$work python3 -W ignore - <<'PYTHON'
import sys
import warnings
from importlib.metadata import version

import numpy as np
import torch
from rockpool.nn.combinators import Sequential
from rockpool.nn.modules import LIFTorch, LinearTorch
from rockpool.nn.modules.torch.nir import to_nir

torch.manual_seed(0)
weight = torch.rand(3, 4)


def network(**options):
    return Sequential(LinearTorch((3, 4), weight=weight, has_bias=False),
                      LIFTorch(4, tau_mem=0.01, tau_syn=0.01, **options))


full = network(has_rec=True, w_rec=torch.full((4, 4), 0.004), bias=0.01)
plain = network(bias=0.0)
frames = (torch.rand(1, 50, 3) < 0.2).float()
with torch.no_grad():
    spikes = [int(net(frames)[0].sum()) for net in (full, plain)]
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    graphs = [to_nir(net) for net in (full, plain)]
told = [str(item.message) for item in caught if "recurr" in str(item.message).lower()]
same = all(
    np.array_equal(np.asarray(a), np.asarray(b))
    for name in ("tau_mem", "tau_syn", "r", "v_leak", "v_threshold", "w_in")
    for a, b in [[getattr(graph.nodes["1_LIFTorch"], name) for graph in graphs]])
same = same and sorted(graphs[0].edges) == sorted(graphs[1].edges)
print(f"rockpool {version('rockpool')}: {spikes[0]} spikes with recurrence and bias, {spikes[1]} without; "
      f"the two graphs are {'the same' if same else 'different'}; warnings: {told or 'none'}")
if not same or told or spikes[0] == spikes[1]:
    sys.exit("changed: recurrence or bias is written, or told")
PYTHON
