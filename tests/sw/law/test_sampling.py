"""The law of sampling: its numbers, what it keeps, and how near it is to softmax."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from sterna.errors import InputError
from sterna.law.sampling import (
    SHARE_BITS,
    Parameters,
    Sampling,
    choose,
    chosen,
    cipher,
    kept_totals,
    probabilities,
    random_number,
    rate,
    sharpness,
)

ONE = (1 << 16, -16)
CLOSE = 2.0**-12


def totals(sampling: Sampling, *values: int, scale: tuple[int, int] = ONE) -> list[int]:
    return kept_totals(values, scale, sampling.parameters(len(values)))


def places(sampling: Sampling, *values: int, count: int = 500) -> set[int]:
    return {choose(values, ONE, sampling.parameters(len(values)), 0, position)
            for position in range(count)}


def test_the_cipher_is_speck():
    """The test vector of Speck64/96 in the paper, appendix C."""
    assert cipher((0x74614620, 0x736E6165), (0x03020100, 0x0B0A0908, 0x13121110)) == (
        0x9F7952EC, 0x4175946C)


def test_numbers_depend_on_seed_text_and_position_alone():
    one = random_number(5, 1, 2)
    assert one == random_number(5, 1, 2)
    others = {random_number(*where) for where in (
        (6, 1, 2), (5 + (1 << 40), 1, 2), (5, 2, 2), (5, 1, 3), (5, 1, 2 + (1 << 40)), (1, 2, 5))}
    assert len(others - {one}) == 6


def chance(counts, expected) -> float:
    """The p-value of the chi-square test."""
    statistic = float(((np.array(counts) - expected) ** 2 / expected).sum())
    half = torch.tensor([(len(counts) - 1) / 2, statistic / 2], dtype=torch.float64)
    return float(torch.special.gammaincc(half[0], half[1]))


def test_numbers_are_even():
    drawn = np.array([random_number(9, 0, position) for position in range(20_000)])
    for bits in (drawn >> 24, drawn & 255):
        assert chance(np.bincount(bits, minlength=256), np.full(256, len(bits) / 256)) > 1e-3


def test_sharpness_is_a_scalar():
    for temperature in (0.1, 0.7, 1.0, 1 / np.log(2), 10, 100):
        mantissa, exponent = sharpness(temperature)
        assert 1 << 16 <= mantissa < 1 << 17
        assert mantissa * 2.0**exponent == pytest.approx(
            1 / np.log(2) / temperature, rel=2.0**-17)
    assert sharpness(0) == (0, 0) and sharpness(1e-300) == ((1 << 17) - 1, 511)


def test_the_rate_keeps_its_range():
    assert rate((1 << 16, 20), (1 << 16, 0)) == rate(ONE, (1 << 16, -11)) == 2**36 - 1
    assert rate(ONE, ((1 << 17) - 1, -12)) == (1 << 36) - (1 << 19)
    assert rate((0, 0), (1 << 16, -16)) == rate((1 << 16, -500), (1 << 16, -16)) == 0
    assert rate(ONE, (1 << 16, -16)) == 1 << 31


def softmax(values, scale: tuple[int, int], temperature: float) -> np.ndarray:
    logits = (np.array(values, np.float64) - values[0]) * scale[0] * 2.0**scale[1] / temperature
    weights = np.exp(logits)
    return weights / weights.sum()


def logit_sets(count: int):
    """Words of logits with their scale, temperature and top-p: ties and extremes among them."""
    random = np.random.default_rng(18)
    for number in range(count):
        size = int(random.integers(1, 65))
        spread = 2.0 ** random.uniform(-2, 6)
        top = 2 ** int(random.integers(4, 18)) - 1
        values = np.sort(random.integers(-top, top + 1, size))[::-1]
        if number % 3 == 0:
            values = np.sort(random.choice(values[:4], size))[::-1]
        mantissa, exponent = np.frexp(spread / top)
        scale = int(mantissa * (1 << 17)), int(exponent) - 17
        temperature = float(np.exp(random.uniform(np.log(0.1), np.log(10))))
        yield values.tolist(), scale, temperature, random


def test_probabilities_are_those_of_softmax_over_the_best():
    """10^4 sets. Where top-p falls on a sum to within 2^-12 either of its two sides is right."""
    for number, (values, scale, temperature, random) in enumerate(logit_sets(10_000)):
        wanted = softmax(values, scale, temperature)
        sums = np.cumsum(wanted)
        edge = float(sums[random.integers(len(sums))])
        top_p = (1.0, float(random.uniform(0.01, 1)), min(1.0, edge),
                 min(1.0, float(np.nextafter(edge, 2))))[number % 4]
        found = kept_totals(
            values, scale, Sampling(temperature, top_p=top_p).parameters(len(values)))
        kept = len(found)
        assert sums[kept - 1] >= top_p - CLOSE
        assert kept == 1 or sums[kept - 2] < top_p + CLOSE
        exact = np.array([float(part) for part in probabilities(found)])
        assert sum(probabilities(found)) == 1
        assert np.abs(exact - wanted[:kept] / sums[kept - 1]).max() <= CLOSE


def test_choices_are_as_probable_as_the_law_says():
    found = totals(Sampling(2.0), 3, 2, 1, 0)
    drawn = np.bincount([chosen(found, random_number(3, 0, at)) for at in range(20_000)])
    expected = np.array([float(part) * 20_000 for part in probabilities(found)])
    assert chance(drawn, expected) > 1e-3


def test_every_candidate_has_all_the_numbers_between_its_bounds():
    found = totals(Sampling(1.3), 4, 4, 1, -2)
    bounds = [-(-(total << 32) // found[-1]) for total in (0, *found)]
    for place, (first, end) in enumerate(pairwise(bounds)):
        assert chosen(found, first) == chosen(found, end - 1) == place


def test_temperature_zero_takes_the_best():
    assert places(Sampling(), 3, 3, 2) == {0}


def test_top_k_keeps_the_best():
    assert places(Sampling(temperature=50, top_k=2), 3, 2, 1, 0) == {0, 1}


def test_top_p_keeps_the_fewest_that_reach_it():
    # Probabilities 9/13, 3/13, 1/13 at this temperature.
    temperature = 1 / np.log(3)
    for top_p, kept in ((1e-9, 1), (0.5, 1), (0.9, 2), (0.93, 3), (1.0, 3)):
        assert len(totals(Sampling(temperature, top_p=top_p), 0, -1, -2)) == kept


@pytest.mark.parametrize(("values", "top_p", "kept"), [
    ((7, 7), 0.5, 1), ((7, 7, 7, 7), 0.25, 1), ((7, 7, 7, 7), 0.5, 2), ((7, 7, 7, 7), 0.75, 3),
    ((7, 7), np.nextafter(0.5, 1), 2), ((7, 7, 7, 7), np.nextafter(0.25, 0), 1),
])
def test_top_p_that_is_reached_exactly_takes_no_more(values, top_p, kept):
    """Equal probabilities of halves and quarters, whose sums are exact."""
    assert len(totals(Sampling(1.0, top_p=float(top_p)), *values)) == kept


def test_extreme_logits_do_no_harm():
    assert len(totals(Sampling(1e-3), 131071, -131071, scale=((1 << 17) - 1, 20))) == 1
    assert totals(Sampling(1e-300), 1, 1, 0) == [1 << 24, 2 << 24]
    assert totals(Sampling(100), 131071, -131071, scale=(0, 0)) == [1 << 24, 2 << 24]


def test_what_machines_take():
    assert Sampling(0.5, 3, 0.75, 7).parameters(8) == Parameters(
        sharpness(0.5), 3, 3 << SHARE_BITS - 2, 7)
    assert Sampling().parameters(8).count == 1
    assert Sampling(1.0, 50, or_all=True).parameters(8).count == 8


def test_more_candidates_than_the_head_has_are_refused():
    with pytest.raises(InputError, match="returns the 3 best"):
        Sampling(top_k=4).parameters(3)


@pytest.mark.parametrize("values", [
    {"temperature": -1}, {"temperature": float("nan")}, {"temperature": 101}, {"top_k": 0},
    {"top_p": 0}, {"top_p": 1.5}, {"top_p": float("nan")}, {"seed": -1}, {"seed": 1 << 64},
])
def test_meaningless_values_are_refused(values):
    with pytest.raises(InputError):
        Sampling(**values)
