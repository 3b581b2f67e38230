#!/usr/bin/env bash
# qonnx 1.0.0: a signed Quant of one bit is the sign of its input, not the integers -1 and 0.
#
# Behaviour: with bit_width 1 and signed 1 the node gives -scale or +scale (0 gives +scale), whatever
#   rounding_mode says; `qonnx.custom_op.general.quant.min_int` and `max_int` name -1 and 0 for the same node.
#   From two bits on the range is that of two's complement.
# Usual guess: the node's own range, so 0.3 at scale 1 rounds to 0 and 0.9 saturates at 0.
# What to do: read such a node as a bipolar one; a zero mask is not in it.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 \
    qonnx==1.0.0
"$work/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

import numpy as np
from onnx import TensorProto, helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.custom_op.general.quant import max_int, min_int

VALUES = np.array([-1.6, -0.3, 0.0, 0.3, 0.9], np.float32)


def quantised(bits):
    """What a graph of one Quant node makes of VALUES at scale 1."""
    node = helper.make_node("Quant", ["x", "scale", "zero", "bits"], ["y"], signed=1, narrow=0,
                            rounding_mode="ROUND", domain="qonnx.custom_op.general")
    constants = [helper.make_tensor(name, TensorProto.FLOAT, [], [value])
                 for name, value in (("scale", 1.0), ("zero", 0.0), ("bits", float(bits)))]
    graph = helper.make_graph(
        [node], "one", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [5])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [5])], initializer=constants)
    model = ModelWrapper(helper.make_model(graph))
    return execute_onnx(model, {"x": VALUES})["y"].tolist()


print(f"qonnx {version('qonnx')}: {VALUES.tolist()} at scale 1")
one, two = quantised(1), quantised(2)
print(f"  1 bit, range {int(min_int(True, False, 1))} to {int(max_int(True, False, 1))}: {one}")
print(f"  2 bits, range {int(min_int(True, False, 2))} to {int(max_int(True, False, 2))}: {two}")
if one != [-1, -1, 1, 1, 1] or two != [-2, 0, 0, 0, 1]:
    sys.exit("changed: one bit is no longer the sign")
print("as found: one bit gives -1 and 1, outside its own range")
PYTHON
