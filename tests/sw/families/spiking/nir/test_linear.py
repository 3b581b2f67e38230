"""Linear nodes of NIR graphs by themselves."""

from __future__ import annotations

import nir
import numpy as np
import pytest
from sterna.errors import InputError
from sterna.families.spiking.nir.linear import Linear, apply


@pytest.mark.parametrize("dt", [1e-4, 0.1])
def test_delays_are_the_nearest_number_of_steps(dt):
    """Three tenths over one tenth is a little less than three."""
    delays = np.array([float(f"{step * dt:.6f}") for step in range(30)])
    assert (np.floor(delays / dt) != np.arange(30)).any()
    found = apply("late", nir.Delay(delay=delays), Linear.identity("x", (30,)), dt)
    assert found.terms[0].delays[:, 0].tolist() == list(range(30))


def test_a_delay_below_zero_is_refused():
    with pytest.raises(InputError, match="delays of -1 to 0 steps"):
        apply("late", nir.Delay(delay=np.array([0.0, -1e-3])), Linear.identity("x", (2,)), 1e-3)


def test_delays_of_two_nodes_add():
    once = apply("a", nir.Delay(delay=np.array([1.0, 4.0])), Linear.identity("x", (2,)), 1.0)
    twice = apply("b", nir.Delay(delay=np.array([2.0, 3.0])), once, 1.0)
    assert twice.terms[0].delays[:, 0].tolist() == [3, 7]
