#!/usr/bin/env bash
# nir 1.0.8: `nir.read(path, type_check=False)` leaves only the outer graph alone, not those within it.
#
# Behaviour: the argument reaches the root. Graphs in it are made with the default, type_check=True: their
#   types are inferred and compared (the file is refused for a mismatch), and a node of theirs that no
#   edge leaves gets an Output of its own, `output_<node>`, which is not in the file. The same graph at
#   the root is read as it was written.
# Usual guess: type_check=False reads what the file says, at every depth; a recurrent layer, which
#   exporters write as a graph in the graph, is as free as the rest.
# What to do: make the nodes with `nir.dict2NIRNode`, with `type_check: False` in the dictionary of every
#   graph (`hdf2dict` gives them), or write inner graphs that pass the check, Output included.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check numpy==2.4.6 nir==1.0.8
"$work/venv/bin/python" - "$work" <<'PYTHON'
import sys

import nir
import numpy as np

path = f"{sys.argv[1]}/net.nir"


def layer(inputs, *more):
    """An IF of two neurons in a graph of its own; `more` are nodes behind it."""
    nodes = {"input": nir.Input(np.array([inputs])),
             "cell": nir.IF(r=np.ones(2), v_threshold=np.ones(2)),
             **{"output": node for node in more}}
    names = list(nodes)
    return nir.NIRGraph(nodes, list(zip(names, names[1:])), type_check=False)


def around(inner, inputs):
    return nir.NIRGraph({"input": nir.Input(np.array([inputs])), "layer": inner,
                         "output": nir.Output(np.array([2]))},
                        [("input", "layer"), ("layer", "output")], type_check=False)


nir.write(path, layer(2))
root = sorted(nir.read(path, type_check=False).nodes)
nir.write(path, around(layer(2), 2))
inner = sorted(nir.read(path, type_check=False).nodes["layer"].nodes)
print(f"nir {nir.version}: written {sorted(layer(2).nodes)}; read as the root {root}, "
      f"in a graph {inner}")
wrong = layer(3, nir.Output(np.array([2])))
nir.write(path, wrong)
nir.read(path, type_check=False)
nir.write(path, around(wrong, 3))
try:
    nir.read(path, type_check=False)
    refused = False
except ValueError as error:
    refused = True
    print(f"sizes that do not match: read as the root; in a graph {error}")
if inner != ["cell", "input", "output_cell"] or root != ["cell", "input"] or not refused:
    sys.exit("changed: graphs in graphs are read as they were written")
print("as found: graphs in graphs are checked and completed")
PYTHON
