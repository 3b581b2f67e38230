#!/usr/bin/env bash
# tonic 1.7.0: frames and images of events count in 16 bits, and begin again below zero.
#
# Behaviour: ToFrame and ToImage give int16 whatever they add up. Of 40,000 events of one pixel the count is negative, of
#   70,000 it is 4,464; nothing is said. A still scene under flicker, a hot pixel of a long recording, or all events of a
#   spectrogram's channel in one bin get there.
# Usual guess: counts are as wide as they need to be, or stop at their end.
# What to do: take shorter windows, or count with numpy.add.at in int64; what reads such frames should refuse numbers
#   below 0.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check tonic==1.7.0 numpy==2.4.6
"$work/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

import numpy as np
from tonic.transforms import ToFrame, ToImage

SENSOR = (4, 1, 2)
made = {}
for count in (30_000, 40_000, 70_000):
    events = np.zeros(count, [("x", "<i2"), ("y", "<i2"), ("t", "<i8"), ("p", "<i2")])
    events["t"] = np.arange(count) // 100
    for kind in (ToFrame(sensor_size=SENSOR, time_window=100_000, include_incomplete=True), ToImage(sensor_size=SENSOR)):
        frame = kind(events)
        made[type(kind).__name__, count] = int(frame.astype(np.int64).sum())
        print(f"tonic {version('tonic')}: {count} events of one pixel, {type(kind).__name__}: {frame.dtype}, "
              f"{made[type(kind).__name__, count]}")
wrapped = {(name, count): (count + 2**15) % 2**16 - 2**15 for name, count in made}
if made != wrapped:
    sys.exit("changed: counts are wider, or stop at their end")
PYTHON
