"""Which object lies in which memory."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sterna.compiler.compile import compile_program
from sterna.compiler.fit import fit_configuration
from sterna.compiler.placement import CHIP, HOST, OUTSIDE, chip_bits, place, placed_objects
from sterna.errors import InputError
from sterna.machine.configuration import PRESETS, HardwareConfiguration
from sterna.machine.protocol import Space
from sterna.program.definition import Program

from tests.sim.shapes import random_program

BASE = replace(PRESETS["small"], weight_source="axi", memory_ports=2, memory_bits=32,
               memory_burst=8, memory_prefetch=64)


@pytest.fixture(scope="module")
def program() -> Program:
    return random_program(96, 2, 100, 97, seed=5)


def least(program: Program, base: HardwareConfiguration = BASE) -> int:
    """Bits on the chip with everything outside that can be."""
    fitted = fit_configuration(program, replace(base, constant_source="axi"), "host")
    return chip_bits(placed_objects(program, fitted, "host"))


def places(program: Program, configuration: HardwareConfiguration,
           embedding: str) -> dict[str, str]:
    return {entry.name: entry.place
            for entry in placed_objects(program, configuration, embedding)}


def test_a_small_model_is_wholly_on_the_chip(program):
    for base in (BASE, BASE.with_sdram("16m16", 75e6)):
        configuration, embedding = place(program, base, 4_000_000, 1.0)
        assert (configuration.weight_source, embedding) == ("chip", "chip")
        assert set(places(program, configuration, embedding).values()) == {CHIP}


def test_the_embedding_is_the_first_to_leave(program):
    rows = next(entry.bits for entry in placed_objects(program, fit_configuration(
        program, BASE, "chip"), "chip") if entry.name == "embedding")
    whole, _ = place(program, BASE, 4_000_000, 1.0, "chip")
    bits = chip_bits(placed_objects(program, whole, "chip"))
    configuration, embedding = place(program, BASE, bits - rows // 2, 1.0)
    assert (configuration.weight_source, embedding) == ("chip", "host")
    assert places(program, configuration, embedding)["embedding"] == HOST


def test_large_constants_leave_before_weights_do(program):
    bits = least(program)
    configuration, embedding = place(program, BASE, bits, 1.0)
    found = places(program, configuration, embedding)
    assert found["constants"] == found["weights"] == OUTSIDE
    assert "resident weights" not in found
    assert {name for name, where in found.items() if where == CHIP} == {
        "input row", "state and vectors", "tables", "codes", "program", "prefetch"}
    # With room for more than four times as much they stay.
    configuration, _ = place(program, BASE, bits + 310_000, 1.0)
    assert (configuration.weight_source, configuration.constant_source) == ("axi", "chip")
    assert 4 * configuration.constant_depth * 4 * 18 < 310_000


@pytest.mark.parametrize("rate", [1.0, 6.5, 13.0, 20.0])
def test_residents_fill_the_chip_until_the_engine_is_the_slower_one(program, rate):
    """A word has 13 bytes, and the engine takes one a clock."""
    for room in (10_000, 60_000, 120_000):
        configuration, embedding = place(program, BASE, least(program) + room, rate)
        words, total = configuration.resident_words, configuration.weight_depth
        objects = placed_objects(program, configuration, embedding)
        assert chip_bits(objects) <= least(program) + room
        assert words <= max(0, total * (1 - rate / 13)) + 1
        room_left = least(program) + room - chip_bits(objects)
        assert room_left < 104 or words >= total * max(0, 1 - rate / 13) - 1


def test_the_image_has_every_word_once(program):
    configuration, embedding = place(program, BASE, least(program) + 60_000, 1.0)
    assert 0 < configuration.resident_words < configuration.weight_depth
    mixed = compile_program(program, configuration, embedding).parts[Space.WEIGHTS].array()
    plain = compile_program(program, replace(configuration, resident_words=0),
                            embedding).parts[Space.WEIGHTS].array()
    assert len(mixed) == len(plain) == configuration.weight_depth
    # Word n is resident if floor((n + 1) * R / T) > floor(n * R / T).
    resident, total = configuration.resident_words, configuration.weight_depth
    stays = [(n + 1) * resident // total > n * resident // total for n in range(total)]
    assert sum(stays) == resident
    order = [n for n in range(total) if not stays[n]] + [n for n in range(total) if stays[n]]
    assert (mixed == plain[order]).all()


def test_a_chip_that_is_too_small(program):
    with pytest.raises(InputError, match="Mbit more than the chip's 0.1 are needed beside"):
        place(program, BASE, 100_000, 1.0)


def test_residents_are_counted_off_over_the_whole_depth(program):
    fitted = fit_configuration(program, BASE, "host")
    longer = replace(fitted, weight_depth=fitted.weight_depth + 1, resident_words=5)
    with pytest.raises(InputError, match=r"weight_depth must be \d+ with resident_words"):
        compile_program(program, longer, "host")


def test_the_head_compares_as_many_words_as_a_fast_engine_gives(program):
    """256 lanes over 96 columns give three rows a clock; lanes on the chip pay for themselves."""
    standard = PRESETS["standard"]
    outside = replace(standard, weight_source="axi")
    assert fit_configuration(program, outside, "host").head_words == 4
    assert fit_configuration(program, standard, "host").head_words == 1
    assert fit_configuration(program, replace(standard, head_words=8), "host").head_words == 8
    assert fit_configuration(program, BASE, "host").head_words == 1
    with pytest.raises(InputError, match="head_words = 32 must be a power of two of at most"):
        replace(standard, head_words=32)
