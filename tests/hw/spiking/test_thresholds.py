"""Counts behind batch norm in the LIF engine: every sum, on channels of all directions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from sterna.law.neuron import Rounding
from sterna.law.neuron_parameters import NeuronParameters
from sterna.law.thresholds import Chain, counting, counting_definition

from tests.hw.spiking.population import Comparison

MOST, MOST_SUM = 4, 31
CHAINS = (
    Chain(scale=Fraction(1, 5), shift=Fraction(1, 2)), Chain(scale=Fraction(-3, 7)),
    Chain(scale=Fraction(0), shift=Fraction(5, 2)), Chain(scale=Fraction(0), shift=Fraction(-2)),
    Chain(scale=Fraction(3), mean=Fraction(7, 2)), Chain(scale=Fraction(1, 90)),
    Chain(scale=Fraction(-2), variance=Fraction(3), shift=Fraction(1, 3)),
    Chain(scale=Fraction(4, 31), variance=Fraction(1, 2), mean=Fraction(-11)))


def test_every_sum() -> None:
    """Ties, a falling scale, none, and levels that no sum reaches; 4 neurons a clock."""
    made = [counting(chain, MOST, Rounding.HALF_UP, MOST_SUM) for chain in CHAINS]
    definition = counting_definition(
        MOST, 6, max(item.reach(MOST_SUM, MOST) for item in made))
    parameters = NeuronParameters.of(
        **{name: [getattr(item, name) for item in made]
           for name in ("gain", "bias", "threshold")}, factor=0)
    sums = np.arange(-MOST_SUM, MOST_SUM + 1)
    found = Comparison(definition, parameters, np.repeat(sums[:, None], len(CHAINS), 1), 4)
    wanted = [[item.count(total, MOST) for item in made] for total in sums.tolist()]
    assert found.outputs.tolist() == wanted
    assert len(np.unique(found.outputs)) == MOST + 1
