#!/usr/bin/env bash
# expelliarmus 1.1.12: an EVT3 file that it writes has no pause longer than 4.095 ms.
#
# Behaviour: save() with encoding "evt3" writes the upper half of the time once, in front of the first event, and from then
#   on the lower 12 bits only. Readers, its own too, count a turn where those go back; what a pause has of whole turns of
#   4,096 us is gone, and all later events are early by that. Times in order, small and large, warn of nothing. EVT2 and DAT
#   keep the same events' times.
# Usual guess: the three encodings are the same events in other bytes.
# What to do: write EVT2 or DAT where a sensor is ever still, and compare the last time of a file with the source's.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check expelliarmus==1.1.12 numpy==2.4.6
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

import numpy as np
from expelliarmus import Wizard

TIMES = [0, 100, 4095, 4096, 9000, 30000]
events = np.zeros(len(TIMES), [("t", "<i8"), ("x", "<i2"), ("y", "<i2"), ("p", "u1")])
events["t"], events["x"], events["y"] = TIMES, 3, 2
found = {}
for encoding, name in (("dat", "a.dat"), ("evt2", "b.raw"), ("evt3", "c.raw")):
    Wizard(encoding=encoding).save(name, events)
    found[encoding] = Wizard(encoding=encoding).read(name)["t"].tolist()
    print(f"expelliarmus {version('expelliarmus')}, {encoding}: {TIMES} us come back as {found[encoding]}")
if found["dat"] != TIMES or found["evt2"] != TIMES:
    sys.exit("changed: another encoding has other times")
if found["evt3"] != [0, 100, 4095, 4096, 9000 - 4096, 30000 - 6 * 4096]:
    sys.exit("changed: EVT3 keeps pauses, or shortens them otherwise")
PYTHON
