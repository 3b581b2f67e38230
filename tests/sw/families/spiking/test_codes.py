"""Real inputs as codes, and networks that take them in another fraction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sterna.errors import InputError
from sterna.families.spiking.codes import (
    LEAST_FRACTION,
    MOST_FRACTION,
    encode,
    fraction_for,
    input_codes,
    random_inputs,
)
from sterna.families.spiking.compare import compare
from sterna.families.spiking.golden import GoldenNetwork
from sterna.families.spiking.network import RealConnection, RealNetwork, RealPopulation
from sterna.families.spiking.quantise import SpikingFormats, quantise
from sterna.families.spiking.scale import with_input_fraction
from sterna.law.neuron import Decay, NeuronDefinition, Reset
from sterna.program.instructions import INPUT


def network(recurrent: bool, seed: int = 0) -> RealNetwork:
    """Five neurons of random weights, with or without weights that take their own spikes."""
    generator = np.random.default_rng(seed)
    cells = RealPopulation(
        name="cells", neurons=5, values={"factor": np.array([0.75])},
        definition=NeuronDefinition(decay=Decay.MULTIPLY, reset=Reset.SOFT))
    connections = [RealConnection(source=INPUT, target="cells",
                                  weights=generator.uniform(-0.5, 1.5, (5, 3)))]
    if recurrent:
        connections.append(RealConnection(
            source="cells", target="cells", weights=generator.normal(size=(5, 5)), previous=True))
    return RealNetwork(name="net", inputs=3, populations=(cells,), output="cells",
                       connections=tuple(connections))


@pytest.mark.parametrize(("values", "fraction"), [
    ([0, 1, 0], 0), ([0.0, 0.0], 0), ([5, -127], 0), ([2.5, 1], 1), ([0.5, -0.25], 2),
    ([0.45], 8), ([1.0, 0.1], 6), ([-0.99, 0.1], 7), ([128, 2], -1), ([255, 1], -1),
    ([300, 1], -2), ([1e-9], MOST_FRACTION), ([1e30], LEAST_FRACTION), ([127.0, 0.1], 0),
])
def test_the_fraction_that_suits(values: list[float], fraction: int) -> None:
    """The fewest bits that are exact, else the most that clamp none."""
    assert fraction_for(np.array(values)) == fraction


def test_what_changes_is_counted() -> None:
    """By hand: exact, rounded, rounded to 0, clamped."""
    values = np.array([0.0, 1.0, -0.5, 0.3, 0.1, -0.2, 40.0, -32.0])
    found = encode(values, 2)
    assert found.codes.tolist() == [0, 4, -2, 1, 0, -1, 127, -127]
    assert (found.loud, found.rounded, found.zeroed, found.clamped) == (7, 3, 1, 2)
    assert found.change == 40 - 127 / 4 and not found.exact
    assert encode(values[:3], 2).exact and encode(values[:3], 1).exact
    with pytest.raises(InputError, match="finite"):
        encode(np.array([np.nan]), 0)


def test_half_of_the_inputs() -> None:
    """Three of seven may change, four of eight may not, unless it is allowed."""
    integers = quantise(network(False))
    frames = np.ones((1, 3, 3))
    frames.reshape(-1)[:4] = 0.25
    assert input_codes(integers, frames).sum() == 5
    frames.reshape(-1)[-1] = 0
    with pytest.raises(InputError, match=r"of 8 non-zero values 4 rounded \(4 of them to 0\), 0 "
                       r"clamped .* give --input-fraction 2 "):
        input_codes(integers, frames)
    assert input_codes(integers, frames, allow_rounding=True).sum() == 4


@pytest.mark.parametrize("recurrent", [False, True])
@pytest.mark.parametrize(("first", "fraction"), [
    (-3, -2), (-3, 0), (-3, 3), (0, -2), (0, 3), (0, 6), (4, -2), (4, 0), (4, 3), (4, 6),
])
def test_another_fraction_is_the_same_network(recurrent: bool, first: int, fraction: int) -> None:
    """State and outputs to the last bit, on inputs that both fractions hold."""
    integers = with_input_fraction(quantise(network(recurrent)), first)
    other = with_input_fraction(integers, fraction)
    assert other.input_fraction == fraction
    unit = 2.0**max(0, -first, -fraction)
    frames = unit * np.random.default_rng(1).integers(-1, 2, (60, 2, 3)).astype(np.float64)
    goldens = []
    for item in (integers, other):
        golden = GoldenNetwork(item, 2)
        outputs = golden.run(encode(frames, item.input_fraction).codes)["cells"]
        goldens.append((outputs, golden.values["cells"]["v"]))
    assert goldens[0][0].sum() > 10
    assert all(np.array_equal(*pair) for pair in zip(*goldens, strict=True))


@pytest.mark.parametrize("recurrent", [False, True])
def test_weights_keep_their_precision(recurrent: bool) -> None:
    """Inputs of six fraction bits; a recurrent network used to round their weights to +-1 or 0."""
    real = network(recurrent)
    integers = quantise(real, SpikingFormats(input_fraction=6))
    (difference,) = compare(real, integers, random_inputs(integers, 400, 2, 0.5, 0))
    assert difference.spikes > 200 and difference.differ < 0.01 * difference.values


def test_no_room_for_a_fraction() -> None:
    """Beyond the formats there is a line, no wrap."""
    integers = quantise(network(True))
    with pytest.raises(InputError, match="input_fraction is 17; it must be -8 to 16"):
        with_input_fraction(integers, 17)
    (cells,) = integers.populations
    narrow = replace(integers, populations=(
        replace(cells, definition=replace(cells.definition, gain_shift=30)),))
    with pytest.raises(InputError, match="cells cannot take inputs of 2 fraction bits"):
        with_input_fraction(narrow, 2)
    weights = replace(network(True).connections[0], weights=np.full((5, 3), 1e-3))
    unlike = replace(network(True), connections=(weights, network(True).connections[1]))
    with pytest.raises(InputError, match="sums into population cells exceed 32 bits"):
        with_input_fraction(quantise(unlike, SpikingFormats(planes=8)), 16)


@pytest.mark.parametrize("fraction", [-2, 0, 1, 6, 7, 9])
def test_random_inputs_are_exact(fraction: int) -> None:
    """They use the format, and are spikes without one."""
    integers = with_input_fraction(quantise(network(False)), fraction)
    frames = random_inputs(integers, 200, 2, 0.5, 3)
    found = encode(frames, fraction)
    assert found.exact and 0.4 < found.loud / frames.size < 0.6
    assert set(np.unique(frames)) <= {0.0, 1.0} or fraction
    assert found.codes.max() == min(127, 2**max(fraction, 0))


@pytest.mark.parametrize("codes", [
    [0.45, 0, 0], [np.nan, 0, 0], [np.inf, 0, 0], [128, 0, 0], np.array([-128, 0, 0], np.int8),
    np.array([255, 0, 0], np.uint8), np.array(["1", "0", "0"]), np.array([1j, 0, 0]),
])
def test_codes_are_whole_numbers(codes: object) -> None:
    """The golden takes nothing that it would have to change; floats of whole numbers it does."""
    golden = GoldenNetwork(quantise(network(False)))
    with pytest.raises(InputError, match="whole numbers|exceed 127"):
        golden.step(np.asarray(codes)[None])
    golden.step(np.array([[1.0, -127.0, 0.0]]))
