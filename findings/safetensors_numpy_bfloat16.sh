#!/usr/bin/env bash
# safetensors 0.8.0, numpy: bfloat16 tensors can be read only where ml_dtypes happens to be imported.
#
# Behaviour: `safe_open(path, framework="np").get_tensor(key)` of a BF16 tensor raises a bare TypeError
#   ("data type 'bfloat16' not understood") that names neither file nor tensor; once `ml_dtypes` was
#   imported by anything in the process, the same call returns an array of its type.
# Usual guess: an array, or a SafetensorError that says what is missing.
# What to do: open BF16 tensors with framework="pt" and take `.float().numpy()`, or import ml_dtypes.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check numpy==2.4.6 safetensors==0.8.0 ml_dtypes==0.6.0
"$work/venv/bin/python" - "$work/brain.safetensors" <<'PYTHON'
import json
import struct
import sys

from safetensors import safe_open

header = json.dumps({"a": {"dtype": "BF16", "shape": [1], "data_offsets": [0, 2]}}).encode()
with open(sys.argv[1], "wb") as file:
    file.write(struct.pack("<Q", len(header)) + header + b"\x80\x3f")


def read():
    with safe_open(sys.argv[1], framework="np") as file:
        return file.get_tensor("a")


try:
    sys.exit(f"changed: {read()!r} without ml_dtypes")
except TypeError as error:
    print(f"without ml_dtypes: TypeError: {error}")
import ml_dtypes

print(f"with ml_dtypes {ml_dtypes.__version__} imported: {read()!r}")
print("as found: the same call fails or not by what else was imported")
PYTHON
