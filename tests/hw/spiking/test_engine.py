# amaranth: UnusedElaboratable=no
"""The LIF engine against the golden population: every output and every state word."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sterna.errors import InputError
from sterna.golden.neuron import GoldenPopulation
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
from sterna_hw.spiking import LifEngine
from sterna_sim.streams import Receiver, sender, simulate

from tests.hw.spiking.covering import Row, covering_rows, pairs_of
from tests.hw.spiking.population import Comparison, limit, random_parameters, random_sums

FORMATS: dict[str, dict[str, int]] = {
    "narrow": {"sum_bits": 7, "membrane_bits": 7, "current_bits": 8, "adaptation_bits": 7,
               "factor_bits": 8, "factor_fraction": 6, "output_shift": 0, "decay_shift": 1},
    "usual": {"sum_bits": 14, "membrane_bits": 18, "current_bits": 17, "adaptation_bits": 18,
              "gain_shift": 1, "output_shift": 9, "decay_shift": 3},
    "wide": {"sum_bits": 24, "membrane_bits": 24, "current_bits": 28, "adaptation_bits": 20,
             "factor_bits": 20, "factor_fraction": 18, "gain_shift": 9, "output_shift": 14,
             "decay_shift": 5},
}
ALL = tuple(name for name, _ in NeuronParameters().items())
CHOICES: dict[str, list[Any]] = {
    "reset": list(Reset), "current": list(Current), "decay": list(Decay),
    "rounding": list(Rounding), "output": list(Output), "max_count": [1, 2, 7],
    "refractory": [0, 1, 5], "formats": list(FORMATS), "varying": ["none", "threshold", "all"],
    "scale_drive": [False, True], "strict": [False, True], "adaptive": [False, True],
    "refractory_hold": [False, True], "clamped": [False, True], "count": list(Count),
    "codes": [False, True], "wild": [False, True],
}
BESIDE = ("formats", "varying", "codes", "wild")
EXCLUSIVE = ("reset", "current", "decay", "scale_drive", "adaptive", "refractory",
             "refractory_hold", "max_count")
"""Flags of which some exclude others."""
SIZES = [(7, 2), (12, 3), (5, 1), (34, 2), (3, 4)]
"""Neurons and lanes: one group, few groups, more groups than the latency."""


def definition_of(row: Row) -> NeuronDefinition:
    """The flags of a row in its formats."""
    flags = {name: value for name, value in row.items() if name not in BESIDE}
    return NeuronDefinition(**FORMATS[row["formats"]], **flags)


def possible(row: Row) -> bool:
    """Whether the law allows the flags together."""
    try:
        NeuronDefinition(**row)
    except InputError:
        return False
    return True


ROWS, IMPOSSIBLE = covering_rows(CHOICES, EXCLUSIVE, possible)


def comparison_of(index: int) -> Comparison:
    """The run of a row: its size, numbers and stalls come from its index."""
    row = ROWS[index]
    rng = np.random.default_rng(index)
    definition = definition_of(row)
    neurons, lanes = SIZES[index % len(SIZES)]
    varying = {"none": (), "threshold": ("threshold",), "all": ALL}[row["varying"]]
    steps = 24 if neurons > 30 else 60
    return Comparison(
        definition, random_parameters(rng, definition, neurons, varying, row["wild"]),
        random_sums(rng, definition, steps, neurons), lanes, codes=row["codes"],
        density=(1.0, 0.7, 0.4)[index % 3], seed=index)


def _plain(value: Any) -> str:
    return str(getattr(value, "value", value))


@pytest.mark.parametrize("index", range(len(ROWS)), ids=lambda index: f"row{index}")
def test_flag_combinations(index: int) -> None:
    """Every pair of choices that the law allows, under back-pressure on both sides."""
    print(", ".join(f"{name}={_plain(value)}" for name, value in ROWS[index].items()))
    run = comparison_of(index)
    assert run.states["v"].any()


def test_covering_set_covers() -> None:
    """Only pairs that contain a flag's exclusion are missing."""
    covered = set().union(*map(pairs_of, ROWS))
    print(f"{len(ROWS)} rows cover {len(covered)} pairs; {len(IMPOSSIBLE)} exclude each other")
    for left, right in IMPOSSIBLE:
        print(f"excluded: {left[0]}={_plain(left[1])} with {right[0]}={_plain(right[1])}")
    everything = sum(
        len(a) * len(b) for i, a in enumerate(CHOICES.values())
        for b in list(CHOICES.values())[i + 1:])
    assert len(covered) + len(IMPOSSIBLE) == everything
    assert all({left[0], right[0]} <= set(EXCLUSIVE) for left, right in IMPOSSIBLE)


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("reset", [Reset.SOFT, Reset.HARD, Reset.SOFT_LATE, Reset.SOFT_ONCE])
def test_ties_and_ends(strict: bool, reset: Reset) -> None:
    """Membranes that meet the threshold, and states at both ends of their ranges."""
    rng = np.random.default_rng(3)
    formats: dict[str, Any] = {"sum_bits": 7, "membrane_bits": 6, "current_bits": 7,
                               "factor_fraction": 4, "factor_bits": 6}
    definition = NeuronDefinition(
        **formats, current=Current.NEW, decay=Decay.NONE, strict=strict, reset=reset)
    numbers = NeuronParameters.of(threshold=7, factor=16, current_factor=15)
    sums = random_sums(rng, definition, 150, 6)
    run = Comparison(definition, numbers, sums, 2, density=0.8)
    _meets_both_ends(run.states["i"], 7)
    if reset.pending:
        _meets_both_ends(run.states["v"], 6)
    else:
        assert run.states["v"].min() == -limit(6)
    # The other comparison gives other spikes, so ties have occurred.
    other = GoldenPopulation(NeuronDefinition(
        **formats, current=Current.NEW, decay=Decay.NONE, strict=not strict, reset=reset),
        numbers, 6)
    assert any((other.step(row[None])[0] != out).any()
               for row, out in zip(sums, run.outputs, strict=True))


