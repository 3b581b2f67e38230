#!/usr/bin/env bash
# norse 1.1.0: `to_nir` writes time constants a thousand times too short, and no reset value.
#
# Behaviour: a LIFBoxCell with tau_mem = 10 ms is written with tau = 1e-5: the exporter divides its time step
#   of 1e-3 s by the inverse time constant, instead of 1 by it. v_reset = -0.5 is written as 0.
# Usual guess: NIR's tau is in seconds, as its equations are; a reset value that is set is written.
# What to do: divide the file's time constants by 1e-3, or `to_nir(module, sample, dt=1.0)`; set v_reset.
set -euo pipefail
work=$(mktemp -d); trap '/bin/rm -rf "$work"' EXIT
python3 -m pip install -q --disable-pip-version-check --no-compile --target "$work" torch==2.13.0 torchvision==0.28.0 norse==1.1.0 nir==1.0.8 nirtorch==2.6 2>/dev/null
PYTHONPATH=$work python3 -W ignore - <<'PYTHON'
import sys
from importlib.metadata import version

import norse.torch as norse
import torch
from norse.torch.utils.export_nir import to_nir

cell = norse.LIFBoxCell(norse.LIFBoxParameters(
    tau_mem_inv=torch.full((2,), 100.0), v_th=torch.ones(2), v_leak=torch.zeros(2),
    v_reset=torch.full((2,), -0.5)))
module = norse.SequentialState(torch.nn.Linear(2, 2), cell)
nodes = to_nir(module, torch.zeros(1, 2)).nodes.values()
node = next(item for item in nodes if type(item).__name__ == "LIF")
tau, reset = float(node.tau[0]), float(node.v_reset[0])
print(f"norse {version('norse')}: a cell with tau_mem 0.01 s and v_reset -0.5 is written with tau {tau:g} "
      f"and v_reset {reset:g}")
if abs(tau / 1e-5 - 1) > 1e-3 or reset != 0:
    sys.exit("changed: the time constant or the reset value is another")
PYTHON
