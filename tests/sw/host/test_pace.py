"""How many ids an answer has follows from how long the answers before it took."""

from __future__ import annotations

import pytest
from sterna.host import pace
from sterna.host.pace import LONGEST, SHORTEST, Pace


def test_answers_grow_and_shrink(monkeypatch: pytest.MonkeyPatch) -> None:
    now, found = 0.0, []
    monkeypatch.setattr(pace.time, "monotonic", lambda: now)
    paced = Pace(8)
    for seconds in (0, 0, 0, 0, SHORTEST, LONGEST, 0.2, 0.2, 0.2, 0.2, 0):
        found.append(paced.count)
        with paced.answer():
            now += seconds + 1e-6 * (seconds > LONGEST)
    assert [*found, paced.count] == [1, 2, 4, 8, 8, 8, 8, 4, 2, 1, 1, 2]


def test_an_answer_that_fails_changes_nothing() -> None:
    paced = Pace(8)
    with pytest.raises(ValueError), paced.answer():
        raise ValueError
    assert paced.count == 1
