"""Golden networks: planes, delays and recurrence against sums written out, and refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sterna.errors import InputError
from sterna.families.spiking.golden import GoldenNetwork
from sterna.families.spiking.integers import Connection, Population, SpikingNetwork
from sterna.law.neuron import Decay, NeuronDefinition, Output, Reset
from sterna.law.neuron_parameters import NeuronParameters
from sterna.law.planes import ternary_planes
from sterna.program.instructions import INPUT

SUMS = NeuronDefinition(decay=Decay.MULTIPLY, reset=Reset.NO_RESET, output=Output.MEMBRANE)
"""Factor 0: the output of a step is its sum."""


def population(name: str, neurons: int, definition: NeuronDefinition = SUMS) -> Population:
    return Population(
        name=name, neurons=neurons, definition=definition, parameters=NeuronParameters()
    )


def network(populations: tuple[Population, ...], *connections: Connection) -> SpikingNetwork:
    return SpikingNetwork(
        name="net", inputs=3, populations=populations, connections=connections,
        output=populations[-1].name,
    )


def joined(source: str, target: str, weights: Any, planes: int = 1, **values: Any) -> Connection:
    trits = ternary_planes(np.asarray(weights, np.int64), planes)
    return Connection(source=source, target=target, planes=trits, **values)


@given(st.integers(1, 6).flatmap(lambda planes: st.tuples(
    st.just(planes), st.integers(-(3**planes - 1) // 2, (3**planes - 1) // 2))))
def test_planes_stand_for_their_weights(case: tuple[int, int]) -> None:
    """Every weight of so many planes, and not one more."""
    planes, weight = case
    connection = joined("a", "b", [[weight]], planes)
    assert connection.planes.shape == (planes, 1, 1) and connection.weights()[0, 0] == weight
    with pytest.raises(InputError, match="planes"):
        ternary_planes(np.array([(3**planes + 1) // 2]), planes)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_delays_take_each_synapse_its_own_step(seed: int, previous: bool) -> None:
    """Against a loop over steps and synapses; of the step before, all come a step later."""
    generator = np.random.default_rng(seed)
    weights = generator.integers(-13, 14, (4, 3))
    delays = generator.integers(0, 6, (4, 3)).astype(np.uint8)
    codes = generator.integers(-2, 3, (12, 1, 3))
    golden = GoldenNetwork(
        network((population("sum", 4),), joined(
            INPUT, "sum", weights, 3, delays=delays, previous=previous))
    )
    late = delays.astype(int) + previous
    for _ in range(2):
        golden.reset()
        found = golden.run(codes)["sum"][:, 0]
        for step in range(12):
            for o in range(4):
                assert found[step, o] == sum(
                    weights[o, k] * codes[step - late[o, k], 0, k]
                    for k in range(3) if late[o, k] <= step
                )


def test_recurrence_takes_the_step_before() -> None:
    """A chain that counts up: sum[t] = x[t] + sum[t-1], clamped to a code on its way back."""
    golden = GoldenNetwork(network(
        (population("sum", 3),), joined(INPUT, "sum", np.eye(3)),
        joined("sum", "sum", np.eye(3), previous=True),
    ))
    found = golden.run(np.full((4, 1, 3), 50, np.int64))["sum"][:, 0, 0]
    assert found.tolist() == [50, 100, 150, 177]


def test_batches_are_independent() -> None:
    """Two inputs side by side give what each gives alone."""
    generator = np.random.default_rng(1)
    spiking = network(
        (population("cells", 5, NeuronDefinition(decay=Decay.NONE)),),
        joined(INPUT, "cells", generator.integers(-4, 5, (5, 3)), 2),
        joined("cells", "cells", generator.integers(-4, 5, (5, 5)), 2, previous=True),
    )
    codes = generator.integers(0, 2, (20, 2, 3))
    both = GoldenNetwork(spiking, 2).run(codes)["cells"]
    for index in range(2):
        alone = GoldenNetwork(spiking).run(codes[:, index : index + 1])["cells"]
        assert np.array_equal(both[:, index : index + 1], alone)


def test_refusals() -> None:
    """Wrong shapes, a connection backwards in the same step, sums that do not fit."""
    cells = population("a", 3)
    with pytest.raises(InputError, match="goes backwards"):
        network((cells,), joined("a", "a", np.eye(3)))
    with pytest.raises(InputError, match="no such population"):
        network((cells,), joined("b", "a", np.eye(3)))
    with pytest.raises(InputError, match=r"weights \(2, 2\)"):
        network((cells,), joined(INPUT, "a", np.eye(2)))
    narrow = population("a", 3, NeuronDefinition(sum_bits=8, decay=Decay.NONE))
    with pytest.raises(InputError, match="set sum_bits"):
        network((narrow,), joined(INPUT, "a", np.ones((3, 3))))
    golden = GoldenNetwork(network((cells,), joined(INPUT, "a", np.eye(3))))
    with pytest.raises(InputError, match="exceed 127"):
        golden.step(np.full((1, 3), 128))
    with pytest.raises(InputError, match="input"):
        golden.step(np.zeros((1, 4), np.int64))
