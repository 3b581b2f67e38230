"""Random programs on the vector unit, equal to the model in every result, scalar and code."""

from __future__ import annotations

from typing import Literal

import pytest
from sterna.machine.machine import Machine
from sterna.machine.presets import token_machine
from sterna.machine.units.vector import vector_latency

from tests.hw.vector.bench import run
from tests.hw.vector.programs import ProgramWriter


def machine(lanes: int, bits: int, tables: int,
                  lane: Literal["adders", "tables"] = "adders") -> Machine:
    columns = 3 * lanes if lane == "tables" else max(2, lanes)
    return token_machine(rows=lanes, columns=columns, vector_lanes=lanes, word_bits=bits,
                                 code_depth=16 * columns, vector_depth=64, tables=tables, lane=lane)


def compact(bits: int) -> Machine:
    """A single lane that works in one clock of two."""
    return (machine(1, bits, 1)).having(vector_interval=2, compact=True)


@pytest.mark.parametrize("lanes, bits, tables, density, code_density, commands", [
    (2, 18, 2, 1.0, 1.0, 300),
    (2, 18, 1, 0.5, 0.3, 200),
    (4, 16, 1, 1.0, 0.6, 120),
    (8, 18, 1, 0.7, 1.0, 80),
    (2, 12, 3, 0.8, 0.8, 120),
])
def test_random_program(lanes: int, bits: int, tables: int, density: float, code_density: float,
                        commands: int) -> None:
    run_random(machine(lanes, bits, tables), density, code_density, commands)


@pytest.mark.parametrize("lanes, bits, density, lane, commands", [
    (2, 18, 1.0, "adders", 300), (4, 12, 0.6, "tables", 150), (1, 16, 0.8, "adders", 150)])
def test_random_program_with_sums(lanes: int, bits: int, density: float,
                                  lane: Literal["adders", "tables"], commands: int) -> None:
    """Scalars have a sign, which products have and vector operations obey; words for a head."""
    shape = machine(lanes, bits, 1, lane).having(vector_sums=True, head_gains=True)
    run_random(shape, density, density, commands)


@pytest.mark.parametrize("bits, density, code_density", [(16, 1.0, 1.0), (18, 0.6, 0.4)])
def test_random_program_of_a_single_lane(bits: int, density: float, code_density: float) -> None:
    run_random(compact(bits), density, code_density, 200)
    run_random(machine(1, bits, 1), density, code_density, 100)


def run_random(shape: Machine, density: float, code_density: float,
               commands: int) -> None:
    seed = shape.vector.lanes * 1000 + shape.vector.word_bits
    writer = ProgramWriter(shape, seed)
    writer.fill()
    for _ in range(16):
        writer.scalar()
    for _ in range(commands):
        if writer.rng.random() < 0.7:
            writer.vector()
        else:
            writer.scalar()
    writer.work.dump()
    run(writer.work, seed=seed, density=density, code_density=code_density)


@pytest.mark.parametrize("lanes, bits, tables", [(2, 18, 2), (4, 16, 1)])
def test_more_registers_beside_an_engine_of_tables(lanes: int, bits: int, tables: int) -> None:
    writer = ProgramWriter(machine(lanes, bits, tables, "tables"), lanes)
    assert vector_latency(writer.machine) == 12
    writer.fill()
    for index in range(240 // lanes):
        writer.scalar() if index % 4 == 0 else writer.vector()
    writer.work.dump()
    run(writer.work, seed=lanes, density=0.8, code_density=0.8)


def test_random_scalars() -> None:
    writer = ProgramWriter(machine(2, 18, 1), 7)
    writer.fill()
    for index in range(600):
        writer.scalar()
        if index % 30 == 0:
            writer.vector()
    run(writer.work, seed=7)
