"""A machine in JSON: every field missing, and of every wrong kind, is one line with its name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from sterna.errors import InputError
from sterna.machine.additions import with_snapshots
from sterna.machine.machine import Machine
from sterna.machine.memory import Axi, Sdram
from sterna.machine.presets import PRESETS, STEP_MACHINE

MACHINES = {
    "tiny": PRESETS["tiny"], "steps": STEP_MACHINE, "read": with_snapshots(PRESETS["small"]),
    "axi": PRESETS["tiny"].having(memory=Axi()), "sdram": PRESETS["tiny"].having(memory=Sdram()),
}
WRONG: tuple[Any, ...] = (None, "x", "", True, False, -1, 0, 1, 1.5, 10**30, 10**9, 1 << 20,
                          float("nan"), float("inf"), [], [1], {}, {"a": 1}, "rows", [[]], [["a"]])


def places(value: Any, way: tuple = ()) -> Iterator[tuple]:
    """The way to everything in JSON but the whole."""
    inner = value.items() if isinstance(value, dict) else (
        enumerate(value) if isinstance(value, list) else ())
    for key, item in inner:
        yield (*way, key)
        yield from places(item, (*way, key))


def at(value: Any, way: tuple) -> Any:
    for key in way:
        value = value[key]
    return value


def read(values: Any) -> Machine | str:
    """The machine, or the one line."""
    try:
        return Machine.from_json(json.dumps(values))
    except InputError as error:
        assert "\n" not in str(error) and len(str(error)) < 400
        return str(error)


@pytest.mark.parametrize("name", MACHINES)
def test_every_field_must_be_there_and_no_other(name: str) -> None:
    values = json.loads(MACHINES[name].to_json())
    assert read(values) == MACHINES[name]
    for way in places(values):
        whole = deepcopy(values)
        owner = at(whole, way[:-1])
        if isinstance(owner, dict):
            owner["surplus"] = 1
            assert "surplus" in str(read(whole)), way
            del owner["surplus"], owner[way[-1]]
            assert isinstance(found := read(whole), str) and str(way[-1]) in found, (way, found)


@pytest.mark.parametrize("name", MACHINES)
def test_a_wrong_value_is_told_or_another_machine(name: str) -> None:
    """Never another error, and never a machine that is not what the file says."""
    values = json.loads(MACHINES[name].to_json())
    refused = 0
    for way in places(values):
        for wrong in WRONG:
            changed = deepcopy(values)
            at(changed, way[:-1])[way[-1]] = wrong
            found = read(changed)
            if isinstance(found, Machine):
                assert json.loads(found.to_json()) == changed, (way, wrong)
                found.memories, found.instructions, found.counters, found.digest()
            refused += isinstance(found, str)
    assert refused > 200


@pytest.mark.parametrize("text", ["", "[", "[]", "null", "{}", '{"machine": "x"}', "[" * 100_000,
                                  '{"machine": "sterna-machine", "version": NaN}', "1" * 5000])
def test_what_is_no_machine(text: str) -> None:
    with pytest.raises(InputError, match="machine: "):
        Machine.from_json(text)
