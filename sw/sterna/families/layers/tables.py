"""Tables of layers, and the numbers that they take: 18-bit words.

| table | in | out | error over all words |
|--|--|--|--|
| step | any | `ONE` or 0 | none: a segment begins at 0 |
| sigmoid | `LOG_FRACTION` bits | `GATE_FRACTION` bits | 4e-5 |
| log-sum | `LOG_FRACTION` bits | `LOG_FRACTION` bits | 1.8e-4 |
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sterna.law.arithmetic import TABLE_SEGMENTS
from sterna.law.tables import Table, function_table, sigmoid

WORD_BITS = 18
ONE_FRACTION = 12
ONE = 1 << ONE_FRACTION
"""What stands for 1 in vectors of ones and of yes and no."""
LOG_FRACTION = 13
"""Of logarithms, -16 to 16."""
GATE_FRACTION = 16
"""Of factors from 0 to 1."""
STEP, SIGMOID, LOG_SUM = "step", "sigmoid", "log_sum"


_EDGE = 2.0 ** (WORD_BITS - 1 - LOG_FRACTION)
"""Where the words of logarithms end. There the functions are made exactly 0 and 1, which changes
them by 1e-7: a table that is never 0 would let the logarithm of a weight grow for ever."""


def _log_sum(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.log1p(np.exp(-np.abs(x))) - np.log1p(np.exp(-_EDGE))


def _sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    least, most = sigmoid(np.array([-_EDGE, _EDGE]))
    return (sigmoid(x) - least) / (most - least)


def layer_tables() -> dict[str, Table]:
    """``step(x)`` = [x >= 0]; sigmoid; ``log_sum(x)`` = ln(1 + exp(-abs(x)))."""
    half = TABLE_SEGMENTS // 2
    return {
        STEP: Table(name=STEP, base=(0,) * half + (ONE,) * half, slope=(0,) * TABLE_SEGMENTS),
        SIGMOID: function_table(SIGMOID, _sigmoid, WORD_BITS, LOG_FRACTION, GATE_FRACTION),
        LOG_SUM: function_table(LOG_SUM, _log_sum, WORD_BITS, LOG_FRACTION, LOG_FRACTION),
    }
