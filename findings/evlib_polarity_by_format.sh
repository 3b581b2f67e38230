#!/usr/bin/env bash
# evlib 0.13.2: the same events have polarities of 0 and 1, or of -1 and 1, by the file they come from.
#
# Behaviour: load_events of a file of EVT2 gives -1 for falling light, of lines of text the 0 that stands there. Both are
#   valid and the columns have the same names and types. Code that takes the polarity for a channel's number, or multiplies
#   by it, is right for one and silently wrong for the other: channel -1 is the last one in numpy, and 0 times anything is
#   no event.
# Usual guess: a reader of many formats hands on one meaning.
# What to do: compare with zero (polarity > 0), never index or multiply by it.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check evlib==0.13.2 expelliarmus==1.1.12 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" - 2>/dev/null <<'PYTHON'
import sys
from importlib.metadata import version

import evlib
import numpy as np
from expelliarmus import Wizard

POLARITIES = [0, 1, 1, 0]
events = np.zeros(4, [("t", "<i8"), ("x", "<i2"), ("y", "<i2"), ("p", "u1")])
events["t"], events["x"], events["p"] = [100, 200, 300, 400], [1, 2, 3, 4], POLARITIES
Wizard(encoding="evt2").save("events.raw", events)
with open("events.txt", "w") as lines:
    lines.writelines(f"{event['t'] / 1e6:.6f} {event['x']} {event['y']} {event['p']}\n" for event in events)
found = {}
for name in ("events.raw", "events.txt"):
    table = evlib.load_events(name).collect()
    found[name] = table["polarity"].to_list()
    print(f"evlib {version('evlib')}, {name}: x {table['x'].to_list()}, polarity {found[name]}")
if found != {"events.raw": [-1, 1, 1, -1], "events.txt": POLARITIES}:
    sys.exit("changed: one meaning for all formats, or another")
PYTHON
