"""An operation that is defined outside the packages is checked, computed and printed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest
from sterna.errors import InputError
from sterna.golden import table
from sterna.golden.executor import GoldenExecutor
from sterna.golden.place import Place
from sterna.golden.run import Run, Step
from sterna.program import validate
from sterna.program.definition import VectorFormat
from sterna.program.instructions import Element, Kernel, Unit
from sterna.program.items import Item
from sterna.program.printing import format_program
from sterna.program.scope import Scope

from tests.sw.program.small import QUIET, N, program


@dataclass(frozen=True, kw_only=True)
class Count(Item):
    """Writes, into every element of a state vector, how many RUNs there were."""

    result: str

    def __str__(self) -> str:
        return f"{self.result} = count of RUNs"

    def vectors_written(self) -> tuple[str, ...]:
        return (self.result,)


def check_count(scope: Scope, item: Count) -> None:
    if scope.program.vectors[item.result].lifetime != "state":
        raise scope.fail(f"count {item.result} is no state")
    scope.write_vector(item.result, scope.length(item.result))


def count(place: Place, item: Count) -> Step:
    name, told = place.vector(item.result), place.told(0, item.result)

    def step(run: Run) -> None:
        run.vectors[name] = run.vectors[name] + 1
        run.produced(told, run.vectors[name])

    return step


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forgets the operation afterwards."""
    monkeypatch.setattr(validate, "_CHECKS", dict(validate._CHECKS))
    monkeypatch.setattr(table, "_FUNCTIONS", dict(table._FUNCTIONS))
    validate.register_check(Count, check_count)
    table.register_function(Count, count)
    yield


ADD = Kernel(name="add", length=N, body=(
    Element(result="x", a="x", multiplier=Unit(1), addend="h"),))
VECTORS = {"x": VectorFormat(length=N, fraction=0, lifetime="carried"),
           "h": VectorFormat(length=N, fraction=0, lifetime="state")}
COUNTED = program(QUIET, Count(result="h"), ADD, vectors=VECTORS, results=("x",), rows=0)


def test_it_is_an_operation_like_others(known: None) -> None:
    validate.validate_program(COUNTED)
    executor, seen = GoldenExecutor(COUNTED, streams=2), []
    words = np.arange(2 * N).reshape(2, N)
    for number in range(1, 4):
        found = executor.run(words, lambda key, name, value: seen.append((name, value)))
        assert np.array_equal(found["x"], words + number)
    assert [value.tolist() for name, value in seen if name == "h"] == [
        [[number] * N] * 2 for number in range(1, 4)]
    assert executor.snapshot()["main[0].h"].tolist() == [[3] * N] * 2
    assert "1  h = count of RUNs" in format_program(COUNTED)


def test_its_rules_name_the_place(known: None) -> None:
    wrong = replace(COUNTED, vectors=VECTORS | {"h": VectorFormat(length=N, fraction=0)})
    with pytest.raises(InputError, match=r"section main, item 1 \(Count\): count h is no state"):
        validate.validate_program(wrong)


def test_an_operation_that_nobody_knows() -> None:
    with pytest.raises(InputError, match="item 1 .Count.: nobody knows what a Count means"):
        validate.validate_program(COUNTED)
    with pytest.raises(InputError, match="golden: nothing computes a Count"):
        GoldenExecutor(COUNTED)
