"""What placement adds to the look-up tables of a synthesised design, as it was fitted."""

from __future__ import annotations

import json

from sterna_boards.estimate.area import FACTORS_FILE

ECP5 = json.loads(FACTORS_FILE.read_text())["ecp5"]["packing"]
