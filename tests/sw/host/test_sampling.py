"""Sampling: greedy, narrowed, seeded."""

from __future__ import annotations

import numpy as np
import pytest
from sterna.errors import InputError
from sterna.host.device import StepResult
from sterna.host.sampling import Sampler, Sampling


def result(*values: int) -> StepResult:
    rows = np.arange(len(values), dtype=np.int64) * 10
    return StepResult(np.array(values, np.int64), rows, 1 << 16, -16)


def choices(sampling: Sampling, step: StepResult, count: int = 2000) -> list[int]:
    sampler = Sampler(sampling)
    return [sampler.choose(step) for _ in range(count)]


def test_logits_are_values_times_scale():
    step = StepResult(np.array([8, -4]), np.array([1, 2]), 3 << 15, -18)
    assert step.logits().tolist() == [8 * 0.375, -4 * 0.375]


def test_temperature_zero_takes_the_best():
    assert set(choices(Sampling(), result(3, 3, 2))) == {0}


def test_frequencies_follow_the_softmax():
    step = result(2, 1, 0)
    drawn = np.array(choices(Sampling(temperature=2.0, seed=3), step, 20000)) // 10
    expected = np.exp(np.array([1.0, 0.5, 0.0]))
    expected /= expected.sum()
    assert np.abs(np.bincount(drawn) / 20000 - expected).max() < 0.015


def test_a_seed_gives_the_same_choices_and_another_seed_others():
    step = result(2, 1, 0)
    first = choices(Sampling(temperature=1.0, seed=5), step, 50)
    assert first == choices(Sampling(temperature=1.0, seed=5), step, 50)
    assert first != choices(Sampling(temperature=1.0, seed=6), step, 50)


def test_top_k_keeps_the_best():
    assert set(choices(Sampling(temperature=50, top_k=2), result(3, 2, 1, 0))) == {0, 10}


def test_top_p_keeps_the_fewest_that_reach_it():
    # Probabilities 2/3, 2/9, 1/9 at this temperature.
    step = StepResult(np.array([0, -1, -2]), np.array([0, 10, 20]), 1 << 16, -16)
    temperature = 1 / np.log(3)
    assert set(choices(Sampling(temperature=temperature, top_p=0.5), step)) == {0}
    assert set(choices(Sampling(temperature=temperature, top_p=0.9), step)) == {0, 10}
    assert set(choices(Sampling(temperature=temperature, top_p=1.0), step)) == {0, 10, 20}


@pytest.mark.parametrize(("values", "top_p", "kept"), [
    ((7, 7), 0.5, 1), ((7, 7, 7, 7), 0.25, 1), ((7, 7, 7, 7), 0.5, 2), ((7, 7, 7, 7), 0.75, 3),
    ((7, 7), np.nextafter(0.5, 1), 2), ((7, 7, 7, 7), np.nextafter(0.25, 0), 1),
])
def test_top_p_that_is_reached_exactly_takes_no_more(values, top_p, kept):
    """Equal probabilities of halves and quarters, whose sums are exact."""
    drawn = set(choices(Sampling(temperature=1.0, top_p=top_p), result(*values)))
    assert drawn == {10 * row for row in range(kept)}


def test_extreme_logits_do_no_harm():
    step = StepResult(np.array([131071, -131071]), np.array([4, 9]), (1 << 17) - 1, 20)
    assert set(choices(Sampling(temperature=1e-3), step, 100)) == {4}


def test_more_candidates_than_the_head_has_are_refused():
    with pytest.raises(InputError, match="returns the 3 best"):
        Sampler(Sampling(top_k=4)).choose(result(3, 2, 1))


@pytest.mark.parametrize("values", [
    {"temperature": -1}, {"temperature": float("nan")}, {"temperature": 101}, {"top_k": 0},
    {"top_p": 0}, {"top_p": 1.5}, {"top_p": float("nan")}, {"seed": -1},
])
def test_meaningless_values_are_refused(values):
    with pytest.raises(InputError):
        Sampling(**values)
