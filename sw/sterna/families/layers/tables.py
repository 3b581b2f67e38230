"""Tables of layers, and the numbers that they take: 18-bit words.

| table | in | out | error over all words |
|--|--|--|--|
| sigmoid | `LOG_FRACTION` bits | `GATE_FRACTION` bits | 4e-5 |
| log-sum | `LOG_FRACTION` bits | `LOG_FRACTION` bits | 1.8e-4 |
| loss | `LOG_FRACTION` bits | `LOSS_FRACTION` bits | 8.1e-5 |

A bit less of fraction makes the error of the first two four times as large.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sterna.law.tables import Table, function_table, sigmoid
from sterna.program.definition import ScalarConstant
from sterna.program.instructions import Element, Lookup, Operation, Scalar

WORD_BITS = 18
ONE_FRACTION = 12
ONE = 1 << ONE_FRACTION
"""What stands for 1 in vectors of ones and of yes and no."""
EDGE, EDGE_VALUE = "edge", ScalarConstant(1 << 16, 0)
"""A scalar by which anything but 0 is the largest word, or nearly, as is one added to anything."""
LOG_FRACTION = 13
"""Of logarithms, -16 to 16, unless a model's keys need a wider range."""
GATE_FRACTION = 16
"""Of factors from 0 to 1."""
LOSS_FRACTION = 17
"""Of what a state loses, from 0 to 1."""
SIGMOID, LOG_SUM, LOSS, SOFTPLUS = "sigmoid", "log_sum", "loss", "softplus"


def layer_tables(log_fraction: int = LOG_FRACTION) -> dict[str, Table]:
    """Sigmoid; ``log_sum(x)`` = ln(1 + exp(-abs(x))).

    Where the words of logarithms end the functions are made exactly 0 and 1, which changes them by
    1e-7 at 16: a table that is never 0 would let the logarithm of a weight grow for ever.
    """
    edge = 2.0 ** (WORD_BITS - 1 - log_fraction)
    least, most = sigmoid(np.array([-edge, edge]))

    def gate(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return (sigmoid(x) - least) / (most - least)

    def log_sum(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.log1p(np.exp(-np.abs(x))) - np.log1p(np.exp(-edge))

    return {
        SIGMOID: function_table(SIGMOID, gate, WORD_BITS, log_fraction, GATE_FRACTION),
        LOG_SUM: function_table(LOG_SUM, log_sum, WORD_BITS, log_fraction, log_fraction),
    }


def loss_table() -> Table:
    """What a state loses of what is ``exp(-exp(x))`` of it behind a token: 1 less that."""
    return function_table(LOSS, lambda x: -np.expm1(-np.exp(x)), WORD_BITS, LOG_FRACTION,
                          LOSS_FRACTION)


def slow_loss_table(fastest: float, log_fraction: int) -> Table:
    """What a state loses where ``fastest`` is the most that its logarithm does: ``1 -
    exp(-fastest * sigmoid(x))``."""
    return function_table(LOSS, lambda x: -np.expm1(-fastest * sigmoid(x)), WORD_BITS,
                          log_fraction, LOSS_FRACTION)


def softplus_table(log_fraction: int, fraction: int) -> Table:
    """``ln(1 + exp(x))``, of words of ``fraction`` bits."""
    return function_table(SOFTPLUS, lambda x: np.logaddexp(0, x), WORD_BITS, log_fraction, fraction)


def step(result: str, a: str) -> tuple[Operation, ...]:
    """``result`` = 1 where ``a`` > 0, 0 where it is below, of `GATE_FRACTION` bits; half at 0.

    The sigmoid of what `EDGE` makes of it: no table of its own. At a single word it is 3e-4 off.
    """
    return (Element(result=result, a=a, multiplier=Scalar(EDGE)),
            Lookup(result=result, a=result, table=SIGMOID))
