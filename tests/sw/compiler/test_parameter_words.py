"""Words of parameters that come again are found, whatever channels and lanes have in common."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sterna.compiler.parameter_words import MOST_TRIED, parameter_rows, period
from sterna.law.neuron_parameters import NeuronParameters


def population(*repetitions: np.ndarray) -> Any:
    """Of neurons with these biases, in each repetition of a section."""
    return SimpleNamespace(
        item=SimpleNamespace(length=len(repetitions[0])),
        section=SimpleNamespace(repeat=len(repetitions)),
        numbers=lambda index: NeuronParameters.of(bias=repetitions[index]))


@pytest.mark.parametrize(("channels", "positions", "lanes", "words"), [
    (8, 5, 4, 2), (3, 8, 2, 3), (3, 5, 2, 3), (3, 5, 4, 3), (6, 3, 4, 3), (5, 2, 4, 3),
    (4, 1, 4, 1), (7, 9, 1, 7), (3, 1, 8, 1)])
def test_channels_side_by_side(channels: int, positions: int, lanes: int, words: int) -> None:
    """Groups that are filled in part count by their neurons; what is left out comes again."""
    place = population(np.tile(np.arange(channels), positions))
    found = period(place, ("bias", "gain"), lanes)
    assert found == words
    rows = parameter_rows(place, 0, ("bias", "gain"), lanes)
    again = rows[np.arange(len(rows)) % found].transpose(0, 2, 1).reshape(-1, 2)
    assert np.array_equal(again[:channels * positions, 0], place.numbers(0).bias)


def test_what_does_not_come_again() -> None:
    """All differ, or the last, or another repetition, or too many are like the first."""
    values = np.tile([1, 2, 3, 4], 6)
    assert period(population(values), ("bias",), 2) == 2
    assert period(population(np.arange(24)), ("bias",), 2) == 12
    assert period(population(np.concatenate([values[:-1], [9]])), ("bias",), 2) == 12
    assert period(population(values, np.tile([1, 2, 3], 8)), ("bias",), 2) == 6
    assert period(population(np.full(9, 7)), ("bias",), 2) == 1
    many = np.tile(np.concatenate([np.ones(4 * MOST_TRIED), [5, 6]]), 3)
    assert period(population(many), ("bias",), 2) == 3 * (2 * MOST_TRIED + 1)
