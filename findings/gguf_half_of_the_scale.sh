#!/usr/bin/env bash
# gguf 0.19.0: TQ1_0 and TQ2_0 round a weight of exactly half the scale to 1 for most scales, to 0 for others.
#
# Behaviour: the quantiser multiplies by a rounded reciprocal of the block's largest weight instead of
#   dividing. For about a seventh of random float32 scales d the product of d / 2 lies below 0.5, and the
#   weight becomes 0 instead of d. So ternary weights depend on the scale of their block.
# Usual guess: round(w / d), half away from zero: d / 2 is always d.
# What to do: whoever compares files bit for bit takes the reciprocal over, in float32.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check numpy==2.4.6 gguf==0.19.0
"$work/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

import numpy as np
from gguf import GGMLQuantizationType, quants

scales = np.random.default_rng(0).uniform(0.001, 1, 4000).astype(np.float32)
blocks = np.zeros((len(scales), 256), np.float32)
blocks[:, 0], blocks[:, 1] = scales, scales / 2
for kind in (GGMLQuantizationType.TQ1_0, GGMLQuantizationType.TQ2_0):
    back = quants.dequantize(quants.quantize(blocks, kind), kind)
    lost = float((back[:, 1] == 0).mean())
    print(f"gguf {version('gguf')}, {kind.name}: half the scale became 0 in {lost:.1%} of "
          f"{len(scales)} blocks, the scale in the others")
    if not 0.05 < lost < 0.3:
        sys.exit("changed: half of the scale is rounded the same way for all scales")
print("as found: the tie depends on the scale")
PYTHON
