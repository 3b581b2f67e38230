"""Block RAMs of memories, held to what yosys 0.70 made of them."""

from __future__ import annotations

import pytest
from sterna.machine.machine import Machine
from sterna.machine.memory import Axi
from sterna.machine.presets import STEP_MACHINE, token_machine
from sterna_boards.estimate.memory_map import memory_map
from sterna_boards.estimate.ram_totals import total_block_rams, total_single_port_rams
from sterna_boards.parts.block_ram import block_rams
from sterna_hw.memory.single_port import RAM_DEPTH

SMALL = token_machine(
    rows=4, columns=8, vector_lanes=2, block_groups=4, top_k=4, code_depth=128,
    accumulator_bits=15, constant_depth=1536, input_depth=64, program_depth=192,
    vector_depth=448, weight_depth=4096)


@pytest.mark.parametrize(("family", "width", "depth", "expected"), [
    ("ecp5", 36, 512, 1), ("ecp5", 37, 512, 2), ("ecp5", 36, 513, 2), ("ecp5", 32, 2048, 4),
    ("ecp5", 1, 16384, 1), ("ecp5", 8, 64, 0), ("ecp5", 32, 64, 1), ("ecp5", 144, 576, 8),
    ("ice40", 32, 4096, 32), ("ice40", 24, 4096, 24), ("ice40", 32, 1536, 12),
    ("ice40", 4, 64, 1), ("ice40", 36, 448, 5),
    ("gw1n", 32, 4096, 8), ("gw1n", 24, 4096, 6), ("gw1n", 4, 64, 0), ("gw1n", 9, 128, 0),
    ("gw2a", 9, 192, 1),
])
def test_one_memory(family: str, width: int, depth: int, expected: int) -> None:
    assert block_rams(family, width, depth) == expected


@pytest.mark.parametrize(("family", "expected"), [("gw1n", 30), ("gw2a", 30)])
def test_a_whole_accelerator(family: str, expected: int) -> None:
    """Counted in the netlists of this machine."""
    assert total_block_rams(family, SMALL, memory_map(family, SMALL, {})) == expected


def test_an_ultraplus_keeps_large_memories_in_single_port_rams() -> None:
    memories = {memory.name: memory for memory in memory_map("ice40", SMALL, {})}
    assert (memories["weights"].single_port_rams, memories["weights"].block_rams) == (4, 0)
    assert memories["constants"].single_port_rams == 3
    assert memories["vectors and state"].single_port_rams == 0


@pytest.mark.parametrize(("name", "machine", "field"), [
    ("weights", SMALL, "weight_depth"), ("constants", SMALL, "constant_depth"),
    ("synapse weights", STEP_MACHINE, "synapse_weight_depth"),
])
@pytest.mark.parametrize("more", [0, 1])
def test_what_is_too_deep_for_a_single_port_ram_is_in_block_ram(
        name: str, machine: Machine, field: str, more: int) -> None:
    """As `LoadableMemory` has it, for every memory that is large."""
    deep = machine.having(**{field: RAM_DEPTH + more})
    found, = (memory for memory in memory_map("ice40", deep, {}) if memory.name == name)
    assert (found.single_port_rams > 0, found.block_rams > 0) == (not more, bool(more))


def test_a_compact_accelerator_on_an_ultraplus() -> None:
    """As in the netlist for demo-tiny on an iCEBreaker: small memories take block RAMs there."""
    shape = token_machine(
        rows=2, columns=4, vector_lanes=1, vector_interval=2, compact=True, block_groups=4,
        word_bits=16, top_k=4, code_depth=128, accumulator_bits=15, constant_depth=2560,
        input_depth=64, program_depth=192, vector_depth=960, weight_depth=16384)
    found = {memory.name: memory for memory in memory_map("ice40", shape, {})}
    memories = list(found.values())
    assert total_block_rams("ice40", shape, memories) == 30
    assert total_single_port_rams(memories) == 4
    assert found["queues and registers"].block_rams == 13
    assert "queues and registers" not in {memory.name for memory in memory_map("ecp5", shape, {})}


def test_tables_read_codes_in_thirds() -> None:
    """Eight block RAMs in the netlist of an engine of 8 by 96 lanes."""
    tables = token_machine(rows=8, columns=96, vector_lanes=8, block_groups=16,
                                   code_depth=576, accumulator_bits=18, lane="tables")
    memories = {memory.name: memory for memory in memory_map("ecp5", tables, {})}
    assert memories["codes"].block_rams == 8


def test_words_in_use_are_told_by_name() -> None:
    memories = {memory.name: memory for memory in memory_map("ecp5", SMALL, {"weights": 4032})}
    assert (memories["weights"].used, memories["weights"].depth) == (4032, 4096)
    assert memories["weights"].bits == 8 * SMALL.ternary.weight_bytes
    assert memories["vectors and state"].copies == 2
    assert memories["tables"].block_rams == memories["tables"].copies == 2


def test_what_is_fetched_from_outside_and_what_stays() -> None:
    """Queues of every port; constants from there have one of two bursts, and no memory."""
    base = SMALL.having(memory=Axi(ports=4, bits=128, burst=64, prefetch=1024))
    found = {one.name: one for one in memory_map("xcup", base, {})}
    assert "weights" not in found and found["weights fetched ahead"].block_rams == 32
    there = base.having(memory_constants=True, resident_words=2048)
    moved = {one.name: one for one in memory_map("xcup", there, {})}
    assert found.keys() - moved.keys() == {"constants"}
    queue, resident = moved["constants fetched ahead"], moved["resident weights"]
    assert (queue.depth, queue.bits, queue.block_rams) == (128, 512, 16)
    assert (resident.depth, resident.bits) == (2048, 8 * SMALL.ternary.weight_bytes)
    assert resident.block_rams == 7
