"""Which object lies in which memory."""

from __future__ import annotations

import pytest
from sterna.compiler.compile import compile_program
from sterna.compiler.fit import fit_machine
from sterna.compiler.placement import CHIP, HOST, OUTSIDE, chip_bits, place, placed_objects
from sterna.errors import InputError
from sterna.machine.machine import Machine
from sterna.machine.memory import Axi, Sdram
from sterna.machine.presets import PRESETS
from sterna.machine.protocol import Space
from sterna.machine.row_memory import RowsBesideWeights, row_base
from sterna.program.definition import Program

from tests.sim.shapes import random_program

BASE = PRESETS["small"].having(memory=Axi(ports=2, bits=32, burst=8, prefetch=64))


@pytest.fixture(scope="module")
def program() -> Program:
    return random_program(96, 2, 100, 97, seed=5)


def least(program: Program, base: Machine = BASE) -> int:
    """Bits on the chip with everything outside that can be."""
    fitted = fit_machine(program, base.having(memory_constants=True), "host")
    return chip_bits(placed_objects(program, fitted, "host"))


def places(program: Program, machine: Machine,
           embedding: str) -> dict[str, str]:
    return {entry.name: entry.place
            for entry in placed_objects(program, machine, embedding)}


def test_a_small_model_is_wholly_on_the_chip(program):
    for base in (BASE, BASE.having(memory=Sdram(part="16m16", hz=round(75e6)))):
        machine, embedding = place(program, base, 4_000_000, 1.0)
        assert (machine.memory.kind, embedding) == ("chip", "chip")
        assert set(places(program, machine, embedding).values()) == {CHIP}


def test_the_embedding_is_the_first_to_leave(program):
    rows = next(entry.bits for entry in placed_objects(program, fit_machine(
        program, BASE, "chip"), "chip") if entry.name == "embedding")
    whole, _ = place(program, BASE, 4_000_000, 1.0, "chip")
    bits = chip_bits(placed_objects(program, whole, "chip"))
    machine, embedding = place(program, BASE, bits - rows // 2, 1.0)
    assert (machine.memory.kind, embedding) == ("chip", "host")
    assert places(program, machine, embedding)["embedding"] == HOST


def test_large_constants_leave_before_weights_do(program):
    bits = least(program)
    machine, embedding = place(program, BASE, bits, 1.0)
    found = places(program, machine, embedding)
    assert found["constants"] == found["weights"] == OUTSIDE
    assert "resident weights" not in found
    assert {name for name, where in found.items() if where == CHIP} == {
        "input row", "state and vectors", "tables", "codes", "program", "prefetch"}
    # With room for more than four times as much they stay.
    machine, _ = place(program, BASE, bits + 310_000, 1.0)
    assert (machine.memory.kind, machine.memory.holds_constants) == ("axi", False)
    assert 4 * machine.vector.constant_depth * 4 * 18 < 310_000


@pytest.mark.parametrize("rate", [1.0, 6.5, 13.0, 20.0])
def test_residents_fill_the_chip_until_the_engine_is_the_slower_one(program, rate):
    """A word has 13 bytes, and the engine takes one a clock."""
    for room in (10_000, 60_000, 120_000):
        machine, embedding = place(program, BASE, least(program) + room, rate)
        words, total = machine.memory.resident, machine.ternary.weight_depth
        objects = placed_objects(program, machine, embedding)
        assert chip_bits(objects) <= least(program) + room
        assert words <= max(0, total * (1 - rate / 13)) + 1
        room_left = least(program) + room - chip_bits(objects)
        assert room_left < 104 or words >= total * max(0, 1 - rate / 13) - 1


def test_the_image_has_every_word_once(program):
    machine, embedding = place(program, BASE, least(program) + 60_000, 1.0)
    assert 0 < machine.memory.resident < machine.ternary.weight_depth
    mixed = compile_program(program, machine, embedding).parts[Space.WEIGHTS].array()
    plain = compile_program(program, machine.having(resident_words=0),
                            embedding).parts[Space.WEIGHTS].array()
    assert len(mixed) == len(plain) == machine.ternary.weight_depth
    # Word n is resident if floor((n + 1) * R / T) > floor(n * R / T).
    resident, total = machine.memory.resident, machine.ternary.weight_depth
    stays = [(n + 1) * resident // total > n * resident // total for n in range(total)]
    assert sum(stays) == resident
    order = [n for n in range(total) if not stays[n]] + [n for n in range(total) if stays[n]]
    assert (mixed == plain[order]).all()


def test_a_chip_that_is_too_small(program):
    with pytest.raises(InputError, match="Mbit more than the chip's 0.1 are needed beside"):
        place(program, BASE, 100_000, 1.0)


def test_residents_are_counted_off_over_the_whole_depth(program):
    fitted = fit_machine(program, BASE, "host")
    longer = fitted.having(weight_depth=fitted.ternary.weight_depth + 1, resident_words=5)
    with pytest.raises(InputError, match=r"weight_depth must be \d+ with resident_words"):
        compile_program(program, longer, "host")


def test_the_head_compares_as_many_words_as_a_fast_engine_gives(program):
    """256 lanes over 96 columns give three rows a clock; lanes on the chip pay for themselves."""
    standard = PRESETS["standard"].having(head_words=1)
    outside = standard.having(memory=Axi())
    assert fit_machine(program, outside, "host").head.head_words == 4
    assert fit_machine(program, standard, "host").head.head_words == 1
    assert fit_machine(program, standard.having(head_words=8), "host").head.head_words == 8
    assert fit_machine(program, BASE, "host").head.head_words == 1
    with pytest.raises(InputError, match="head_words = 32 must be a power of two of at most"):
        standard.having(head_words=32)


def test_rows_behind_the_weights(program):
    """They are there whatever fits on the chip, of which a queue for a row is taken."""
    base = BASE.having(row_memory=RowsBesideWeights())
    machine, embedding = place(program, base, 4_000_000, 1.0)
    assert embedding == "memory" and machine.memory.outside and machine.row_memory.outside
    found = {entry.name: entry for entry in placed_objects(program, machine, embedding)}
    assert found["embedding"].place == OUTSIDE and found["input row"].place == CHIP
    assert found["embedding"].bits == 8 * 97 * 24 * 9
    assert row_base(machine) % (2 * 8 * 4) == 0
    assert compile_program(program, machine, embedding).placement == "memory"
