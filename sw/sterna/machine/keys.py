"""Names of the values that a program computes, for comparing machines value by value."""

from __future__ import annotations

from typing import NamedTuple


class ValueKey(NamedTuple):
    """One value of one token: where in the program it is produced.

    ``item`` is an index into ``Section.items``. ``operation`` is the index in the body of a kernel
    (results are words; an `Element` without a named result has one too); the exact accumulators of
    its m-th matmul, and those of a head (m = 0), have ``-1 - m``; a quantise (codes) and a scalar
    operation (mantissa, exponent) have 0; of neurons the exact sums have -1, the outputs 0, and the
    state words after the step, in the order of `NeuronDefinition.states`, from 1 on.
    """

    section: str
    repetition: int
    item: int
    operation: int
