#!/usr/bin/env bash
# PyTorch 2.13.0 on a CPU: the product of bytes leaves its result unwritten for a weight matrix of one column.
#
# Behaviour: torch._int_mm(codes, weights.T) with weights int8 [rows, 1] returns whatever lay in the memory of the
#   result: other numbers each time, no error. Its [1, rows] has strides (1, 1), which PyTorch takes for rows of length 1;
#   oneDNN refuses that and PyTorch does not look at the refusal. The same numbers as weights.reshape(1, -1), strides
#   (rows, 1), are multiplied right; so are they without oneDNN.
# Usual guess: a product of integers is exact or an error, and the two views of the same numbers give the same.
# What to do: multiply element by element where there is one column, or reshape in place of transposing.
set -euo pipefail
work=$(mktemp -d); trap '/bin/rm -rf "$work"' EXIT
python3 -m pip install -q --disable-pip-version-check --no-compile --target "$work" torch==2.13.0 numpy 2>/dev/null
PYTHONPATH=$work python3 -W ignore - <<'PYTHON'
import sys

import torch

torch.set_grad_enabled(False)
codes = torch.arange(-100, 100, dtype=torch.int8).reshape(-1, 1)
weights = torch.arange(-60, 60, dtype=torch.int8).reshape(-1, 1)
right = codes.int() * weights.T.int()
wrong = int((torch._int_mm(codes, weights.T) != right).sum())
same = bool((torch._int_mm(codes, weights.reshape(1, -1)) == right).all())
print(f"torch {torch.__version__}: [200, 1] x [1, 120] of bytes, {wrong} of {right.numel()} sums wrong as weights.T;",
      "as weights.reshape(1, -1) all are right" if same else "as weights.reshape(1, -1) some are wrong too")
if not wrong:
    sys.exit("changed: one column is multiplied right")
PYTHON
