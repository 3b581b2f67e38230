#!/usr/bin/env bash
# safetensors 0.8.0, numpy: an array that is not C-contiguous is written in the order of its memory.
#
# Behaviour: `safetensors.numpy.save` takes a transposed (or Fortran-ordered) array without a word and
#   writes the bytes as they lie in memory under the array's own shape, so another matrix is read back.
#   0.7.0 wrote the right one. The torch half of the package refuses such tensors.
# Usual guess: what is saved is what is loaded, or the call refuses, as with torch.
# What to do: `numpy.ascontiguousarray` before `save_file`, whatever the version.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check numpy==2.4.6 safetensors==0.8.0
"$work/venv/bin/pip" install -q --disable-pip-version-check --no-deps --target "$work/old" safetensors==0.7.0
cat >"$work/probe.py" <<'PYTHON'
import numpy as np
import safetensors
from safetensors.numpy import load, save

matrix = np.arange(6, dtype=np.float32).reshape(2, 3)
read = load(save({"weight": matrix.T}))["weight"]
print(f"safetensors {safetensors.__version__}: saved {matrix.T.tolist()}, loaded {read.tolist()}")
print("same" if np.array_equal(read, matrix.T) else "different")
PYTHON
now=$("$work/venv/bin/python" "$work/probe.py"); echo "$now"
before=$(PYTHONPATH="$work/old" "$work/venv/bin/python" "$work/probe.py"); echo "$before"
[ "$(tail -n 1 <<<"$now")" = different ] && [ "$(tail -n 1 <<<"$before")" = same ] || {
    echo "changed: 0.8.0 no longer writes another matrix, or 0.7.0 did too" >&2; exit 1; }
echo "as found: 0.8.0 loads another matrix than was saved, 0.7.0 the same; nothing is said"
