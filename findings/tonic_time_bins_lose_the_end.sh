#!/usr/bin/env bash
# tonic 1.7.0: ToFrame with a number of time bins leaves out the last event, and up to a bin's rest before it.
#
# Behaviour: with n_time_bins a bin is the recording's length divided by their number, rounded down, from the first event on,
#   and its end does not belong to it. The last event lies on or behind the last end and is in no bin, as is all that the
#   division leaves; of events at 0, 1, ..., 99 us in 6 bins of 16 us the last 4 are gone. An event whose time is shared by
#   many, as a camera with coarse times writes them, takes all of those with it. n_event_bins loses no event of these.
# Usual guess: a recording that is cut into n parts is all there.
# What to do: compare the sum of the frames with the number of events; give time_window and include_incomplete=True.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check tonic==1.7.0 numpy==2.4.6
"$work/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

import numpy as np
from tonic.transforms import ToFrame

SENSOR = (1, 1, 1)
events = np.zeros(100, [("x", "<i2"), ("y", "<i2"), ("t", "<i8"), ("p", "<i2")])
events["t"] = np.arange(100)
coarse = events.copy()
coarse["t"] = events["t"] // 25 * 1000


def counted(given: np.ndarray, **bins: int) -> list[int]:
    return ToFrame(sensor_size=SENSOR, **bins)(given).sum((1, 2, 3)).tolist()


found = {"one event a microsecond, 6 bins": counted(events, n_time_bins=6),
         "one event a microsecond, 9 bins": counted(events, n_time_bins=9),
         "25 events a millisecond, 3 bins": counted(coarse, n_time_bins=3),
         "by 5 bins of events": counted(events, n_event_bins=5)}
for what, bins in found.items():
    print(f"tonic {version('tonic')}: {what}: {sum(bins)} of 100 events, {bins}")
if [sum(bins) for bins in found.values()] != [96, 99, 75, 100]:
    sys.exit("changed: other events are left out")
PYTHON
