"""Neurons without memory that count: batch norm, clamp and round as three integers a channel."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from sterna.families.qsd.reference import ATTENTION_UNIT, MOST, PER_ONE, UNIT
from sterna.families.spiking_transformer.builder import Numbers
from sterna.families.spiking_transformer.normed import Reals
from sterna.law.neuron import MAX_BITS, NeuronDefinition, Rounding
from sterna.law.thresholds import Chain, Counting, counting, counting_definition

COUNTS = replace(counting_definition(MOST, MAX_BITS, 0), membrane_bits=MAX_BITS)
"""Of one definition, so that all share an engine."""


class Counts:
    """Exact in every tie (`sterna.law.thresholds`), for the slope and shift that it is given."""

    limit = MOST
    unit, attention_unit = UNIT, ATTENTION_UNIT

    def neurons(self, slope: Reals, shift: Reals, most: NDArray[np.int64], attention: bool
                ) -> tuple[NeuronDefinition, Numbers]:
        """A line of levels a channel."""
        del attention
        found = [_line(*values) for values in np.broadcast(slope, shift, most)]
        return COUNTS, {
            name: np.array([getattr(line, name) for line in found], float)
            for name in ("gain", "bias", "threshold")} | {"factor": np.zeros(1)}


def _line(slope: float, shift: float, most: int) -> Counting:
    chain = Chain(scale=PER_ONE * Fraction(float(slope)), shift=PER_ONE * Fraction(float(shift)))
    return counting(chain, MOST, Rounding.HALF_UP, int(most))
