"""The fewest passes that keep a target, of matrices whose errors add up."""

from __future__ import annotations

import pytest
from sterna.families.precision import Choice, Level, Measured, choose

SIZES = {"cheap": 100, "dear": 100, "large": 1000, "shared": 10}
WEIGHT = {"cheap": 1e-6, "dear": 1e-3, "large": 1e-5, "shared": 1e-6}
FLOOR = 1e-6
"""Of the loss, that no planes take away."""
USUAL = dict.fromkeys(SIZES, Level(5))
WIDE = {name: Level(8, 1 if name == "shared" else 2) for name in SIZES}
STARTS = [USUAL, dict.fromkeys(SIZES, Level(8)), WIDE]


def measure(choice: Choice) -> Measured:
    loss = FLOOR + sum(WEIGHT[name] * 9.0**(3 - level.planes) + 1e-5 * (level.digits < 2)
                       for name, level in choice.items())
    return Measured(loss, loss**0.5)


def passes(choice: Choice) -> int:
    return sum(SIZES[name] * level.planes * level.digits for name, level in choice.items())


def silent(step: str, done: int, parts: int) -> None:
    assert 0 <= done < parts


@pytest.mark.parametrize("target", [0.008, 0.02, 0.1, 1.0])
def test_a_target_is_kept_by_few_passes(target: float) -> None:
    found = choose(STARTS, SIZES, measure, target, silent)
    assert found.reached and found.measured == measure(found.choice)
    assert found.start == USUAL and passes(found.choice) < passes(USUAL)
    # Each plane less would be too much, alone.
    for name, level in found.choice.items():
        if level.planes > 1:
            lower = {**found.choice, name: level._replace(planes=level.planes - 1)}
            assert measure(lower).figure > target
    assert found.choice["dear"].planes >= found.choice["cheap"].planes
    assert found.measurements <= 1 + len(SIZES) + 4 * len(SIZES) + len(SIZES)


def test_a_target_that_needs_more_than_a_byte_begins_with_more() -> None:
    found = choose(STARTS, SIZES, measure, 0.005, silent)
    assert found.start == WIDE and found.reached
    assert found.choice["shared"].digits == 1
    assert {level.digits for level in found.choice.values()} == {1, 2}


def test_what_cannot_be_kept_is_near_the_most_exact_one() -> None:
    found = choose(STARTS, SIZES, measure, 1e-4, silent)
    assert not found.reached and found.start == WIDE
    assert found.measured.figure <= 1.1 * measure(WIDE).figure
    assert passes(found.choice) < passes(WIDE)
