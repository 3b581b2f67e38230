"""Batch norm, clamp and round as integers a channel: every sum of small cases, in rationals."""

from __future__ import annotations

import random
from fractions import Fraction
from math import floor

import pytest
from sterna.errors import InputError
from sterna.law.neuron import Rounding
from sterna.law.thresholds import Chain, counting, counting_definition

MOST_SUM = 24
EDGES = (Fraction(0), Fraction(1, 2), Fraction(1, 3), Fraction(-1, 2), Fraction(5, 2))


def rounded(value: Fraction, rounding: Rounding) -> int:
    """To a whole number, from the definition."""
    if rounding is Rounding.HALF_UP:
        return floor(value + Fraction(1, 2))
    return round(value) if rounding is Rounding.HALF_EVEN else floor(value)


def square(value: Fraction) -> Fraction:
    return value * value


def wanted(chain: Chain, root: Fraction, total: int, most: int, rounding: Rounding) -> int:
    """The count of a sum; ``root`` is that of the variance."""
    value = chain.scale * (total - chain.mean) / root + chain.shift
    return min(most, max(0, rounded(value, rounding)))


@pytest.mark.parametrize("rounding", [Rounding.HALF_UP, Rounding.FLOOR])
@pytest.mark.parametrize("most", [1, 2, 4, 7])
def test_every_sum(rounding: Rounding, most: int) -> None:
    """Slopes from flat to steep in both directions, ties at every place, levels out of reach."""
    rng = random.Random(most)
    scales = [Fraction(numerator, denominator) for numerator in (-7, -2, -1, 0, 1, 3)
              for denominator in (1, 2, 3, 5, 16, 300)]
    for scale in scales:
        for shift in EDGES:
            root = Fraction(rng.randrange(1, 20), rng.randrange(1, 20))
            chain = Chain(scale=scale, mean=Fraction(rng.randrange(-40, 40), 2),
                          variance=square(root), shift=shift)
            found = counting(chain, most, rounding, MOST_SUM)
            assert abs(found.gain) < max(2, most)
            for total in range(-MOST_SUM, MOST_SUM + 1):
                assert found.count(total, most) == wanted(chain, root, total, most, rounding), (
                    chain, found, total)


def test_half_even() -> None:
    """What belongs to the even number at a tie; several ties of one line are told."""
    rng = random.Random(0)
    made = refused = 0
    for _ in range(150):
        root = Fraction(rng.randrange(1, 9), rng.randrange(1, 9))
        chain = Chain(scale=Fraction(rng.randrange(-9, 10), rng.randrange(1, 40)),
                      mean=Fraction(rng.randrange(-9, 9)), variance=square(root),
                      shift=rng.choice(EDGES))
        try:
            found = counting(chain, 4, Rounding.HALF_EVEN, MOST_SUM)
        except InputError:
            refused += 1
            continue
        made += 1
        for total in range(-MOST_SUM, MOST_SUM + 1):
            assert found.count(total, 4) == wanted(chain, root, total, 4, Rounding.HALF_EVEN)
    assert made > 110 and refused < 30
    with pytest.raises(InputError, match="on no line; round half up"):
        counting(Chain(scale=Fraction(1, 3), shift=Fraction(1, 2)), 4, Rounding.HALF_EVEN, MOST_SUM)


def test_irrational_roots_have_no_tie() -> None:
    """y = S / sqrt(2) is never half, and its levels are those of exact comparisons."""
    chain = Chain(scale=Fraction(1), variance=Fraction(2))
    assert chain.levels(4, Rounding.HALF_UP) == (1, 3, 4, 5)
    assert chain.levels(4, Rounding.HALF_EVEN) == (1, 3, 4, 5)


def test_the_published_count_of_attention() -> None:
    """Counts of QSD behind its attention: at 32, 96, 160 and 224 (spec/systems.md S7)."""
    chain = Chain(scale=Fraction(1, 64))
    assert chain.levels(4, Rounding.HALF_UP) == (32, 96, 160, 224)


def test_what_it_needs_of_a_neuron() -> None:
    """A few bits of gain and no fraction; a membrane that holds every sum and level."""
    chain = Chain(scale=Fraction(4, 31), shift=Fraction(1, 7))
    found = counting(chain, 4, Rounding.HALF_UP, 1000)
    definition = counting_definition(4, 12, found.reach(1000, 4))
    assert definition.factor_bits == 4 and definition.gain_shift == 0
    assert found.reach(1000, 4) < 1 << definition.membrane_bits - 1


def test_a_variance_of_nothing() -> None:
    with pytest.raises(InputError, match="a variance of 0; it must be above 0"):
        Chain(scale=Fraction(1), variance=Fraction(0))
