#!/usr/bin/env bash
# nir 1.0.8: a convolution in groups is typed as if it had one group, so no depth-wise graph passes.
#
# Behaviour: weights of a grouped convolution are [out, in / groups, ...] (the layout of PyTorch, which
#   exporters write). `Conv1d` and `Conv2d` take the second size for the number of input channels, so a
#   depth-wise layer of 4 channels asks for 1, and a graph around it is refused for a type mismatch.
# Usual guess: input channels = weight.shape[1] * groups, since the node has a field `groups`.
# What to do: compute the channels yourself; read such graphs with `type_check=False`.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check numpy==2.4.6 nir==1.0.8
"$work/venv/bin/python" - <<'PYTHON'
import sys

import nir
import numpy as np

nodes = {
    "Conv1d": (nir.Conv1d(input_shape=20, weight=np.zeros((4, 1, 3), np.float32), stride=1,
                          padding=0, dilation=1, groups=4, bias=np.zeros(4, np.float32)),
               (4, 20), (4, 18)),
    "Conv2d": (nir.Conv2d(input_shape=(20, 20), weight=np.zeros((4, 1, 3, 3), np.float32), stride=1,
                          padding=0, dilation=1, groups=4, bias=np.zeros(4, np.float32)),
               (4, 20, 20), (4, 18, 18)),
}
for name, (node, before, after) in nodes.items():
    wanted = tuple(int(size) for size in node.input_type["input"])
    print(f"nir {nir.version}: depth-wise {name} of {before} has input_type {wanted}")
    try:
        nir.NIRGraph({"input": nir.Input(np.array(before)), "conv": node,
                      "output": nir.Output(np.array(after))},
                     [("input", "conv"), ("conv", "output")])
        sys.exit("changed: the graph is taken")
    except ValueError as error:
        print(f"  its graph: {error}")
    if wanted[0] != 1:
        sys.exit("changed: groups are counted")
print("as found: groups are stored and not counted")
PYTHON
