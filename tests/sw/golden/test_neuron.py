"""The golden population: rounding, adaptation, counts, refractory times, saturation, refusals."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sterna.errors import InputError
from sterna.golden.neuron import GoldenPopulation, shift_right
from sterna.law.neuron import (
    Count,
    Current,
    Decay,
    NeuronDefinition,
    Output,
    Reset,
    Rounding,
)
from sterna.law.neuron_parameters import NeuronParameters

EXACT = {
    Rounding.FLOOR: floor,
    Rounding.ZERO: int,
    Rounding.HALF_EVEN: round,
    Rounding.HALF_UP: lambda value: floor(value + Fraction(1, 2)),
}


def run(
    definition: NeuronDefinition, inputs: list[int], **values: int
) -> tuple[list[int], list[int]]:
    """Outputs and membranes of one neuron."""
    population = GoldenPopulation(definition, NeuronParameters.of(**values), 1)
    outputs, membranes = [], []
    for value in inputs:
        outputs.append(int(population.step(np.array([[value]], np.int64))[0, 0]))
        membranes.append(int(population.state["v"][0, 0]))
    return outputs, membranes


@settings(deadline=None)
@given(st.integers(-(2**40), 2**40), st.integers(0, 12), st.sampled_from(list(Rounding)))
def test_rounding_is_exact(value: int, shift: int, rounding: Rounding) -> None:
    """Against fractions; small shifts meet every tie."""
    result = shift_right(np.array([value]), shift, rounding)
    assert int(result[0]) == EXACT[rounding](Fraction(value, 1 << shift))


@pytest.mark.parametrize("strict", [True, False])
def test_equality_fires_only_without_strict(strict: bool) -> None:
    """The membrane meets the threshold."""
    definition = NeuronDefinition(decay=Decay.NONE, strict=strict, reset=Reset.HARD)
    assert run(definition, [5, 0, 1], threshold=5)[0] == ([0, 0, 1] if strict else [1, 0, 0])


def test_late_resets_lose_different_things() -> None:
    """Soft takes the threshold, zero keeps the new input, clear loses it."""
    expected = {Reset.SOFT_LATE: [7, 5], Reset.ZERO_LATE: [7, 3], Reset.CLEAR_LATE: [7, 0]}
    for reset, membranes in expected.items():
        definition = NeuronDefinition(decay=Decay.NONE, reset=reset)
        assert run(definition, [7, 3], threshold=5)[1] == membranes


def test_old_current_is_one_step_later() -> None:
    """The same membranes, shifted by a step."""
    inputs = [3, -1, 4, 1, -5, 9]
    values = {"factor": 1 << 15, "current_factor": 3 << 14, "threshold": 1 << 20}
    new = run(NeuronDefinition(current=Current.NEW), inputs, **values)[1]
    old = run(NeuronDefinition(current=Current.OLD), inputs, **values)[1]
    assert old == [0, *new[:-1]] and any(new)


def test_adaptation_raises_the_threshold() -> None:
    """After a spike the threshold is 10 + 8, then 10 + 4, then 10 + 2."""
    definition = NeuronDefinition(
        decay=Decay.NONE, adaptive=True, reset=Reset.HARD, strict=False
    )
    values = {"threshold": 10, "adaptation_factor": 1 << 15, "increment": 8}
    assert run(definition, [10, 12, 1, 0, 0], **values) == ([1, 0, 0, 1, 0], [0, 12, 13, 0, 0])


@pytest.mark.parametrize("hold", [True, False])
def test_refractory(hold: bool) -> None:
    """Two silent steps, in which the membrane waits or integrates."""
    definition = NeuronDefinition(
        decay=Decay.NONE, refractory=2, refractory_hold=hold, reset=Reset.HARD
    )
    outputs, membranes = run(definition, [6, 6, 6, 6], threshold=5)
    assert outputs == [1, 0, 0, 1]
    assert membranes == ([0, 0, 0, 0] if hold else [0, 6, 12, 0])


@given(st.integers(-100, 100), st.sampled_from(list(Count)), st.integers(1, 7))
def test_counts(value: int, count: Count, most: int) -> None:
    """Bounded counts against division; what is left of the membrane."""
    definition = NeuronDefinition(decay=Decay.NONE, max_count=most, count=count, strict=False)
    half = Fraction(1, 2) if count is Count.COUNT_ROUND else 0
    expected = min(max(floor(Fraction(value, 8) + half), 0), most)
    assert run(definition, [value], threshold=8) == ([expected], [value - 8 * expected])


def test_saturation_floor_and_outputs() -> None:
    """States stop at their ends; graded values and membranes leave as they are."""
    narrow: dict[str, Any] = {"decay": Decay.NONE, "membrane_bits": 8, "reset": Reset.NO_RESET}
    for output, expected in ((Output.MEMBRANE, [100, 127]), (Output.VALUE, [0, 127])):
        definition = NeuronDefinition(output=output, **narrow)
        assert run(definition, [100, 100], threshold=120)[0] == expected
    definition = NeuronDefinition(clamped=True, **narrow)
    assert run(definition, [-50], threshold=9, floor=-9)[1] == [-9]
    assert run(NeuronDefinition(**narrow), [-500], threshold=9)[1] == [-127]


def test_shift_is_euler_with_a_power_of_two() -> None:
    """Without a multiplier."""
    inputs = np.random.default_rng(0).integers(-300, 500, 200).tolist()
    shifted = NeuronDefinition(decay=Decay.SHIFT, decay_shift=3, scale_drive=True)
    euler = NeuronDefinition(decay=Decay.EULER, scale_drive=True)
    assert run(shifted, inputs, threshold=80, leak=-9) == run(
        euler, inputs, threshold=80, leak=-9, factor=1 << 13
    )


def test_parameters_by_channel_and_neuron() -> None:
    """Two channels of two neurons, and a wrong number of values."""
    definition = NeuronDefinition(decay=Decay.NONE)
    population = GoldenPopulation(definition, NeuronParameters.of(threshold=[3, 5]), 4, batch=2)
    spikes = population.step(np.full((2, 4), 4, np.int64))
    assert ceil(spikes.sum()) == 4 and spikes[1].tolist() == [1, 1, 0, 0]
    with pytest.raises(InputError, match="threshold has shape"):
        GoldenPopulation(definition, NeuronParameters.of(threshold=[1, 2, 3]), 4)
    with pytest.raises(InputError, match="18 bits hold 131071"):
        GoldenPopulation(definition, NeuronParameters.of(factor=1 << 17), 4)
    with pytest.raises(InputError, match="exceeds 24 bits"):
        population.step(np.full((2, 4), 1 << 23, np.int64))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"scale_drive": True}, "scale_drive"),
        ({"reset": Reset.SOFT_LATE, "adaptive": True}, "stored membrane"),
        ({"current": Current.ALPHA}, "alpha"),
        ({"membrane_bits": 33}, "2 to 32"),
        ({"refractory_hold": True}, "refractory above 0"),
        ({"reset": "soft"}, "must be one of"),
    ],
)
def test_refusals(values: dict[str, Any], message: str) -> None:
    """Flags that exclude each other, widths out of range."""
    with pytest.raises(InputError, match=message):
        NeuronDefinition(**values)


@pytest.mark.parametrize(("shift", "outputs", "codes"), [
    (0, [-128, -127, 0, 127, 128], [-127, -127, 0, 127, 127]),
    (3, [-1021, -1020, -1012, 1019, 1020, 5000], [-127, -127, -126, 127, 127, 127]),
])
def test_codes_are_clamped_to_127_on_both_sides(
    shift: int, outputs: list[int], codes: list[int]
) -> None:
    definition = NeuronDefinition(output=Output.MEMBRANE, output_shift=shift)
    population = GoldenPopulation(definition, NeuronParameters.of(), len(outputs))
    assert population.codes(np.array([outputs])).tolist() == [codes]


def test_dictionary_round_trip() -> None:
    """As stored in a model folder."""
    definition = NeuronDefinition(current=Current.OLD, reset=Reset.SOFT_LATE, sum_bits=12)
    assert NeuronDefinition.from_dict(definition.to_dict()) == definition
    with pytest.raises(InputError, match="unknown setting weight"):
        NeuronDefinition.from_dict({"weight": 1})
    with pytest.raises(InputError, match="reset is 'sometimes'"):
        NeuronDefinition.from_dict({"reset": "sometimes"})
