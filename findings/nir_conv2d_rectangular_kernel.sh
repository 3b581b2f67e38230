#!/usr/bin/env bash
# nir 1.0.8: the output of a Conv2d whose kernel is not square is computed with its height both ways.
#
# Behaviour: 1 channel of 10 x 20 under a kernel of 3 x 5 gives 8 x 16 values in every framework;
#   `Conv2d.output_type` says 8 x 18, and a graph with the right Output node is refused for a
#   type mismatch when it is made (and so when it is read).
# Usual guess: the type of a node is that of the convolution that its weights describe.
# What to do: compute the shape of windows yourself; read such graphs with `type_check=False`.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check numpy==2.4.6 nir==1.0.8
"$work/venv/bin/python" - <<'PYTHON'
import sys

import nir
import numpy as np

node = nir.Conv2d(input_shape=(10, 20), weight=np.zeros((4, 1, 3, 5), np.float32), stride=1,
                  padding=0, dilation=1, groups=1, bias=np.zeros(4, np.float32))
inferred = tuple(int(size) for size in node.output_type["output"])
print(f"nir {nir.version}: Conv2d of 10 x 20 by 3 x 5 has output_type {inferred}, "
      "a convolution gives (4, 8, 16)")
try:
    nir.NIRGraph({"input": nir.Input(np.array([1, 10, 20])), "conv": node,
                  "output": nir.Output(np.array([4, 8, 16]))},
                 [("input", "conv"), ("conv", "output")])
    refused = False
except ValueError as error:
    refused = True
    print(f"the graph with the right Output: {error}")
if inferred != (4, 8, 18) or not refused:
    sys.exit("changed: the kernel's width is used now, or the graph is taken")
print("as found: the height of the kernel stands for its width")
PYTHON
