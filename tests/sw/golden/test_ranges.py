"""What values reach, and what rounding and saturation change: against what an observer is told."""

from __future__ import annotations

from fractions import Fraction
from math import floor, ldexp
from typing import Any

import numpy as np
import pytest
import torch
from sterna.families.requests import ProgramRequest
from sterna.golden.arithmetic import (
    SHIFTS,
    element,
    lookup_losses,
    lookup_values,
    lost,
    rounded,
)
from sterna.golden.executor import GoldenExecutor
from sterna.golden.neuron import NeuronLaw
from sterna.golden.ranges import Ranges
from sterna.law.arithmetic import TABLE_SHIFT
from sterna.law.neuron import Current, Decay, NeuronDefinition, Rounding
from sterna.law.neuron_parameters import NeuronParameters
from sterna.law.tables import Table, sigmoid_table
from sterna.machine.keys import ValueKey
from sterna.program.instructions import ScalarOperation
from sterna.progress import Report
from sterna.tasks.perform import opened

LANGUAGE = ("random:hidden=16,layers=2,intermediate=12,vocabulary=20",
            "random:family=rwkv4,hidden=16,layers=1,vocabulary=20",
            "random:family=rwkv6,hidden=64,layers=1,vocabulary=20")


def program_of(model: str):
    with opened(ProgramRequest(model=model), Report()) as found:
        return found.lowered


@pytest.mark.parametrize("model", LANGUAGE)
def test_every_value_of_a_language_model(model: str) -> None:
    program, ranges = program_of(model), Ranges()
    seen: dict[ValueKey, list[np.ndarray]] = {}
    golden = GoldenExecutor(program, streams=2, ranges=ranges)
    plain = GoldenExecutor(program, streams=2)
    for tokens in ([3, 5], [19, 0], [7, 7]):
        logits = golden.step_streams(tokens, lambda key, name, value: seen.setdefault(
            key, []).append(value))
        assert torch.equal(logits, plain.step_streams(tokens))
    assert ranges.found.keys() == seen.keys()
    items = {section.name: section.items for section in program.sections}
    for key, arrays in seen.items():
        found, values = ranges.found[key], np.stack(arrays)
        if isinstance(items[key.section][key.item], ScalarOperation):
            reals = [ldexp(int(m), int(e)) for m, e in values.reshape(-1, 2)]
            assert (found.least, found.most, found.limit) == (min(reals), max(reals), None)
            assert found.elements == len(reals) and found.share is None
            continue
        assert (found.least, found.most) == (values.min(), values.max())
        assert found.elements == values.size and found.limit
        assert found.share == np.abs(values).max() / found.limit
        assert 0 <= (found.rounded or 0) <= found.elements
        assert found.saturated <= np.count_nonzero(np.abs(values) >= min(
            found.limit, (1 << program.word_bits - 1) - 1))
    assert any(found.rounded for found in ranges.found.values())


def test_every_value_of_a_spiking_network() -> None:
    program, ranges = program_of("l2mu"), Ranges()
    golden, seen = GoldenExecutor(program, ranges=ranges), {}
    for number in range(20):
        codes = np.arange(12) % (2 + number % 3) == 0
        golden.step(input_row=codes.astype(int), observe=lambda key, name, value: seen.setdefault(
            key, []).append(value))
    assert ranges.found.keys() == seen.keys()
    for key, found in ranges.found.items():
        values = np.stack(seen[key])
        assert (found.least, found.most, found.elements) == (
            values.min(), values.max(), values.size)
        assert found.saturated == 0 and 0 <= (found.share or 0) <= 1
        assert found.rounded is None or found.rounded <= found.elements
    assert any(found.rounded for found in ranges.found.values() if found.name.endswith(".v"))
    assert {found.limit for found in ranges.found.values() if found.name == "h.output"} == {1}


