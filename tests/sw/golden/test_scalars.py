"""Scalar floats against exact fractions."""

from __future__ import annotations

from fractions import Fraction
from math import isqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sterna.golden import scalars
from sterna.golden.scalars import ScalarFloat

relaxed = settings(deadline=None)
mantissas = st.one_of(
    st.sampled_from([1 << 16, (1 << 16) + 1, (1 << 17) - 1]), st.integers(1 << 16, (1 << 17) - 1)
)
pairs = st.one_of(st.just((0, 0)), st.tuples(mantissas, st.integers(-60, 60)))


def fraction(mantissa: int, exponent: int) -> Fraction:
    return mantissa * Fraction(2) ** exponent


def truncated(value: Fraction) -> tuple[int, int]:
    """A positive number with 17 mantissa bits, truncated."""
    exponent = 0
    while value * Fraction(2) ** -exponent >= 1 << 17:
        exponent += 1
    while value * Fraction(2) ** -exponent < 1 << 16:
        exponent -= 1
    return int(value * Fraction(2) ** -exponent), exponent


@relaxed
@given(st.integers(0, (1 << 48) - 1), st.integers(-20, 20))
def test_normalise_truncates_to_17_bits(number, exponent):
    result = scalars.normalise(number, exponent)
    assert result == (truncated(fraction(number, exponent)) if number else (0, 0))


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, (0, 0)),
        (1, (1 << 16, -16)),
        ((1 << 17) - 1, ((1 << 17) - 1, 0)),
        (1 << 17, (1 << 16, 1)),
        ((1 << 17) + 1, (1 << 16, 1)),
        ((1 << 48) - 1, ((1 << 17) - 1, 31)),
    ],
)
def test_normalise_at_its_edges(number, expected):
    assert scalars.normalise(number) == expected


@relaxed
@given(pairs, pairs)
def test_multiply_truncates_the_exact_product(a, b):
    exact = fraction(*a) * fraction(*b)
    expected = truncated(exact) if exact else (0, 0)
    assert scalars.multiply(ScalarFloat(*a), ScalarFloat(*b)) == expected


@relaxed
@given(pairs, pairs)
def test_add_truncates_the_smaller_operand_first(a, b):
    large, small = (a, b) if fraction(*a) >= fraction(*b) else (b, a)
    aligned = Fraction(0)
    if small[0]:
        distance = large[1] - small[1]
        aligned = Fraction(small[0] >> distance if distance < 17 else 0)
    exact = (large[0] + aligned) * Fraction(2) ** large[1]
    expected = truncated(exact) if exact else (0, 0)
    assert scalars.add(ScalarFloat(*a), ScalarFloat(*b)) == expected
    assert scalars.add(ScalarFloat(*b), ScalarFloat(*a)) == expected


def test_add_forgets_what_lies_17_bits_lower():
    one, small = (1 << 16, 0), ((1 << 17) - 1, -17)
    assert scalars.add(ScalarFloat(*one), ScalarFloat(*small)) == one
    nearly = ((1 << 17) - 1, -16)
    assert scalars.add(ScalarFloat(*one), ScalarFloat(*nearly)) == ((1 << 16) + 1, 0)


@relaxed
@given(mantissas, st.integers(-60, 60))
def test_code_scale_is_127_over_x(mantissa, exponent):
    result = fraction(*scalars.code_scale(ScalarFloat(mantissa, exponent)))
    exact = 127 / fraction(mantissa, exponent)
    assert abs(result / exact - 1) < Fraction(1, 1 << 15)


@relaxed
@given(mantissas, st.integers(-60, 60))
def test_rsqrt_is_one_over_the_root(mantissa, exponent):
    result = scalars.rsqrt(ScalarFloat(mantissa, exponent))
    assert 1 << 16 <= result[0] < 1 << 17
    square = fraction(*result) ** 2 * fraction(mantissa, exponent)
    assert abs(square - 1) < Fraction(1, 1 << 14)


def test_tables_are_exact_at_their_nodes():
    for mantissa in range(1 << 16, 1 << 17, 4096):
        result = scalars.code_scale(ScalarFloat(mantissa, 0))
        assert result == (min((1 << 17) - 1, round(Fraction(127 << 26, mantissa))), -26)
        even = scalars.rsqrt(ScalarFloat(mantissa, 4))
        root = isqrt((1 << 52) // mantissa)  # one more bit, for rounding
        assert even == (min((1 << 17) - 1, (root + 1) // 2), -27)


def test_zero_has_neither_reciprocal_nor_root():
    assert scalars.code_scale(scalars.ZERO) == (0, 0)
    assert scalars.rsqrt(scalars.ZERO) == (0, 0)


@relaxed
@given(st.tuples(mantissas, st.integers(-50, 10)), st.sampled_from([12, 16, 17, 18]))
def test_multiplier_is_the_scalar_in_a_word(value, word_bits):
    multiplier, shift = scalars.as_multiplier(ScalarFloat(*value), word_bits)
    limit = (1 << (word_bits - 1)) - 1
    drop = 18 - word_bits
    assert 0 <= multiplier <= limit
    assert shift % 4 == 0 and 0 <= shift <= 32
    exact = fraction(*value)
    if -value[1] < drop:
        assert (multiplier, shift) == (limit, 0)
    elif multiplier == 0:
        # Beyond the last shift: the largest word times it rounds to next to nothing.
        assert exact < Fraction(1 << (17 - drop), 1 << 32) and -value[1] >= drop + 36
    else:
        assert -value[1] < drop + 36
        error = exact - Fraction(multiplier, 1 << shift)
        assert 0 <= error < Fraction(1, 1 << shift)
        # At most three bits are lost for a shift that is a multiple of four.
        assert multiplier >= 1 << (word_bits - 5)


@pytest.mark.parametrize("word_bits", [12, 16, 18])
def test_multiplier_of_zero_is_zero(word_bits):
    assert scalars.as_multiplier(scalars.ZERO, word_bits) == (0, 0)


HIGHEST = (1 << 9) - 1


@pytest.mark.parametrize("function", [scalars.normalise, scalars.kept])
@pytest.mark.parametrize(("exponent", "expected"), [
    (HIGHEST, (100_000, HIGHEST)),
    (HIGHEST + 1, ((1 << 17) - 1, HIGHEST)),
    (-HIGHEST - 1, (100_000, -HIGHEST - 1)),
    (-HIGHEST - 2, (0, 0)),
])
def test_exponents_are_kept_in_range(function, exponent, expected):
    assert function(100_000, exponent) == expected


def test_results_beyond_the_exponents():
    small, large = ScalarFloat(1 << 16, -HIGHEST - 1), ScalarFloat((1 << 17) - 1, HIGHEST)
    assert scalars.multiply(small, small) == (0, 0)
    assert scalars.multiply(large, large) == large
    assert scalars.add(large, large) == large
    assert scalars.code_scale(ScalarFloat(1 << 16, -HIGHEST - 1))[1] == HIGHEST - 25
    assert scalars.code_scale(large) == (0, 0)
