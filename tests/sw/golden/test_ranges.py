"""What values reach, and what rounding and saturation change: against what an observer is told."""

from __future__ import annotations

from math import ldexp

import numpy as np
import pytest
import torch
from sterna.families.requests import ProgramRequest
from sterna.golden.arithmetic import SHIFTS, element, lost, rounded
from sterna.golden.executor import GoldenExecutor
from sterna.golden.ranges import Ranges
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
    assert {found.limit for found in ranges.found.values() if found.name == "h.output"} == {1}


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
