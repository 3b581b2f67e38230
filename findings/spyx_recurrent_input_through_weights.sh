#!/usr/bin/env bash
# spyx 1.0.0: a recurrent layer's NIR graph leads its input through the recurrent weights.
#
# Behaviour: RLIF computes beta * V + x + spikes @ W, and `spyx.nir.to_nir` writes the edges
#   input -> w_rec, w_rec -> lif, lif -> w_rec, lif -> output: W * (x + spikes), a layer whose input is
#   weighted twice. Spyx's own reader takes the same edges to mean the layer, so a round trip is right.
# Usual guess: a graph that its writer reads back is the network; readers of NIR agree on edges.
# What to do: in files of Spyx, lead the edge from such an inner Input to the neuron.
set -euo pipefail
work=$(mktemp -d); trap '/bin/rm -rf "$work"' EXIT
python3 -m pip install -q --disable-pip-version-check --no-compile --target "$work" spyx==1.0.0 nir==1.0.8 2>/dev/null
PYTHONPATH=$work python3 -W ignore - <<'PYTHON'
import sys
from importlib.metadata import version

import jax.numpy as jnp
import numpy as np
import spyx.nn as layers
from flax import nnx
from spyx.nir import to_nir

cell = layers.RLIF((2,), beta=0.5, rngs=nnx.Rngs(0))
cell.recurrent_w[...] = jnp.zeros((2, 2))
frames = jnp.full((6, 1, 2), 0.8)
spikes = np.asarray(layers.run(layers.Sequential(cell), frames)[0])
graph = to_nir(layers.Sequential(cell), {"input": np.array([2])}, {"output": np.array([2])})
inner = graph.nodes["layer_0"]
edges = [(a.rpartition(".")[2], b.rpartition(".")[2]) for a, b in inner.edges]
print(f"spyx {version('spyx')}: RLIF with recurrent weights 0 and input 0.8: {int(spikes.sum())} spikes "
      f"in 6 steps; its graph's edges: {', '.join(f'{a} -> {b}' for a, b in sorted(edges))}")
if spikes.sum() == 0 or ("input", "w_rec") not in edges or ("input", "lif") in edges:
    sys.exit("changed: the input leads to the neuron")
print("Read as drawn, the input is multiplied by the recurrent weights 0 and no neuron ever fires.")
PYTHON
