"""The words of a head, as RESULT and GENERATE_ANSWER have them."""

from __future__ import annotations

import numpy as np

from sterna.host.counters import Counters
from sterna.host.device import StepResult
from sterna.host.result import Words32
from sterna.machine.protocol import NO_ROW
from sterna.machine.units.head import SCALE_WORDS


def best_candidates(words: Words32, counters: Counters | None = None) -> StepResult:
    """What the words of a head say."""
    mantissa, exponent = words[:1], words[1:SCALE_WORDS].view(np.int32)
    values, rows = words[SCALE_WORDS:].reshape(-1, 2).T
    there = rows != NO_ROW
    return StepResult(
        values=values[there].view(np.int32).astype(np.int64),
        rows=rows[there].astype(np.int64),
        mantissa=int(mantissa[0]),
        exponent=int(exponent[0]),
        counters=counters or Counters(),
    )
