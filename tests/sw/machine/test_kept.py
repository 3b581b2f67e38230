"""Integers of what is kept, as words and back."""

from __future__ import annotations

import numpy as np
import pytest
from sterna.errors import InputError
from sterna.machine.additions import with_snapshots
from sterna.machine.kept import KeptValue, pack_kept, spans, unpack_kept
from sterna.machine.machine import Machine, path_space
from sterna.machine.presets import PRESETS, step_machine
from sterna.machine.protocol import space_bits, space_number
from sterna.machine.words import unpack_fields, word_bytes

MACHINE = with_snapshots(step_machine(taps=3, code_bits=5, neuron_lanes=4, code_depth=9))
KEPT = (
    KeptValue("p.v", "states_0", 1, 6, 4, 24, 24),
    KeptValue("q.past", "codes", 2, 7, 4, 15, 5, runs=2),
    KeptValue("r.past", "codes", 5, 4, 4, 15, 5, runs=3),
)


def values() -> dict[str, np.ndarray]:
    draw = np.random.default_rng(3)
    return {item.name: draw.integers(-1 << item.bits - 1, 1 << item.bits - 1, item.shape)
            for item in KEPT}


def test_words_hold_the_values_and_nothing_else():
    given = values()
    words = pack_kept(MACHINE, KEPT, given)
    assert {space: (first, len(data)) for space, (first, data) in words.items()} == {
        space: (span.start, len(span)) for space, span in spans(KEPT).items()}
    assert spans(KEPT) == {"states_0": range(1, 3), "codes": range(2, 6)}
    for space, (_, data) in words.items():
        assert data.shape[1] == word_bytes(MACHINE, space)
    found = unpack_kept(KEPT, words)
    for name, value in given.items():
        assert np.array_equal(found[name], value) and found[name].dtype == np.int64
    codes = unpack_fields(words["codes"][1], 12, 5).reshape(4, 4, 3)
    assert codes[0, 1].tolist() == [*given["q.past"][:, 1].tolist(), 0]
    assert codes[1, 3].tolist() == [0, 0, 0] and not codes[2].any()
    assert codes[3, 2].tolist() == given["r.past"][:, 2].tolist()


def test_a_counter_has_no_sign():
    kept = (KeptValue("p.refractory", "states_0", 0, 4, 4, 24, 3, 21, signed=False),)
    given = {"p.refractory": np.array([0, 7, 4, 3])}
    words = pack_kept(MACHINE, kept, given)
    assert unpack_kept(kept, words)["p.refractory"].tolist() == [0, 7, 4, 3]
    with pytest.raises(InputError, match=r"the state of p\.refractory is beyond 3 bits"):
        pack_kept(MACHINE, kept, {"p.refractory": np.array([0, 8, 0, 0])})


def bare(machine: Machine) -> Machine:
    return machine.having(units=machine.units[:-1])


def test_spaces_of_a_machine_without_the_unit_are_those_that_it_had():
    for machine in (MACHINE, with_snapshots(PRESETS["tiny"])):
        before = bare(machine)
        assert before.states == () and before.spaces == before.memories == machine.memories
        assert [space_number(machine, item.name) for item in machine.memories] == [
            space_number(before, item.name) for item in before.memories]
        assert machine.digest() != before.digest()
        assert Machine.from_json(machine.to_json()) == machine


def test_every_data_path_has_memories_of_its_own():
    machine = with_snapshots(PRESETS["tiny"].having(streams=3))
    assert [item.name for item in machine.states] == ["vectors", "vectors_1", "vectors_2"]
    assert space_number(machine, path_space("vectors", 2)) == len(machine.spaces) - 1 == 7
    assert space_bits(machine) == 3
    assert [(item.name, item.bits) for item in MACHINE.states] == [("states_0", 96), ("codes", 60)]
    assert with_snapshots(machine) is machine
