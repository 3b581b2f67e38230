#!/usr/bin/env bash
# spyx 1.0.0: LIF hands a spike on one step after PSU_LIF does, for the same membrane.
#
# Behaviour: LIF, IF, CuBaLIF and the recurrent ones compare the membrane of the step before; PSU_LIF compares
#   the one it has just made. An input far above the threshold in step 0 is a spike in step 1, or in step 0.
#   So every layer adds a step, and biases act in steps in which the layer before is still silent.
# Usual guess: neurons of one library fire in the step in which the membrane passes the threshold.
# What to do: lead such a layer's spikes to the next one a step late when Spyx is to be repeated elsewhere.
set -euo pipefail
work=$(mktemp -d); trap '/bin/rm -rf "$work"' EXIT
python3 -m pip install -q --disable-pip-version-check --no-compile --target "$work" spyx==1.0.0 2>/dev/null
PYTHONPATH=$work python3 -W ignore - <<'PYTHON'
import sys
from importlib.metadata import version

import jax.numpy as jnp
import numpy as np
import spyx.nn as layers
from flax import nnx

frames = jnp.zeros((4, 1, 1)).at[0].set(1.5)
first = {}
for kind in (layers.LIF, layers.PSU_LIF):
    outputs = np.asarray(layers.run(layers.Sequential(kind((1,), beta=0.5, rngs=nnx.Rngs(0))), frames)[0])
    first[kind.__name__] = int(outputs.reshape(-1).argmax())
print(f"spyx {version('spyx')}: input 1.5 in step 0, threshold 1: " + ", ".join(
    f"{name} fires in step {step}" for name, step in first.items()))
if first != {"LIF": 1, "PSU_LIF": 0}:
    sys.exit("changed: they fire in other steps")
PYTHON
