#!/usr/bin/env bash
# spyx 1.0.0: `to_nir` leaves layers that it does not know out of the graph and joins their neighbours.
#
# Behaviour: ALIF and LI are not written; a line is printed on standard output, the graph is valid and ends
#   in the Linear before them. Read back, the network has no neurons there, and no exception was raised.
# Usual guess: an exporter that cannot write a layer raises, as it does for ResonateFire.
# What to do: count the neuron nodes of the graph against the layers of the model.
set -euo pipefail
work=$(mktemp -d); trap '/bin/rm -rf "$work"' EXIT
python3 -m pip install -q --disable-pip-version-check --no-compile --target "$work" spyx==1.0.0 nir==1.0.8 2>/dev/null
PYTHONPATH=$work python3 -W ignore - <<'PYTHON'
import sys
from importlib.metadata import version

import numpy as np
import spyx.nn as layers
from flax import nnx
from spyx.nir import to_nir

rngs = nnx.Rngs(0)
model = layers.Sequential(
    nnx.Linear(4, 3, rngs=rngs), layers.ALIF((3,), rngs=rngs), nnx.Linear(3, 2, rngs=rngs),
    layers.LI((2,), rngs=rngs))
graph = to_nir(model, {"input": np.array([4])}, {"output": np.array([2])})
kinds = [type(node).__name__ for node in graph.nodes.values()]
print(f"spyx {version('spyx')}: of Linear, ALIF, Linear, LI the graph has {', '.join(kinds)}; "
      f"edges {graph.edges}")
if len(kinds) != 4 or any(kind in ("LIF", "LI", "CubaLIF") for kind in kinds):
    sys.exit("changed: the layers are written, or refused")
PYTHON
