"""Vector arithmetic against exact fractions, at ties and at the ends of the words."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sterna.golden import arithmetic
from sterna.law.tables import Table

relaxed = settings(deadline=None)
WIDTHS = [12, 16, 18]


def words(word_bits: int) -> st.SearchStrategy[int]:
    limit = (1 << (word_bits - 1)) - 1
    ends = [-limit, 1 - limit, -1, 0, 1, limit - 1, limit]
    return st.one_of(st.sampled_from(ends), st.integers(-limit, limit))


def rounded(product: int, shift: int) -> int:
    return floor(Fraction(product, 1 << shift) + Fraction(1, 2)) if shift else product


def clamp(value: int, limit: int) -> int:
    return max(-limit, min(limit, value))


def tensor(*values: int) -> torch.Tensor:
    return torch.tensor([list(values)], dtype=torch.int64)


@relaxed
@given(st.data(), st.sampled_from(WIDTHS), st.integers(0, 8))
def test_element_is_exact(data, word_bits, steps):
    a, m, c = (data.draw(words(word_bits)) for _ in range(3))
    shift, limit = 4 * steps, (1 << (word_bits - 1)) - 1
    expected = clamp(rounded(a * m, shift) + c, limit)
    by_stream = arithmetic.shift_by(tensor(shift))
    for multiplier in (m, tensor(m)[0], tensor(m)):
        for places in (arithmetic.SHIFTS[shift], by_stream):
            result = arithmetic.element(tensor(a), multiplier, places, tensor(c), limit)
            assert int(result) == expected


@pytest.mark.parametrize(
    ("product", "expected"), [(8, 1), (7, 0), (-8, 0), (-9, -1), (24, 2), (-24, -1), (-25, -2)]
)
def test_ties_go_up(product, expected):
    for shift in (arithmetic.SHIFTS[4], arithmetic.shift_by(tensor(4))):
        assert int(arithmetic.element(tensor(product), 1, shift, None, 99)) == expected


def test_no_shift_does_not_round():
    for shift in (arithmetic.SHIFTS[0], arithmetic.shift_by(tensor(0))):
        assert arithmetic.element(tensor(-3, 3), 1, shift, None, 99).tolist() == [[-3, 3]]


def test_every_stream_has_its_shift():
    rows = torch.tensor([[24, -24], [24, -24], [24, -24]])
    shift = arithmetic.shift_by(torch.tensor([[0], [4], [8]]))
    multiplier = torch.tensor([[1], [-1], [1]])
    assert arithmetic.element(rows, multiplier, shift, None, 20).tolist() == [
        [20, -20], [-1, 2], [0, 0]]


def test_operands_stay_as_they_are():
    a, b, c = tensor(5, -7), tensor(3, 3), tensor(1, 1)
    arithmetic.element(a, b, arithmetic.SHIFTS[4], c, 1)
    arithmetic.element(a, 1, arithmetic.SHIFTS[0], c, 1)
    assert (a.tolist(), b.tolist(), c.tolist()) == ([[5, -7]], [[3, 3]], [[1, 1]])


def test_reductions_are_those_of_each_stream():
    words = torch.tensor([[3, -5], [131071, -131071]])
    assert arithmetic.absmax(words) == [5, 131071]
    assert arithmetic.squares(words) == [34, 2 * 131071**2]


@pytest.mark.parametrize("word_bits", WIDTHS)
def test_saturation_is_symmetric(word_bits):
    limit = (1 << (word_bits - 1)) - 1
    values = tensor(-limit - 2, -limit - 1, -limit, limit, limit + 1, 1 << 40)
    expected = [[-limit, -limit, -limit, limit, limit, limit]]
    saturated = arithmetic.element(
        values, 1, arithmetic.SHIFTS[0], None, arithmetic.word_limit(word_bits))
    assert saturated.tolist() == expected


@relaxed
@given(words(18), st.integers(0, (1 << 17) - 1), st.integers(0, 8))
def test_codes_are_clamped(a, multiplier, steps):
    expected = clamp(rounded(a * multiplier, 4 * steps), 127)
    shift = arithmetic.SHIFTS[4 * steps]
    assert int(arithmetic.codes(tensor(a), multiplier, shift)) == expected


@pytest.mark.parametrize("word_bits", WIDTHS)
def test_lookup_is_piecewise_linear(word_bits):
    limit = (1 << (word_bits - 1)) - 1
    generator = np.random.default_rng(word_bits)
    base = [limit, -limit, 0, *generator.integers(-limit, limit + 1, 509).tolist()]
    slope = [limit, -limit, 1, *generator.integers(-limit, limit + 1, 509).tolist()]
    table = Table(name="t", base=tuple(base), slope=tuple(slope))
    values = arithmetic.lookup_values(table, word_bits)
    edges = [-limit, 1 - limit, -1, 0, 1, limit]
    for a in [*edges, *generator.integers(-limit, limit + 1, 2000).tolist()]:
        segment, inside = divmod(a + (1 << (word_bits - 1)), 1 << (word_bits - 9))
        expected = clamp(rounded(slope[segment] * inside, 12) + base[segment], limit)
        assert int(arithmetic.lookup(values, tensor(a))) == expected