def _meets_both_ends(states: Any, bits: int) -> None:
    assert (states.min(), states.max()) == (-limit(bits), limit(bits))


@pytest.mark.parametrize("kind", ["adaptive", "alpha"])
def test_ends_of_the_slow_state(kind: str) -> None:
    """Adaptation that rises or falls with every spike; the second current of ALPHA."""
    flags: dict[str, Any] = {"adaptive": True, "decay": Decay.NONE, "reset": Reset.NO_RESET}
    if kind == "alpha":
        flags = {"current": Current.ALPHA, "reset": Reset.SOFT_LATE}
    definition = NeuronDefinition(
        sum_bits=9, membrane_bits=9, adaptation_bits=7, factor_bits=8, factor_fraction=6, **flags)
    numbers = NeuronParameters.of(
        increment=[60, -60, 255, -255], threshold=3, factor=64, adaptation_factor=63)
    sums = random_sums(np.random.default_rng(4), definition, 80, 4)
    run = Comparison(definition, numbers, sums, 2, density=0.8)
    _meets_both_ends(run.states["a"], 7)


def test_sixteen_lanes_take_a_group_a_clock() -> None:
    """Without stalls and with enough groups the outputs leave in consecutive clocks."""
    rng = np.random.default_rng(1)
    definition = NeuronDefinition(sum_bits=12, membrane_bits=18)
    numbers = random_parameters(rng, definition, 320, ("threshold",), wild=False)
    run = Comparison(definition, numbers, random_sums(rng, definition, 5, 320), 16)
    assert run.engine.groups > run.engine.latency
    assert np.diff(run.clocks).tolist() == [1] * (5 * run.engine.groups - 1)
    assert run.outputs.any() and run.clocks[0] == run.engine.output_latency


def test_a_small_population_waits_for_its_state() -> None:
    """One group: a step takes the latency and one clock more."""
    rng = np.random.default_rng(2)
    definition = NeuronDefinition(sum_bits=12, membrane_bits=18)
    numbers = random_parameters(rng, definition, 4, (), wild=False)
    run = Comparison(definition, numbers, random_sums(rng, definition, 20, 4), 4)
    assert np.diff(run.clocks).tolist() == [run.engine.latency + 1] * 19


@pytest.mark.parametrize("before", [0, 3, 10, 23])
def test_restart_begins_with_clear_state(before: int) -> None:
    """After any number of groups, also within a step and with groups on their way."""
    definition = NeuronDefinition(sum_bits=8, decay=Decay.NONE, reset=Reset.NO_RESET,
                                  output=Output.MEMBRANE)
    engine = LifEngine(definition, {}, 8, 2)
    first = [[index + 1, 100 - index] for index in range(before)]
    second = [[7 * index % 50, -index] for index in range(12)]

    async def feed(ctx: Any) -> None:
        await sender(engine.sums, first)(ctx)
        ctx.set(engine.restart, 1)
        await ctx.tick()
        ctx.set(engine.restart, 0)
        await sender(engine.sums, second)(ctx)

    receiver = Receiver(engine.outputs, before + 12, density=0.6)
    simulate(engine, feed, receiver)
    for groups, seen in ((first, receiver.values[:before]), (second, receiver.values[before:])):
        for phase in range(4):
            expected = np.cumsum(np.array(groups[phase::4]).reshape(-1, 2), axis=0)
            assert seen[phase::4] == expected.tolist()


@pytest.mark.parametrize(("arguments", "message"), [
    (({"gain": 1}, 0, 2), "0 neurons on 2 lanes"),
    (({"weight": 1}, 8, 2), "no parameter is named weight"),
    (({"gain": 1 << 17}, 8, 2), "18 bits hold 131071"),
])
def test_refusals(arguments: tuple[Any, ...], message: str) -> None:
    """Sizes and constants that cannot be."""
    with pytest.raises(InputError, match=message):
        LifEngine(NeuronDefinition(), *arguments)
    with pytest.raises(InputError, match="gain is constant and varies"):
        LifEngine(NeuronDefinition(), {"gain": 2}, 8, 2, varying=["gain"])


@pytest.mark.parametrize("bits", [16, 11])
def test_narrow_multipliers_give_the_same_products(bits: int) -> None:
    """Pieces that fit them, and pieces of few bits by shifts; all states at their extremes."""
    definition = NeuronDefinition(
        sum_bits=20, membrane_bits=24, gain_shift=3, current=Current.NEW, adaptive=True)
    parameters = random_parameters(
        np.random.default_rng(bits), definition, 9, ("gain", "factor"), True)
    sums = random_sums(np.random.default_rng(1), definition, 40, 9)
    run = Comparison(definition, parameters, sums, 2, multiplier_bits=bits)
    assert run.engine.multipliers > 0