def test_what_tables_round_and_saturate() -> None:
    """Of every word, against fractions; the ends of the last table leave the word."""
    bits = 12
    for table in (sigmoid_table("sigmoid", bits, 8, 7),
                  Table(name="steep", base=(2047,) * 512, slope=(2047, -2047) * 256)):
        rounds, saturates = lookup_losses(table, bits)
        values = lookup_values(table, bits)
        for word in range(-(1 << bits - 1), 1 << bits - 1):
            segment, inside = divmod(word + (1 << bits - 1), 1 << bits - 9)
            moved = Fraction(table.slope[segment] * inside, 1 << TABLE_SHIFT)
            exact = table.base[segment] + floor(moved + Fraction(1, 2))
            assert bool(rounds[word]) == (moved.denominator > 1)
            assert bool(saturates[word]) == (abs(exact) > 2047)
            assert values[word] == max(-2047, min(2047, exact))
    assert bool(saturates.any()) and not bool(saturates.all())


@pytest.mark.parametrize("form", [
    {"current": Current.JUMP, "factor_fraction": 4, "gain_shift": 3},
    {"decay": Decay.EULER, "scale_drive": True, "factor_fraction": 3, "gain_shift": 2},
    {"decay": Decay.SHIFT, "decay_shift": 2, "adaptive": True, "factor_fraction": 2},
    {"decay": Decay.NONE},
])
def test_where_neurons_round(form: dict[str, Any]) -> None:
    """Where none is told to round, all ways to round give the same states."""
    parameters = NeuronParameters.of(threshold=1 << 14, gain=3, factor=5, current_factor=7,
                                     adaptation_factor=3, increment=5)
    sums, ends = np.random.default_rng(3).integers(-99, 99, (1, 64)), {}
    start = {"v": 3 * sums[:, ::-1] // 2, "i": sums // 5, "a": sums // 7}
    for rounding in Rounding:
        law = NeuronLaw(NeuronDefinition(rounding=rounding, **form), parameters, 64)
        law.rounded = {}
        state = {name: start[name].copy() for name in law.definition.states}
        law.step(state, sums)
        ends[rounding] = state, law.rounded
    states, rounded = zip(*ends.values(), strict=True)
    for name in states[0]:
        values = np.stack([state[name] for state in states])
        differs = (values != values[0]).any(0)
        broken = [np.asarray(where.get(name, np.zeros((1, 64), bool))) for where in rounded]
        if name == "v" and "i" in states[0]:
            # The current is also the drive of the membrane, rounded before.
            broken = [where | other["i"] for where, other in zip(broken, rounded, strict=True)]
        assert not (differs & ~np.logical_or.reduce(broken)).any()
        assert differs.any() == (form["decay"] is not Decay.NONE if "decay" in form else True)


def test_what_is_lost_at_ties_and_ends() -> None:
    a, limit = torch.tensor([[-7, -6, -1, 0, 1, 6, 7, 8]]), 3
    for shift, multiplier in ((4, 8), (0, 1), (0, -1), (4, -16)):
        exact = [value * multiplier / 2**shift for value in a[0].tolist()]
        found = lost(a, multiplier, SHIFTS[shift], None, limit)
        assert found == (sum(value != int(value) for value in exact),
                         sum(abs(int(np.floor(value + 0.5))) > limit for value in exact))
        made = element(a, multiplier, SHIFTS[shift], None, limit)
        assert int(made.abs().max()) <= limit
    vector = torch.tensor([1, 2, 3, 4, 5, 6, 7, 8])
    assert lost(a, vector, SHIFTS[0], torch.full((1, 8), 40), 88)[1] == 2
    assert rounded(torch.tensor([-8, -4, 0, 4, 12, 16]), 3) == 3


def test_saturation_of_words_is_counted() -> None:
    """Of an input at the end of its words much is saturated behind it."""
    program, ranges = program_of(LANGUAGE[0]), Ranges()
    limit = (1 << program.word_bits - 1) - 1
    GoldenExecutor(program, ranges=ranges).step(
        input_row=np.where(np.arange(program.input_length) % 2, limit, -limit))
    assert sum(found.saturated for found in ranges.found.values()) > 0
    for found in ranges.found.values():
        if found.saturated and found.limit == limit:
            assert found.share == 1
